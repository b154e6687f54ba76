"""Notification channels and traces on Kubernetes."""
