"""Security checks of resources on Kubernetes. Pure."""
