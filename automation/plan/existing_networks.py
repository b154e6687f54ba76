"""Answers of a plan about the existing network of a stack, which has no account to ask.

The network fits: its subnets are in the zones of the region, the routes lead where each tier needs them, and every address is
free. What `network.existing` names is answered as named; what it finds by tags gets a placeholder with the tags.
"""

from collections.abc import Callable, Mapping

from automation.plan.inventory import Value
from providers.contract.spec import Platform
from providers.contract.spec.defaults import is_list, is_mapping

Arguments = Mapping[str, Value]
TIERS = ("public", "private", "database")
ANY, S3 = "0.0.0.0/0", "<prefix list s3>"
FREE_ADDRESSES = 16_379
"""All of a /18, except those that AWS reserves."""
DEFAULT_ROUTES: Mapping[str, Mapping[str, Value]] = {
    "public": {"cidrBlock": ANY, "gatewayId": "igw-00000000"},
    "private": {"cidrBlock": ANY, "natGatewayId": "nat-00000000"},
}
ROUTE_KEYS = (
    "carrierGatewayId", "cidrBlock", "coreNetworkArn", "destinationPrefixListId", "egressOnlyGatewayId", "gatewayId", "instanceId",
    "ipv6CidrBlock", "localGatewayId", "natGatewayId", "networkInterfaceId", "odbNetworkArn", "transitGatewayId", "vpcEndpointId",
    "vpcPeeringConnectionId",
)  # fmt: skip


declared: list[Platform] = []
"""Platforms of the program that is recorded, the newest last; a recording begins with none."""


def _platform() -> Mapping[str, Value]:
    """Return the parts of the newest platform on which an answer depends."""
    return declared[-1].model_dump(mode="json", include={"network", "aws", "gcp", "azure"}) if declared else {}


def _part(of: Mapping[str, Value], *keys: str) -> Mapping[str, Value]:
    for key in keys:
        inner = of.get(key)
        of = inner if is_mapping(inner) else {}
    return of


def _block(cloud: str = "aws") -> Mapping[str, Value]:
    return _part(_platform(), "network", "existing", cloud)


def _subnets(tier: str) -> list[str]:
    """Return the subnets of a tier, as many as zones."""
    listed, tags = _block().get(f"{tier}_subnet_ids"), _block().get(f"{tier}_subnet_tags")
    if is_list(listed) and listed:
        return [str(each) for each in listed]
    zones = _part(_platform(), "network").get("zones", 3)
    return [f"<subnet {_words(tags)} {zone}>" for zone in range(int(str(zones)))] if tags else []


def _words(tags: Value) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags.items()) if is_mapping(tags) else ""


def _found_vpcs(arguments: Arguments) -> dict[str, Value]:
    ids = _filtered(arguments, "vpc-id") or [f"<vpc {_words(arguments.get('tags'))}>"]
    return {"id": "<vpcs>", "ids": list(ids)}


def _found_subnets(arguments: Arguments) -> dict[str, Value]:
    tags = arguments.get("tags")
    tagged = [tier for tier in TIERS if tags and _block().get(f"{tier}_subnet_tags") == tags]
    return {"id": "<subnets>", "ids": list(_subnets(tagged[0]) if tagged else _filtered(arguments, "subnet-id"))}


def _filtered(arguments: Arguments, name: str) -> list[str]:
    """Return the values of a filter."""
    filters = arguments.get("filters")
    for each in filters if is_list(filters) else []:
        if is_mapping(each) and each.get("name") == name:
            values = each.get("values")
            return [str(value) for value in values] if is_list(values) else []
    return []


def _subnet(arguments: Arguments) -> dict[str, Value]:
    identity, region = str(arguments.get("id")), _part(_platform(), "aws").get("region", "")
    zone = next((ids.index(identity) for ids in map(_subnets, TIERS) if identity in ids), 0)
    return {
        "id": identity,
        "availabilityZone": f"{region}{'abcdef'[zone]}",
        "availabilityZoneId": f"<zone id {'abcdef'[zone]}>",
        "availableIpAddressCount": FREE_ADDRESSES,
        "cidrBlock": "10.0.0.0/18",
        "ipv6Native": False,
    }


def _route_table(arguments: Arguments) -> dict[str, Value]:
    identity = str(arguments.get("routeTableId"))
    tier = next(tier for tier in TIERS if tier in identity)
    routes = [DEFAULT_ROUTES[tier]] if tier in DEFAULT_ROUTES else []
    association: dict[str, Value] = {"gatewayId": "", "main": False, "routeTableAssociationId": "", "routeTableId": ""}
    return {
        "id": identity,
        "routeTableId": identity,
        "routes": [{**dict.fromkeys(ROUTE_KEYS, ""), **route} for route in routes],
        "associations": [{**association, "subnetId": subnet} for subnet in _subnets(tier)],
    }


def private_zones() -> list[str]:
    """Return the DNS names of the private zones of an existing network on Google Cloud."""
    return ["googleapis.com", "run.app"] if _block("gcp") else []


def _gcp_network() -> str:
    block = _block("gcp")
    return f"projects/{block.get('project', '<project>')}/global/networks/{block.get('network')}"


GCP_ANSWERS: Mapping[str, Callable[[Arguments], dict[str, Value]]] = {
    "gcp:compute/getNetworks:getNetworks": lambda arguments: {
        "id": "<networks>", "project": arguments.get("project"), "networks": [_block("gcp").get("network")], "selfLink": "",
    },
    "gcp:compute/getSubnetworks:getSubnetworks": lambda arguments: {
        "id": "<subnetworks>", "project": arguments.get("project"), "region": arguments.get("region"), "subnetworks": [
            {"description": "", "ipCidrRange": "10.0.0.0/18", "name": _block("gcp").get("subnetwork"), "network": _gcp_network(),
             "networkSelfLink": "", "privateIpGoogleAccess": True, "selfLink": ""},
        ],
    },
    "gcp:compute/getSubnetwork:getSubnetwork": lambda arguments: {
        "id": arguments.get("name"), "ipCidrRange": "10.0.0.0/18", "network": _gcp_network(), "privateIpGoogleAccess": True,
        "stackType": "IPV4_ONLY",
    },
    "gcp:compute/getGlobalAddress:getGlobalAddress": lambda arguments: {
        "id": arguments.get("name"), "address": "10.64.0.0", "prefixLength": 16, "purpose": "VPC_PEERING",
        "network": _gcp_network(),
    },
}  # fmt: skip
AZURE_DELEGATIONS = {
    "container_apps_subnet_id": "Microsoft.App/environments",
    "database_subnet_id": "Microsoft.DBforPostgreSQL/flexibleServers",
}
AZURE_SERVICE_ENDPOINTS = ("Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.Storage")


def _azure_subnet(arguments: Arguments) -> dict[str, Value]:
    name = str(arguments.get("subnetName"))
    field = next((key for key, value in _block("azure").items() if str(value).endswith(f"/subnets/{name}")), "")
    service = AZURE_DELEGATIONS.get(field)
    return {
        "id": _block("azure").get(field), "name": name, "addressPrefixes": ["10.0.0.0/18"],
        "delegations": [{"serviceName": service, "name": name, "actions": [], "etag": "", "id": "", "provisioningState": ""}]
        if service else [],
        "natGateway": {"id": "<nat gateway>"},
        "serviceEndpoints": [
            {"service": each, "provisioningState": "", "locations": []} for each in AZURE_SERVICE_ENDPOINTS
        ],
    }  # fmt: skip


AZURE_ANSWERS: Mapping[str, Callable[[Arguments], dict[str, Value]]] = {
    "azure-native:network:getSubnet": _azure_subnet,
    "azure-native:network:getVirtualNetwork": lambda arguments: {
        "id": arguments.get("virtualNetworkName"), "location": _part(_platform(), "azure").get("location"),
    },
}  # fmt: skip
ANSWERS: Mapping[str, Callable[[Arguments], dict[str, Value]]] = {
    **GCP_ANSWERS,
    **AZURE_ANSWERS,
    "aws:ec2/getVpcs:getVpcs": _found_vpcs,
    "aws:ec2/getVpc:getVpc": lambda arguments: {
        "id": arguments.get("id"), "cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "enableDnsSupport": True,
    },
    "aws:ec2/getSubnets:getSubnets": _found_subnets,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getRouteTables:getRouteTables": lambda _: {
        "id": "<route tables>", "ids": [f"<route table {tier}>" for tier in TIERS],
    },
    "aws:ec2/getRouteTable:getRouteTable": _route_table,
    "aws:ec2/getNetworkInterfaces:getNetworkInterfaces": lambda _: {"id": "<network interfaces>", "ids": []},
    "aws:ec2/getSecurityGroups:getSecurityGroups": lambda arguments: {
        "id": "<security groups>", "ids": list(_filtered(arguments, "group-id")),
    },
    "aws:ec2/getVpcEndpoint:getVpcEndpoint": lambda _: {
        "id": "<vpc endpoint s3>", "routeTableIds": [f"<route table {tier}>" for tier in TIERS],
    },
    "aws:ec2/getPrefixList:getPrefixList": lambda arguments: {"id": S3, "name": arguments.get("name"), "cidrBlocks": []},
}  # fmt: skip
"""Answers by the token of a provider function."""
