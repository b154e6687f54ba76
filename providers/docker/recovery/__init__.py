"""Recovery on a Docker host: promises and commands of the recovery plan."""
