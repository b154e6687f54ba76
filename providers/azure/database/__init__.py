"""PostgreSQL on Azure."""
