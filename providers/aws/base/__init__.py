"""Account, keys, identities, registry and secrets on AWS: what every other capability depends on."""
