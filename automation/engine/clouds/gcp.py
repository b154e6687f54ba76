"""Google Cloud: access to the project, quotas of Cloud Run, and objects in the Cloud Asset Inventory.

Credentials do not belong to a project, so the query is whether they can read the stack's project. The inventory is
searched by label, and by name for resources without labels; its index splits words at hyphens, so names are checked again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from urllib.request import Request, urlopen

import pulumi
import pulumi_gcp as gcp
from pydantic import TypeAdapter

from automation.engine.clouds import Answer, Query, Search, SearchHit, stack_tags
from automation.engine.target import CloudTarget
from providers.gcp.base.enabled_services import ENABLED_BEFORE

TIMEOUT_SECONDS = 15
RUN = "run.googleapis.com"
QUOTAS = {"run_cpu": "CpuAllocPerProjectRegion", "run_memory": "MemAllocPerProjectRegion"}
"""Quota ids of Cloud Run: CPU in thousandths of a vCPU, memory in bytes; Cloud Quotas API, `quotaInfos`."""


@dataclass(frozen=True)
class _PublisherModel:
    name: str


def provider(target: CloudTarget) -> pulumi.ProviderResource:
    """Implement `CloudQueries.provider`; calls count against the stack's project, like those of the platform."""
    return gcp.Provider(
        "doctor",
        project=target.account,
        region=target.region,
        billing_project=target.account,
        user_project_override=True,
    )


def queries(target: CloudTarget) -> Mapping[str, Query]:
    """Implement `CloudQueries.queries`."""

    def identity(opts: pulumi.InvokeOptions) -> Answer:
        client = gcp.organizations.get_client_config(opts=opts)
        project = gcp.organizations.get_project(project_id=target.account, opts=opts)
        return {"account": client.project, "principal": f"project number {project.number}"}

    def service(name: str) -> Query:
        return lambda opts: {"values": _enabled(name, target, opts)}

    def billing(opts: pulumi.InvokeOptions) -> Answer:
        project = gcp.organizations.get_project(project_id=target.account, opts=opts)
        return {"values": project.billing_account}

    def zone(opts: pulumi.InvokeOptions) -> Answer:
        name = f"{target.subjects['zone']}."
        project = target.subjects.get("dns_account", target.account)
        found = gcp.dns.get_managed_zones(project=project, opts=opts).managed_zones
        public = [each for each in found if each.dns_name == name and each.visibility == "public"]
        if not public:
            raise LookupError(f"no matching zone {name}")
        return {"values": " ".join(public[0].name_servers or ())}

    def model(name: str) -> Query:
        return lambda opts: {"values": _model(name, target, opts)}

    def quota(name: str) -> Query:
        return lambda opts: {"limit": _limit(QUOTAS[name], target, opts)}

    return {
        "identity": identity,
        **{f"service {name}.googleapis.com": service(f"{name}.googleapis.com") for name in ENABLED_BEFORE},
        "billing": billing,
        **({"zone": zone} if "zone" in target.subjects else {}),
        **{f"model {name}": model(name) for name in target.subjects.get("models", "").split()},
        **{name: quota(name) for name in QUOTAS},
    }


def searches(target: CloudTarget) -> Mapping[str, Search]:
    """Implement `CloudQueries.searches`."""

    def assets(opts: pulumi.InvokeOptions) -> list[SearchHit]:
        result = gcp.cloudasset.get_search_all_resources(
            scope=f"projects/{target.account}", query=query_for(target), opts=opts
        )
        hits = (hit_of(one.name, one.asset_type, one.display_name, one.labels or {}, target) for one in result.results)
        return [hit for hit in hits if hit is not None]

    return {"Cloud Asset Inventory": assets}


def query_for(target: CloudTarget) -> str:
    """Return the query: all labels of the stack, or a name that begins with the stack's name."""
    labels = " AND ".join(f"labels.{key}={value}" for key, value in stack_tags(target).items())
    return f"({labels}) OR name:{target.stack}* OR displayName:{target.stack}*"


def hit_of(address: str, kind: str, name: str, labels: Mapping[str, str], target: CloudTarget) -> SearchHit | None:
    """Return an object of the stack; None when its labels name another stack, or neither labels nor name match."""
    expected = stack_tags(target)
    tagged = expected.items() <= labels.items()
    other_stack = any(labels.get(key, value) != value for key, value in expected.items())
    prefixes = (f"{target.stack}-", f"{target.stack}:")
    named = any(word.startswith(prefixes) for word in (name, address.rpartition("/")[2]))
    return SearchHit(address, kind, name, tagged) if (tagged or named) and not other_stack else None


def _enabled(name: str, target: CloudTarget, opts: pulumi.InvokeOptions) -> str:
    return gcp.projects.get_project_service(project=target.account, service=name, opts=opts).service


def _model(name: str, target: CloudTarget, opts: pulumi.InvokeOptions) -> str:
    """Return the name of a published model, for which the SDK has no function: Vertex AI API, `publishers.models.get`."""
    token = gcp.organizations.get_client_config(opts=opts).access_token
    headers = {"Authorization": f"Bearer {token}", "x-goog-user-project": target.account}
    # the newest models have the location `global` and few regions, and a region without a model answers 404
    url = f"https://aiplatform.googleapis.com/v1/{quote(name)}"
    with urlopen(Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as response:  # always https
        return TypeAdapter(_PublisherModel).validate_json(response.read()).name


def _limit(quota_id: str, target: CloudTarget, opts: pulumi.InvokeOptions) -> float:
    """Return the value for the region; the API lists more specific entries first."""
    quota = gcp.cloudquota.get_s_quota_info(
        parent=f"projects/{target.account}", service=RUN, quota_id=quota_id, opts=opts
    )
    regional = (entry for entry in quota.dimensions_infos if target.region in entry.applicable_locations)
    return float(next(regional).details[0].value)
