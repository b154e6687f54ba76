"""PostgreSQL on Docker."""
