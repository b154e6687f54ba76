"""Search by label on Google Cloud: Cloud Asset Inventory, which answers for all regions of a project. Pure.

https://cloud.google.com/asset-inventory/docs/query-syntax. The index lags by minutes.
"""

import re
from collections.abc import Iterator

from providers.contract.cli import CliCommand
from providers.contract.json_data import mappings
from providers.contract.live_audit import answer_of
from providers.contract.tag_search import TaggedObject, TagQuery, TagScope, TagSearch
from providers.gcp.audit.live import project_of

LABEL = r"[a-z0-9_-]{1,63}"
FIELDS = "json(name,assetType,displayName)"

UNLABELLED = (
    "compute/backendService:BackendService",
    "compute/firewall:Firewall",
    "compute/network:Network",
    "compute/networkFirewallPolicy:NetworkFirewallPolicy",
    "compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup",
    "compute/route:Route",
    "compute/router:Router",
    "compute/sSLPolicy:SSLPolicy",
    "compute/subnetwork:Subnetwork",
    "compute/targetHttpProxy:TargetHttpProxy",
    "compute/targetHttpsProxy:TargetHttpsProxy",
    "compute/uRLMap:URLMap",
    "dns/policy:Policy",
    "kms/keyRing:KeyRing",
    "monitoring/dashboard:Dashboard",
)
"""Types of the inventory whose resources have no labels."""


def _queries(scope: TagScope) -> Iterator[TagQuery]:
    query = f"labels.{scope.tag.key}={scope.tag.value}"
    words = ("asset", "search-all-resources", f"--scope=projects/{project_of(scope.stack)}", f"--query={query}")
    yield TagQuery(CliCommand(("gcloud", *words, f"--format={FIELDS}")), _read)


def _read(text: str) -> Iterator[TaggedObject]:
    for row in mappings(answer_of(text)):
        yield TaggedObject(str(row.get("name")), str(row.get("assetType") or ""), str(row.get("displayName") or ""))


TAG_SEARCH = TagSearch(
    _queries,
    key=re.compile(rf"(?=[a-z]){LABEL}"),
    value=re.compile(LABEL),
    characters="lowercase letters, digits, _ and -, and a letter first in the key",
    untagged=frozenset(f"gcp:{token}" for token in UNLABELLED),
)
