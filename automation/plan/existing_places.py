"""Keys of existing registries and of DNS zones elsewhere with other values, for the list of every key."""

from collections.abc import Mapping

IN_REGISTRY: Mapping[str, object] = {"services.web.image": "web:1.0", "kubernetes.registry": None}
"""Image that is in the registry, on a cluster without another one."""
ARN = "arn:aws:ecr:eu-west-1:444455556666:repository/team/web"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/images/providers"
REGISTRY_ID = f"{GROUP}/Microsoft.ContainerRegistry/registries/acmeimages"
BLOCKS: Mapping[str, Mapping[str, object]] = {
    "aws": {"repositories": {"web": "team/web"}},
    "gcp": {"repository": "projects/acme-images/locations/us/repositories/images"},
    "azure": {"registry_id": REGISTRY_ID},
    "docker": {"address": "registry.example.com:5000/team"},
    "kubernetes": {"address": "registry.example.com/team"},
}
EXISTING_REGISTRIES: Mapping[str, Mapping[str, object]] = {cloud: {cloud: block} for cloud, block in BLOCKS.items()}
"""Value of `registry.existing` by cloud."""
OTHERS: Mapping[str, Mapping[str, object]] = {
    "aws": {"repositories": {"web": ARN}},
    "gcp": {"repository": "projects/acme-agents/locations/europe/repositories/others"},
    "azure": {"registry_id": REGISTRY_ID.replace("acmeimages", "otherimages")},
    "docker": {"address": "localhost:5000"},
    "kubernetes": {"address": "other.example.com"},
}


def in_registry(cloud: str, changes: Mapping[str, object] | None = None) -> Mapping[str, object]:
    """Return a platform whose image is in the existing registry of a cloud."""
    return {**IN_REGISTRY, **(changes or {}), "registry.existing": EXISTING_REGISTRIES[cloud]}


PRIVATE: Mapping[str, object] = {"network.private_endpoints": True}
RegistryKey = tuple[str, object, Mapping[str, object], Mapping[str, object], Mapping[str, Mapping[str, object]]]
"""Path, value, values that it depends on, value by cloud, and further values that it depends on by cloud."""


def _cluster(path: str, value: object) -> Mapping[str, Mapping[str, object]]:
    """Return the registry of a cluster before the change, as it has no images without one."""
    return {"kubernetes": {path: value}}


BELOW: tuple[tuple[str, object, Mapping[str, object]], ...] = (
    *((cloud, block, in_registry(cloud)) for cloud, block in OTHERS.items()),
    *((f"{cloud}.{key}", value, in_registry(cloud)) for cloud, block in OTHERS.items() for key, value in block.items()),
    ("azure.login_server", "acmeimages-h4sh.azurecr.io", in_registry("azure")),
    ("azure.private_endpoint", False, in_registry("azure", PRIVATE)),
)
REGISTRY_KEYS: tuple[RegistryKey, ...] = (
    (
        "registry",
        {"existing": EXISTING_REGISTRIES["aws"]},
        IN_REGISTRY,
        {cloud: {"existing": value} for cloud, value in EXISTING_REGISTRIES.items()},
        _cluster("registry", {"existing": {"kubernetes": OTHERS["kubernetes"]}}),
    ),
    (
        "registry.existing",
        EXISTING_REGISTRIES["aws"],
        IN_REGISTRY,
        EXISTING_REGISTRIES,
        _cluster("registry.existing", {"kubernetes": OTHERS["kubernetes"]}),
    ),
    *((f"registry.existing.{key}", value, context, {}, {}) for key, value, context in BELOW),
)
"""`registry` and the keys below."""

ON_DOMAIN: Mapping[str, object] = {"services.web.path": "/", "ingress.domain": "agents.trials.example.com"}
ZONE_ROLE = "arn:aws:iam::444455556666:role/dns/agents"
ZONES: Mapping[str, str] = {
    "aws": ZONE_ROLE,
    "gcp": "acme-dns",
    "azure": "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/dns",
}
"""Value of `ingress.dns_account` below the key of each cloud."""
OTHER_ZONES: Mapping[str, str] = {
    "aws": ZONE_ROLE.replace("444455556666", "777788889999"),
    "gcp": "other-dns",
    "azure": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/names",
}
ZONE_KEYS: tuple[tuple[str, object, Mapping[str, object], Mapping[str, object]], ...] = (
    ("ingress.dns_account", {"aws": ZONE_ROLE}, ON_DOMAIN, {cloud: {cloud: place} for cloud, place in ZONES.items()}),
    *(
        (
            f"ingress.dns_account.{cloud}",
            place,
            {**ON_DOMAIN, "ingress.dns_account": {cloud: ZONES[cloud]}},
            dict[str, object](),
        )
        for cloud, place in OTHER_ZONES.items()
    ),
)
"""`ingress.dns_account` and the keys below."""
