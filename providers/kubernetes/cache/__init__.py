"""Valkey on Kubernetes, or an external cache."""
