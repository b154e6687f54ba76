"""Public entry on Docker."""
