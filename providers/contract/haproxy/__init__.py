"""HAProxy as the public entry: rules and sections that are the same on a Docker host and on a cluster. Pure."""
