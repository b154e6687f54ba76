"""Google Cloud: the project as the credentials see it, and what Cloud Run may allocate in the region.

Credentials belong to no project, so the question is whether they may read the stack's.
"""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from automation.engine.clouds.questions import Answer, QueryTarget, Question

RUN = "run.googleapis.com"
QUOTAS = {"run_cpu": "CpuAllocPerProjectRegion", "run_memory": "MemAllocPerProjectRegion"}
"""Quota ids of Cloud Run: CPU in thousandths of a vCPU, memory in bytes; Cloud Quotas API, `quotaInfos`."""


def provider(place: QueryTarget) -> pulumi.ProviderResource:
    """See `Asked.provider`; calls are counted on the stack's project, as the platform's are."""
    return gcp.Provider(
        "doctor",
        project=place.account,
        region=place.region,
        billing_project=place.account,
        user_project_override=True,
    )


def questions(place: QueryTarget) -> Mapping[str, Question]:
    """See `Asked.questions`."""

    def identity(opts: pulumi.InvokeOptions) -> Answer:
        configured = gcp.organizations.get_client_config(opts=opts)
        seen = gcp.organizations.get_project(project_id=place.account, opts=opts)
        return {"account": configured.project, "principal": f"project number {seen.number}"}

    def quota(name: str) -> Question:
        return lambda opts: {"limit": _limit(QUOTAS[name], place, opts)}

    return {"identity": identity, **{name: quota(name) for name in QUOTAS}}


def _limit(quota_id: str, place: QueryTarget, opts: pulumi.InvokeOptions) -> float:
    """The value for the region; infos come from more specific to less specific ones."""
    told = gcp.cloudquota.get_s_quota_info(
        parent=f"projects/{place.account}", service=RUN, quota_id=quota_id, opts=opts
    )
    here = (info for info in told.dimensions_infos if place.region in info.applicable_locations)
    return float(next(here).details[0].value)
