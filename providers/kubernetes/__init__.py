"""Existing Kubernetes cluster: Deployments behind a Gateway or HAProxy, CloudNativePG, Valkey, Prometheus Operator."""
