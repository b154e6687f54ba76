"""Recovery plan of a platform on Kubernetes."""
