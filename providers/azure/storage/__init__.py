"""Object storage on Azure."""
