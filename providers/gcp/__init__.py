"""Google Cloud: Cloud Run, global external load balancer, Cloud SQL for PostgreSQL, Memorystore for Redis."""
