"""Measurements of this repository: wording and size."""
