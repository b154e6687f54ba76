"""Redis-compatible cache on Docker."""
