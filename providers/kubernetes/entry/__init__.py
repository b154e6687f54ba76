"""Public entry on Kubernetes: routes of a Gateway, or HAProxy behind a load balancer."""
