"""PostgreSQL on Kubernetes: CloudNativePG or an external server."""
