"""Networks made by hand: objects of the fake cloud, and the block of a stack file that names them."""

import json
from collections.abc import Iterator, Mapping

from automation.plan.inventory import Value
from tests.engine.fake_cloud.cloud import FakeCloud, FakeObject
from tests.engine.fake_cloud.networks import (
    AZURE_SUBNET,
    NETWORK,
    RANGE,
    SUBNET,
    SUBNETWORK,
    TABLE,
    VNET,
    VPC,
    ZONE,
)

HANDMADE = "made-by-hand"
"""Logical name of the objects, which the engine gives none."""
VPC_ID = "vpc-0123456789abcdef0"
TIERS = ("public", "private", "database")
TARGETS: Mapping[str, Mapping[str, str]] = {
    "public": {"gatewayId": "igw-0123456789abcdef0"},
    "private": {"natGatewayId": "nat-0123456789abcdef0"},
}
VNET_ID = "/subscriptions/{subscription}/resourceGroups/networks/providers/Microsoft.Network/virtualNetworks/main"
AZURE_USES: Mapping[str, tuple[str, ...]] = {
    "container_apps_subnet_id": ("Microsoft.App/environments",),
    "database_subnet_id": ("Microsoft.DBforPostgreSQL/flexibleServers",),
    "private_endpoint_subnet_id": (),
}
"""Delegations of each subnet, by the field that names it."""
SERVICE_ENDPOINTS = ("Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.Storage")


def make(cloud: FakeCloud, raw: Mapping[str, object], zones: int = 2) -> Mapping[str, object]:
    """Make a network that fits a platform in this number of zones, and return `network.existing` with its names."""
    name = str(raw["cloud"])
    objects, block = {"aws": _aws, "gcp": _gcp, "azure": _azure}[name](raw, zones)
    cloud.set("network", True)
    for token, identity, properties in objects:
        text = json.dumps(properties)
        cloud.put(FakeObject(token, identity, HANDMADE, text, text))
    return {name: block}


Made = tuple[list[tuple[str, str, Mapping[str, Value]]], Mapping[str, object]]


def subnet_ids(tier: str, zones: int) -> list[str]:
    """Return the IDs of the subnets of a tier on AWS."""
    return [f"subnet-0{TIERS.index(tier)}00000000000000{zone}" for zone in range(zones)]


def _aws(_raw: Mapping[str, object], zones: int) -> Made:
    vpc = {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True, "tags": {"Name": "main"}}
    return (
        [(VPC, VPC_ID, vpc), *_aws_subnets(zones), *_aws_tables(zones)],
        {"vpc_id": VPC_ID, **{f"{tier}_subnet_ids": subnet_ids(tier, zones) for tier in TIERS}},
    )


def _aws_subnets(zones: int) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    for tier in TIERS:
        for zone, identity in enumerate(subnet_ids(tier, zones)):
            yield (
                SUBNET,
                identity,
                {
                    "vpcId": VPC_ID,
                    "availabilityZone": f"us-west-2{'abc'[zone]}",
                    "availabilityZoneId": f"usw2-az{zone + 1}",
                    "availableIpAddressCount": 4000,
                    "cidrBlock": f"10.0.{16 * (3 * TIERS.index(tier) + zone)}.0/20",
                    "ipv6Native": False,
                    "tags": {"tier": tier},
                },
            )


def _aws_tables(zones: int) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    for tier in TIERS:
        routes: list[Value] = [{"cidrBlock": "0.0.0.0/0", **TARGETS[tier]}] if tier in TARGETS else []
        yield TABLE, f"rtb-{tier}", {"vpcId": VPC_ID, "routes": routes, "subnets": [*subnet_ids(tier, zones)]}


def _gcp(raw: Mapping[str, object], _zones: int) -> Made:
    block = raw["gcp"]
    assert isinstance(block, dict)
    path = f"projects/{block['project']}/global/networks/shared"
    subnet: Mapping[str, Value] = {
        "name": "agents", "region": block["region"], "network": path, "ipCidrRange": "10.0.0.0/20",
        "privateIpGoogleAccess": True, "stackType": "IPV4_ONLY",
    }  # fmt: skip
    private: Mapping[str, Value] = {
        "name": "services", "address": "10.64.0.0", "prefixLength": 16, "purpose": "VPC_PEERING", "network": path,
    }  # fmt: skip
    zones = [
        (ZONE, name, {"dnsName": f"{name}.", "name": name, "visibility": "private"})
        for name in ("googleapis.com", "run.app")
    ]
    objects = [
        (NETWORK, path, {"name": "shared"}),
        (SUBNETWORK, "agents", subnet),
        (RANGE, "services", private),
        *zones,
    ]
    return objects, {"network": "shared", "subnetwork": "agents", "private_range": "services"}


def _azure(raw: Mapping[str, object], _zones: int) -> Made:
    block = raw["azure"]
    assert isinstance(block, dict)
    vnet = VNET_ID.format(subscription=block["subscription_id"])
    ids = {field: f"{vnet}/subnets/{field.removesuffix('_subnet_id')}" for field in AZURE_USES}
    subnets = [
        (
            AZURE_SUBNET,
            ids[field],
            {
                "addressPrefixes": [f"10.0.{16 * number}.0/20"],
                "delegations": [{"serviceName": service, "name": "used"} for service in delegations],
                "natGateway": {"id": "nat"},
                "serviceEndpoints": [{"service": service} for service in SERVICE_ENDPOINTS],
            },
        )
        for number, (field, delegations) in enumerate(AZURE_USES.items())
    ]
    return [(VNET, vnet, {"location": block["location"], "name": "main"}), *subnets], ids
