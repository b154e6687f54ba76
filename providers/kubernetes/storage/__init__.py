"""Existing S3-compatible bucket of services on Kubernetes."""
