"""Account, keys, identities, registry and secrets on Docker: what every other capability depends on."""
