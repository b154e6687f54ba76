"""TCP ports that more than one room must agree on. Pure."""

HTTP_PORT = 80
HTTPS_PORT = 443
DATABASE_PORT = 5432
"""PostgreSQL."""
CACHE_PORT = 6379
"""Redis protocol."""
