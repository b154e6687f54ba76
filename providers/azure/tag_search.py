"""Search by tag on Azure: the lists of resources and of resource groups of the subscription, which are current. Pure.

https://learn.microsoft.com/cli/azure/resource#az-resource-list
"""

import re
from collections.abc import Iterator

from providers.azure.audit.live import subscription_of
from providers.contract.cli import CliCommand
from providers.contract.json_data import mappings
from providers.contract.live_audit import answer_of
from providers.contract.tag_search import TaggedObject, TagQuery, TagScope, TagSearch

PROXIES = (
    "cdn:AFDCustomDomain",
    "cdn:AFDOrigin",
    "cdn:AFDOriginGroup",
    "cdn:Route",
    "cdn:Rule",
    "cdn:RuleSet",
    "cdn:SecurityPolicy",
    "cognitiveservices:Deployment",
    "dbforpostgresql:Database",
    "dataprotection:BackupInstance",
    "dataprotection:BackupPolicy",
    "dns:RecordSet",
    "keyvault:Key",
    "keyvault:Secret",
    "managedidentity:FederatedIdentityCredential",
    "network:FirewallPolicyRuleCollectionGroup",
    "network:PrivateDnsZoneGroup",
    "network:Route",
    "network:Subnet",
    "network:VirtualNetworkPeering",
    "operationalinsights:SavedSearch",
    "privatedns:PrivateRecordSet",
    "redisenterprise:Database",
    "storage:BlobContainer",
    "storage:ManagementPolicy",
)
"""Types that the lists leave out: they contain tracked resources, which have tags and a location.
https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md"""


def _queries(scope: TagScope) -> Iterator[TagQuery]:
    for kind in ("resource", "group"):
        place = (
            "--subscription",
            subscription_of(scope.stack),
            "--query",
            "[].{id: id, name: name}",
            "--output",
            "json",
        )
        yield TagQuery(CliCommand(("az", kind, "list", "--tag", str(scope.tag), *place)), _read)


def _read(text: str) -> Iterator[TaggedObject]:
    for row in mappings(answer_of(text)):
        yield TaggedObject(str(row.get("id")), name=str(row.get("name") or ""))


TAG_SEARCH = TagSearch(
    _queries,
    key=re.compile(r"[^<>%&\\?/=]{1,512}"),
    value=re.compile(r".{1,256}"),
    characters="any characters but < > % & \\ ? / in the key",
    untagged=frozenset(f"azure-native:{token}" for token in PROXIES),
)
