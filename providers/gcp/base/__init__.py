"""Account, keys, identities, registry and secrets on Google Cloud; every other capability depends on them."""
