"""Manifests of Kubernetes from the plan of a stack, for GitOps: without an engine, a cluster or secret values."""
