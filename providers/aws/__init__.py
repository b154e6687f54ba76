"""Amazon Web Services: ECS on Fargate, application load balancer, RDS for PostgreSQL, ElastiCache for Valkey."""
