"""The network decided without the cloud: locations, addresses, rules, limits. Pure."""
