"""Resource group, identities, registry, vault and models on Azure: the base resources of every capability."""
