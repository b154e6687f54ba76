"""Recovery on Azure: promises and commands of the recovery plan."""
