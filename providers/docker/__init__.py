"""Docker host: containers, HAProxy as the entry, PostgreSQL, Valkey, SeaweedFS, Prometheus and Grafana."""
