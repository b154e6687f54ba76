"""Account, keys, identities, registry and secrets on Azure: what every other capability depends on."""
