"""Enabled services and audit log of the project.

A service is off until a project enables it. The region's provider depends on this component (`Gcp.provider`), so every
other resource does too. Service agents are created with their grants in `keys.py`. `enabled_services.py` lists the services,
and what must be there before the first update.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.base.enabled_services import enabled_services, standby_services
from providers.gcp.context import GcpContext

AUDITED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


@dataclass(frozen=True)
class GcpAccount:
    """Enabled services of the project; every other resource depends on them."""

    services: tuple[pulumi.Resource, ...]


def create_account(scope: Scope, context: GcpContext) -> GcpAccount:
    """Enable the services that the platform calls; they stay enabled after the stack is deleted, for other users."""
    _create_audit_config(scope, context)
    return GcpAccount(tuple(_enable_service(scope, context, name) for name in enabled_services(context.spec)))


def create_standby_account(scope: Scope, context: GcpContext) -> GcpAccount:
    """Enable the services of what is in the standby region; enabling a service again changes nothing."""
    return GcpAccount(tuple(_enable_service(scope, context, name) for name in standby_services(context.spec)))


def project_number(scope: Scope, context: GcpContext) -> pulumi.Output[str]:
    """Number of the project, which addresses and service agents have instead of its id; known at preview."""
    return gcp.organizations.get_project_output(
        project_id=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    ).number


def _enable_service(scope: Scope, context: GcpContext, name: str) -> gcp.projects.Service:
    return gcp.projects.Service(
        scope.named(name),
        project=context.project,
        service=f"{name}.googleapis.com",
        disable_on_destroy=False,
        opts=scope.opts(),
    )


def _create_audit_config(scope: Scope, context: GcpContext) -> None:
    """Log every read and write of every service in the project, without exempted members."""
    gcp.projects.IAMAuditConfig(
        scope.named("audit"),
        project=context.project,
        service="allServices",
        audit_log_configs=[gcp.projects.IAMAuditConfigAuditLogConfigArgs(log_type=kind) for kind in AUDITED],
        # a project has one audit configuration, so deleting a stack must not remove it for the others
        opts=scope.opts(retain_on_delete=True),
    )
