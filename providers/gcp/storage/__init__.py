"""Object storage on Google Cloud."""
