"""This machine: containers on Docker, HAProxy at the entry, PostgreSQL, Valkey, SeaweedFS, Prometheus and Grafana."""
