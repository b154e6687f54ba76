"""Keys of existing networks and data stores with other values, for the list of every key."""

from collections.abc import Mapping

VPC, OTHER_VPC = "vpc-0123456789abcdef0", "vpc-0fedcba9876543210"
SUBNETS: Mapping[str, list[str]] = {
    tier: [f"subnet-0{number}00000000000000{zone}" for zone in range(2)]
    for number, tier in enumerate(("public", "private", "database"))
}
OTHER_SUBNETS = [f"subnet-0900000000000000{zone}" for zone in range(2)]
NAMED = {"Name": "main"}


def vpc(**changes: object) -> dict[str, object]:
    """Return `network.existing` with a VPC and private subnets in two zones, changed; None removes a key."""
    block = {"vpc_id": VPC, "private_subnet_ids": SUBNETS["private"], **changes}
    return {"aws": {key: value for key, value in block.items() if value is not None}}


def _context(changes: Mapping[str, object], **vpc_changes: object) -> Mapping[str, object]:
    return {**changes, "network.existing": vpc(**vpc_changes)}


ROUTED: Mapping[str, object] = {"services.web.path": "/"}
DATABASE: Mapping[str, object] = {"database": {}, "services.web.uses": ["database"]}
ON_GATEWAY: Mapping[str, object] = {**ROUTED, "azure.entry": "gateway"}
PUBLIC, DATA = SUBNETS["public"], SUBNETS["database"]
AWS_KEYS: tuple[tuple[str, object, Mapping[str, object]], ...] = (
    ("aws", vpc(vpc_id=OTHER_VPC)["aws"], _context({})),
    ("aws.vpc_id", OTHER_VPC, _context({})),
    ("aws.vpc_tags", NAMED, _context({}, vpc_id=None, vpc_tags={"Name": "shared"})),
    ("aws.public_subnet_ids", OTHER_SUBNETS, _context(ROUTED, public_subnet_ids=PUBLIC)),
    ("aws.public_subnet_tags", NAMED, _context(ROUTED, public_subnet_tags={"Name": "public"})),
    ("aws.private_subnet_ids", OTHER_SUBNETS, _context({})),
    ("aws.private_subnet_tags", NAMED, _context({}, private_subnet_ids=None, private_subnet_tags={"Name": "private"})),
    ("aws.database_subnet_ids", OTHER_SUBNETS, _context(DATABASE, database_subnet_ids=DATA)),
    ("aws.database_subnet_tags", NAMED, _context(DATABASE, database_subnet_tags={"Name": "data"})),
    (
        "aws.endpoint_security_group_id",
        "sg-0123456789abcdef0",
        _context({"network.private_endpoints": True, "services.web.image": "web:1.0"}),
    ),
)
GCP_NETWORK: Mapping[str, object] = {"network": "shared", "subnetwork": "agents", "private_range": "services"}
GCP_CONTEXT: Mapping[str, object] = {"network.existing": {"gcp": dict(GCP_NETWORK)}}
GCP_KEYS: tuple[tuple[str, object, Mapping[str, object]], ...] = (
    ("gcp", {**GCP_NETWORK, "network": "other"}, GCP_CONTEXT),
    ("gcp.network", "other", GCP_CONTEXT),
    ("gcp.subnetwork", "others", GCP_CONTEXT),
    ("gcp.private_range", "other-services", {**DATABASE, **GCP_CONTEXT}),
    ("gcp.project", "acme-networks", GCP_CONTEXT),
)
AZURE_VNET = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/networks/providers/Microsoft.Network/virtualNetworks/main"
AZURE_FIELDS = ("container_apps_subnet_id", "database_subnet_id", "private_endpoint_subnet_id", "gateway_subnet_id")
AZURE_CONTEXT: Mapping[str, object] = {
    "network.private_endpoints": True,
    "network.existing": {"azure": {name: f"{AZURE_VNET}/subnets/{name}" for name in AZURE_FIELDS}},
}
AZURE_KEYS: tuple[tuple[str, object, Mapping[str, object]], ...] = (
    ("azure", {name: f"{AZURE_VNET}/subnets/other-{name}" for name in AZURE_FIELDS}, AZURE_CONTEXT),
    ("azure.container_apps_subnet_id", f"{AZURE_VNET}/subnets/others", AZURE_CONTEXT),
    ("azure.database_subnet_id", f"{AZURE_VNET}/subnets/others", {**DATABASE, **AZURE_CONTEXT}),
    ("azure.private_endpoint_subnet_id", f"{AZURE_VNET}/subnets/others", AZURE_CONTEXT),
    ("azure.gateway_subnet_id", f"{AZURE_VNET}/subnets/others", {**ON_GATEWAY, **AZURE_CONTEXT}),
    ("azure.private_dns_group_id", AZURE_VNET.partition("/providers")[0], AZURE_CONTEXT),
)
EXISTING_KEYS: tuple[tuple[str, object, Mapping[str, object]], ...] = (
    ("", vpc(), {}),
    *AWS_KEYS,
    *GCP_KEYS,
    *AZURE_KEYS,
)
"""Keys below `network.existing`, where the first is the key itself."""


def _used(store: str) -> Mapping[str, object]:
    return {store: {}, "services.web.uses": [store]}


STORE = {"url": "STORE_URL", "host": "db.example.com"}
STORE_KEYS: tuple[tuple[str, object, Mapping[str, object]], ...] = tuple(
    (f"{store}.existing{key}", value, _used(store) if not key else {**_used(store), f"{store}.existing": STORE})
    for store in ("database", "cache")
    for key, value in (("", STORE), (".url", "OTHER_URL"), (".host", "db.example.org"), (".port", 7000))
)
"""`database.existing` and `cache.existing`, and the keys below."""
