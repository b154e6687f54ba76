"""Security checks of a platform on Kubernetes."""
