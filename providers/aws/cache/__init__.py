"""Redis-compatible cache on AWS."""
