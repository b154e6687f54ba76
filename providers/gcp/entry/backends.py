"""One backend for each public service, over the endpoint groups that the regions made for it."""

from collections.abc import Iterable

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.entry.ingress import GcpOrigin

SCHEME = "EXTERNAL_MANAGED"
"""The global external load balancer; every part of it must name the same scheme."""


def create_backend(
    scope: Scope, context: GcpContext, name: str, origins: Iterable[GcpOrigin], policy: gcp.compute.SecurityPolicy
) -> gcp.compute.BackendService:
    """The backend of a public service.

    A serverless backend takes no health check, no port and no timeout: Cloud Run checks its copies itself and ends a
    request after its own limit, so a stream lasts as long as Cloud Run lets it.
    """
    return gcp.compute.BackendService(
        scope.named(name),
        project=context.project,
        load_balancing_scheme=SCHEME,
        protocol="HTTPS",
        backends=[gcp.compute.BackendServiceBackendArgs(group=origin.groups[name]) for origin in origins],
        security_policy=policy.self_link,
        enable_cdn=False,
        log_config=gcp.compute.BackendServiceLogConfigArgs(enable=True, sample_rate=1.0),
        opts=scope.opts(),
    )
