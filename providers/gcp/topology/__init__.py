"""The network decided without the cloud: addresses, flows, limits. Pure."""
