"""How deployments are shown: a live tree by room on a terminal, lines where it is piped, JSON for machines."""
