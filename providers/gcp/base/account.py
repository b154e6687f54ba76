"""What the project must have before anything else: the services that the platform calls, enabled, and its audit log.

Google Cloud keeps a service off until a project enables it. The provider of the region waits for this room
(`adapter.provider`), so every resource of every room does, without naming it. Service agents, which encrypt on a
service's behalf, are made in `keys` beside the right they need. By hand, once per project: `gcloud services enable
cloudresourcemanager.googleapis.com serviceusage.googleapis.com`, without which no other service can be enabled.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.base.enabled_services import services
from providers.gcp.context import GcpContext

AUDITED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


@dataclass(frozen=True)
class GcpAccount:
    """What every other resource waits for."""

    services: tuple[pulumi.Resource, ...]


def create_account(scope: Scope, context: GcpContext) -> GcpAccount:
    """Every service the platform calls, enabled; they stay enabled when the stack goes, for others may use them."""
    _audit(scope, context)
    return GcpAccount(tuple(_service(scope, context, name) for name in services(context.spec)))


def project_number(scope: Scope, context: GcpContext) -> pulumi.Output[str]:
    """Number of the project, which addresses and service agents carry instead of its id; known at preview."""
    return gcp.organizations.get_project_output(
        project_id=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    ).number


def _service(scope: Scope, context: GcpContext, name: str) -> gcp.projects.Service:
    return gcp.projects.Service(
        scope.named(name),
        project=context.project,
        service=f"{name}.googleapis.com",
        disable_on_destroy=False,
        opts=scope.opts(),
    )


def _audit(scope: Scope, context: GcpContext) -> None:
    """Who read or wrote what, for every service of the project; exempt is nobody."""
    gcp.projects.IAMAuditConfig(
        scope.named("audit"),
        project=context.project,
        service="allServices",
        audit_log_configs=[gcp.projects.IAMAuditConfigAuditLogConfigArgs(log_type=kind) for kind in AUDITED],
        # a project has one audit configuration, so a stack that goes must not take it from the others
        opts=scope.opts(retain_on_delete=True),
    )
