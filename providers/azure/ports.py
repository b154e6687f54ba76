"""Ports that rooms and network rules agree on. Pure."""

HTTPS_PORT = 443
DATABASE_PORT = 5432
POOLER_PORT = 6432
"""PgBouncer, which the database server brings along."""
CACHE_PORT = 10000
DNS_PORT = 53
