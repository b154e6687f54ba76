"""ECS services on Fargate."""
