"""Namespace and network policies on Kubernetes."""
