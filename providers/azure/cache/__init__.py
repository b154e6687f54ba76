"""Redis-compatible cache on Azure."""
