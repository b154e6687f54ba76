"""Scheduled jobs and release commands on Kubernetes."""
