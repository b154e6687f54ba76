"""Results of provider functions: caller identity, DNS zones, searches by tag."""

import json
from collections.abc import Callable, Mapping

from automation.plan import placeholders
from automation.plan.inventory import Value
from providers.contract.json_data import mappings
from tests.engine.fake_cloud import networks, search
from tests.engine.fake_cloud.cloud import FakeCloud
from tests.engine.fake_cloud.ids import ACCOUNT

Arguments = Mapping[str, Value]
Config = Mapping[str, Value]

DNS_ZONE = "example.com"


def account_of(cloud: FakeCloud, config: Config) -> str:
    """Return the account of a provider of AWS: that of the role that it assumes, else a setting of the cloud."""
    for role in mappings(config.get("assumeRoles")):
        return str(role.get("roleArn")).split(":")[4]
    return str(cloud.setting("account", ACCOUNT))


def aws_caller(cloud: FakeCloud, _arguments: Arguments, config: Config) -> dict[str, Value]:
    """Return the caller identity on AWS; the account is a setting of the cloud."""
    account = account_of(cloud, config)
    return {"id": account, "accountId": account, "arn": f"arn:aws:iam::{account}:role/ci", "userId": "AROAEXAMPLE"}


def google_client(cloud: FakeCloud, _arguments: Arguments, config: Config) -> dict[str, Value]:
    """Return the settings of the provider of Google Cloud."""
    return {
        "id": "client",
        "project": cloud.setting("account", config.get("project")),
        "region": config.get("region", ""),
        "zone": "",
        "accessToken": "",
        "defaultLabels": {},
    }


def azure_client(cloud: FakeCloud, _arguments: Arguments, config: Config) -> dict[str, Value]:
    """Return the client, tenant and subscription on Azure."""
    return {
        "clientId": "00000000-0000-0000-0000-00000000000c",
        "objectId": "00000000-0000-0000-0000-00000000000d",
        "subscriptionId": cloud.setting("account", config.get("subscriptionId")),
        "tenantId": config.get("tenantId", ""),
    }


def zones(cloud: FakeCloud, arguments: Arguments, _config: Config) -> dict[str, Value]:
    """Return the DNS zones of a Google Cloud project: one, whose name is a setting."""
    name = str(cloud.setting("dns_zone", DNS_ZONE))
    resource_name = (
        f"<dns:ManagedZone {name}>.name" if cloud.setting("outputs") == "symbolic" else name.replace(".", "-")
    )
    zone = {
        "dnsName": f"{name}.",
        "name": resource_name,
        "visibility": "public",
        "description": "",
        "id": name,
    }
    return {
        "id": "zones",
        "project": arguments.get("project"),
        "managedZones": [{**zone, "managedZoneId": "1", "nameServers": []}, *networks.private_zones(cloud)],
    }


def azure_zone(cloud: FakeCloud, arguments: Arguments, config: Config) -> dict[str, Value]:
    """Return a DNS zone on Azure; only its own subscription has the one of the setting `zone_subscription`."""
    owner = cloud.setting("zone_subscription", config.get("subscriptionId"))
    if owner != config.get("subscriptionId"):
        raise LookupError(f"ResourceNotFound: {arguments.get('zoneName')} was not found")
    servers: list[Value] = ["ns1-01.azure-dns.com."]
    return {"id": "zone", "name": arguments.get("zoneName"), "location": "global", "nameServers": servers}


FUNCTIONS: dict[str, Callable[[FakeCloud, Arguments, Config], dict[str, Value]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": aws_caller,
    "gcp:organizations/getClientConfig:getClientConfig": google_client,
    "gcp:dns/getManagedZones:getManagedZones": zones,
    "azure-native:authorization:getClientConfig": azure_client,
    "azure-native:dns:getZone": azure_zone,
    "azure-native:authorization:getClientToken": lambda cloud, arguments, config: {"token": search.TOKEN},
    "aws:resourcegroupstaggingapi/getResources:getResources": search.tagged,
    "aws:iam/getRoles:getRoles": search.roles,
    "gcp:cloudasset/getSearchAllResources:getSearchAllResources": search.assets,
}


def answer(cloud: FakeCloud, token: str, arguments: Arguments, config: Config) -> dict[str, Value]:
    """Return the result of a function from this table or from that of the plan; raises LookupError for any other."""
    handmade = networks.answer(cloud, token, arguments)
    if handmade is not None:
        return handmade
    function = FUNCTIONS.get(token)
    return function(cloud, arguments, config) if function else placeholders.answer(token, arguments)


def plain_config(config: Mapping[str, Value]) -> dict[str, Value]:
    """Return the settings of a provider as data; nested settings arrive as JSON text."""
    return {key: _plain(value) for key, value in config.items()}


def _plain(value: Value) -> Value:
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value
