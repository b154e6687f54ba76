"""Services on Kubernetes: Deployments, their disruption budgets and autoscaling."""
