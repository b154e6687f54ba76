"""Google Cloud: access of the credentials to the project, and the quotas of Cloud Run in the region.

Credentials do not belong to a project, so the query is whether they can read the stack's project.
"""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from automation.engine.clouds import Answer, Query
from automation.engine.target import CloudTarget

RUN = "run.googleapis.com"
QUOTAS = {"run_cpu": "CpuAllocPerProjectRegion", "run_memory": "MemAllocPerProjectRegion"}
"""Quota ids of Cloud Run: CPU in thousandths of a vCPU, memory in bytes; Cloud Quotas API, `quotaInfos`."""


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

    def quota(name: str) -> Query:
        return lambda opts: {"limit": _limit(QUOTAS[name], target, opts)}

    return {"identity": identity, **{name: quota(name) for name in QUOTAS}}


def _limit(quota_id: str, target: CloudTarget, opts: pulumi.InvokeOptions) -> float:
    """Return the value for the region; the API lists more specific entries first."""
    quota = gcp.cloudquota.get_s_quota_info(
        parent=f"projects/{target.account}", service=RUN, quota_id=quota_id, opts=opts
    )
    regional = (entry for entry in quota.dimensions_infos if target.region in entry.applicable_locations)
    return float(next(regional).details[0].value)
