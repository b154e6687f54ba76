"""Alarms and dashboards of the Prometheus Operator."""
