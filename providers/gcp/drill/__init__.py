"""Restore drills on Google Cloud, which are not available yet."""
