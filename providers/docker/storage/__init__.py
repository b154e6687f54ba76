"""Object storage on Docker."""
