"""Names of the private DNS zones of a location. Pure."""

from providers.azure.base.existing_registry import registry_of_others
from providers.contract.images import own_images
from providers.contract.spec import Platform

VAULT = "privatelink.vaultcore.azure.net"
BLOB = "privatelink.blob.core.windows.net"
REGISTRY = "privatelink.azurecr.io"
CACHE = "privatelink.redis.azure.net"
MODELS = "privatelink.openai.azure.com"

ZONE_BY_SUBRESOURCE = {
    "vault": VAULT,
    "blob": BLOB,
    "registry": REGISTRY,
    "redisEnterprise": CACHE,
    "account": MODELS,
}
"""Zone by the subresource of a private endpoint: Microsoft Learn, "Azure private endpoint private DNS zone values"."""


def database_zone(place: str) -> str:
    """Return the zone of the database server in a location, by `AzureContext.place`.

    The suffix is required, and the server's own name is not allowed. Zones of two locations have different names, because a
    network cannot be linked to two zones with the same name.
    """
    return f"{place}.private.postgres.database.azure.com"


def private_zones(spec: Platform, place: str) -> dict[str, str]:
    """Return the name of each zone that the platform needs in a location, by the part of its logical name."""
    existing = registry_of_others(spec)
    zones = {
        "vault": (VAULT, True),
        "blob": (BLOB, spec.storage is not None),
        "registry": (REGISTRY, bool(own_images(spec)) or (existing is not None and existing.private)),
        "cache": (CACHE, bool(spec.all_caches)),
        "models": (MODELS, bool(spec.users_of("models"))),
    }
    private = {part: zone for part, (zone, declared) in zones.items() if declared and spec.network.private_endpoints}
    return {**private, **({"database": database_zone(place)} if spec.database is not None else {})}
