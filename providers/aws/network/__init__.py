"""Network: VPC, subnets, routes, security groups and endpoints."""
