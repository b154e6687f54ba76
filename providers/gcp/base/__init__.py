"""Account, keys, identities, registry and secrets on Google Cloud: what every other capability depends on."""
