"""What the stand-ins answer to provider functions: who is asking, which zones there are, what stands with which tags."""

import json
from collections.abc import Callable, Mapping

from automation.plan import invokes
from automation.plan.inventory import Value
from tests.engine.fake_cloud import search as searching
from tests.engine.fake_cloud.cloud import FakeCloud
from tests.engine.fake_cloud.ids import ACCOUNT

Arguments = Mapping[str, Value]
Config = Mapping[str, Value]

DNS_ZONE = "example.com"


def caller(cloud: FakeCloud, _given: Arguments, _config: Config) -> dict[str, Value]:
    """AWS: who is asking; the account is a setting of the cloud."""
    account = str(cloud.setting("account", ACCOUNT))
    return {"id": account, "accountId": account, "arn": f"arn:aws:iam::{account}:role/ci", "userId": "AROAEXAMPLE"}


def google_client(cloud: FakeCloud, _given: Arguments, config: Config) -> dict[str, Value]:
    """Google Cloud: what the provider is set to."""
    return {
        "id": "client",
        "project": cloud.setting("account", config.get("project")),
        "region": config.get("region", ""),
        "zone": "",
        "accessToken": "",
        "defaultLabels": {},
    }


def azure_client(cloud: FakeCloud, _given: Arguments, config: Config) -> dict[str, Value]:
    """Azure: who is asking, in which directory and subscription."""
    return {
        "clientId": "00000000-0000-0000-0000-00000000000c",
        "objectId": "00000000-0000-0000-0000-00000000000d",
        "subscriptionId": cloud.setting("account", config.get("subscriptionId")),
        "tenantId": config.get("tenantId", ""),
    }


def zones(cloud: FakeCloud, given: Arguments, _config: Config) -> dict[str, Value]:
    """Google Cloud: every DNS zone of the project; one, whose name is a setting."""
    name = str(cloud.setting("dns_zone", DNS_ZONE))
    called = f"<dns:ManagedZone {name}>.name" if cloud.setting("outputs") == "symbolic" else name.replace(".", "-")
    zone = {
        "dnsName": f"{name}.",
        "name": called,
        "visibility": "public",
        "description": "",
        "id": name,
    }
    return {
        "id": "zones",
        "project": given.get("project"),
        "managedZones": [{**zone, "managedZoneId": "1", "nameServers": []}],
    }


ANSWERS: dict[str, Callable[[FakeCloud, Arguments, Config], dict[str, Value]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": caller,
    "gcp:organizations/getClientConfig:getClientConfig": google_client,
    "gcp:dns/getManagedZones:getManagedZones": zones,
    "azure-native:authorization:getClientConfig": azure_client,
    "azure-native:authorization:getClientToken": lambda cloud, given, config: {"token": searching.TOKEN},
    "aws:resourcegroupstaggingapi/getResources:getResources": searching.tagged,
    "aws:iam/getRoles:getRoles": searching.roles,
    "gcp:cloudasset/getSearchAllResources:getSearchAllResources": searching.assets,
}


def answer(cloud: FakeCloud, token: str, given: Arguments, config: Config) -> dict[str, Value]:
    """The answer of a function: of this table, or of the plan's own; raises LookupError for any other."""
    found = ANSWERS.get(token)
    return found(cloud, given, config) if found else invokes.answer(token, given)


def plain_config(config: Mapping[str, Value]) -> dict[str, Value]:
    """Provider settings as data: nested ones come as JSON text."""
    return {key: _plain(value) for key, value in config.items()}


def _plain(value: Value) -> Value:
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value
