"""Recovery on Google Cloud: promises and commands of the recovery plan."""
