"""Public entry on Google Cloud."""
