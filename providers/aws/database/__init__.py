"""PostgreSQL on AWS."""
