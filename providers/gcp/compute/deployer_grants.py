"""The deployer's right to roll out new revisions: on each service and worker pool, not on the project."""

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.base.resources import GcpBaseResources

DEPLOY = "roles/run.developer"


def let_deploy(
    scope: Scope, base: GcpBaseResources, name: str, target: gcp.cloudrunv2.Service | gcp.cloudrunv2.WorkerPool
) -> None:
    """The right on `target`; nothing without a deployer."""
    context, deployer = base.context, base.identity.deployer
    if deployer is None:
        return
    member = (
        gcp.cloudrunv2.ServiceIamMember
        if isinstance(target, gcp.cloudrunv2.Service)
        else gcp.cloudrunv2.WorkerPoolIamMember
    )
    member(
        scope.named(f"{name}-deployer"),
        project=context.project,
        location=context.region,
        name=target.name,
        role=DEPLOY,
        member=deployer,
        opts=scope.opts(),
    )
