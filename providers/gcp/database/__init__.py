"""PostgreSQL on Google Cloud."""
