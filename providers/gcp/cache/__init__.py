"""Redis-compatible cache on Google Cloud."""
