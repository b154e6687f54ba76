"""Results of provider functions about networks made by hand: read from the objects of the cloud.

With the setting `network` a cloud has such objects (`tests.engine.handmade_networks`); without it, the answers are those of the plan.
"""

import json
from collections.abc import Callable, Mapping

from automation.plan.inventory import Value
from providers.contract.json_data import is_mapping, mappings, texts
from tests.engine.fake_cloud.cloud import FakeCloud, FakeObject

Arguments = Mapping[str, Value]
Answer = dict[str, Value]
VPC, SUBNET, TABLE = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/routeTable:RouteTable"
NETWORK, SUBNETWORK = "gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork"
RANGE, ZONE = "gcp:compute/globalAddress:GlobalAddress", "gcp:dns/managedZone:ManagedZone"
VNET, AZURE_SUBNET = "azure-native:network:VirtualNetwork", "azure-native:network:Subnet"
ROUTE: Mapping[str, Value] = dict.fromkeys(
    (
        "carrierGatewayId", "cidrBlock", "coreNetworkArn", "destinationPrefixListId", "egressOnlyGatewayId", "gatewayId",
        "instanceId", "ipv6CidrBlock", "localGatewayId", "natGatewayId", "networkInterfaceId", "odbNetworkArn",
        "transitGatewayId", "vpcEndpointId", "vpcPeeringConnectionId",
    ),
    "",
)  # fmt: skip


def outputs(item: FakeObject) -> Answer:
    """Return the properties of an object."""
    found: object = json.loads(item.outputs)
    return {**found, "id": item.id} if is_mapping(found) else {"id": item.id}  # type: ignore[dict-item]


def _one(cloud: FakeCloud, token: str, identity: object) -> Answer:
    found = cloud.find(token, str(identity))
    if found is None:
        raise LookupError(f"{identity} does not exist")
    return outputs(found)


def _filtered(cloud: FakeCloud, token: str, arguments: Arguments) -> list[Answer]:
    """Return the objects of EC2 that all filters and tags name."""
    filters = {str(each.get("name")): texts(each.get("values")) for each in mappings(arguments.get("filters"))}
    tags = arguments.get("tags")
    keys = {"vpc-id": "id" if token == VPC else "vpcId", "subnet-id": "id"}
    found = [outputs(item) for item in cloud.objects(token)]
    for name, values in filters.items():
        found = [each for each in found if str(each.get(keys[name])) in values]
    if is_mapping(tags):
        found = [each for each in found if is_mapping(own := each.get("tags")) and tags.items() <= own.items()]
    return found


def _ids(found: list[Answer]) -> Answer:
    return {"id": "found", "ids": [each["id"] for each in found]}


def _table(cloud: FakeCloud, arguments: Arguments) -> Answer:
    table = _one(cloud, TABLE, arguments.get("routeTableId"))
    routes = [{**ROUTE, **each} for each in mappings(table.get("routes"))]
    association = {"gatewayId": "", "main": False, "routeTableAssociationId": "", "routeTableId": table["id"]}
    associations = [{**association, "subnetId": subnet} for subnet in texts(table.get("subnets"))]
    return {"id": table["id"], "routeTableId": table["id"], "routes": routes, "associations": associations}


def _tables(cloud: FakeCloud, arguments: Arguments) -> Answer:
    own = [outputs(item) for item in cloud.objects(TABLE)]
    return _ids([each for each in own if each.get("vpcId") == arguments.get("vpcId")])


def private_zones(cloud: FakeCloud) -> list[Answer]:
    """Return the private DNS zones that were made by hand."""
    empty: Answer = {"description": "", "managedZoneId": "2", "nameServers": []}
    private = [each for each in map(outputs, cloud.objects(ZONE)) if each.get("visibility") == "private"]
    # the function returns no labels, which are secret and would make the whole answer secret
    return [{**empty, **{key: each[key] for key in ("dnsName", "name", "visibility", "id")}} for each in private]


def _networks(cloud: FakeCloud, arguments: Arguments) -> Answer:
    names = [outputs(item)["name"] for item in cloud.objects(NETWORK)]
    return {"id": "networks", "project": arguments.get("project"), "networks": names, "selfLink": ""}


def _subnetworks(cloud: FakeCloud, arguments: Arguments) -> Answer:
    empty: Answer = {"description": "", "networkSelfLink": "", "selfLink": ""}
    found = [{**empty, **outputs(item)} for item in cloud.objects(SUBNETWORK)]
    regional = [each for each in found if each.get("region") == arguments.get("region")]
    return {"id": "subnetworks", "region": arguments.get("region"), "subnetworks": [*regional]}


def _named(token: str) -> Callable[[FakeCloud, Arguments], Answer]:
    def read(cloud: FakeCloud, arguments: Arguments) -> Answer:
        named = [outputs(item) for item in cloud.objects(token) if outputs(item).get("name") == arguments.get("name")]
        if not named:
            raise LookupError(f"{arguments.get('name')} does not exist")
        return named[0]

    return read


def _azure(token: str, *keys: str) -> Callable[[FakeCloud, Arguments], Answer]:
    def read(cloud: FakeCloud, arguments: Arguments) -> Answer:
        parts = [str(arguments.get(key)) for key in keys]
        return next(outputs(item) for item in cloud.objects(token) if all(f"/{part}" in item.id for part in parts))

    return read


ANSWERS: Mapping[str, Callable[[FakeCloud, Arguments], Answer]] = {
    "aws:ec2/getVpcs:getVpcs": lambda cloud, arguments: _ids(_filtered(cloud, VPC, arguments)),
    "aws:ec2/getVpc:getVpc": lambda cloud, arguments: _one(cloud, VPC, arguments.get("id")),
    "aws:ec2/getSubnets:getSubnets": lambda cloud, arguments: _ids(_filtered(cloud, SUBNET, arguments)),
    "aws:ec2/getSubnet:getSubnet": lambda cloud, arguments: _one(cloud, SUBNET, arguments.get("id")),
    "aws:ec2/getRouteTables:getRouteTables": _tables,
    "aws:ec2/getRouteTable:getRouteTable": _table,
    "gcp:compute/getNetworks:getNetworks": _networks,
    "gcp:compute/getSubnetworks:getSubnetworks": _subnetworks,
    "gcp:compute/getSubnetwork:getSubnetwork": _named(SUBNETWORK),
    "gcp:compute/getGlobalAddress:getGlobalAddress": _named(RANGE),
    "azure-native:network:getVirtualNetwork": _azure(VNET, "virtualNetworkName"),
    "azure-native:network:getSubnet": _azure(AZURE_SUBNET, "virtualNetworkName", "subnetName"),
}
"""Answers by the token of a provider function."""


def answer(cloud: FakeCloud, token: str, arguments: Arguments) -> Answer | None:
    """Return the answer about a network made by hand; None for another function, and for a cloud without such a network."""
    function = ANSWERS.get(token) if cloud.setting("network") else None
    return function(cloud, arguments) if function is not None else None
