"""Monthly cost of resources on this cloud, and its price tables. Pure."""
