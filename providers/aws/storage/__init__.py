"""Object storage on AWS."""
