"""Recovery on AWS: promises and commands of the recovery plan."""
