"""Restore drill of the database on Kubernetes."""
