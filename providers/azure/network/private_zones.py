"""Private DNS zones: under which public name each of Azure's services is found in the network. Pure."""

from providers.contract.spec import Platform

VAULT = "privatelink.vaultcore.azure.net"
BLOB = "privatelink.blob.core.windows.net"
REGISTRY = "privatelink.azurecr.io"
CACHE = "privatelink.redis.azure.net"
MODELS = "privatelink.openai.azure.com"

ZONE_OF_GROUP = {
    "vault": VAULT,
    "blob": BLOB,
    "registry": REGISTRY,
    "redisEnterprise": CACHE,
    "account": MODELS,
}
"""Zone by the sub-resource of a private endpoint: Microsoft Learn, "Azure private endpoint private DNS zone values"."""


def database_zone(stack: str) -> str:
    """Zone of the database server in the network; it must end so, and must not be the server's own name."""
    return f"{stack}.private.postgres.database.azure.com"


def private_zones(spec: Platform, stack: str, *, own_registry: bool) -> dict[str, str]:
    """Name of each zone by the part of its logical name: those of what the platform has."""
    linked = {
        "vault": (VAULT, True),
        "blob": (BLOB, spec.storage is not None),
        "registry": (REGISTRY, own_registry),
        "cache": (CACHE, spec.cache is not None),
        "models": (MODELS, bool(spec.users_of("models"))),
    }
    zones = {part: zone for part, (zone, wanted) in linked.items() if wanted and spec.network.private_endpoints}
    return {**zones, **({"database": database_zone(stack)} if spec.database is not None else {})}
