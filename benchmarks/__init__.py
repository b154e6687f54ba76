"""Measurements behind the claims of the documentation; each can be repeated with one command."""
