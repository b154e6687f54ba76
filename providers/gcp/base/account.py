"""Enabled services and audit log of the project.

A service is off until a project enables it. The region's provider depends on this component (`Gcp.provider`), so every
other resource does too. Service agents are created with their grants in `keys.py`. Enable once per project by hand, before
the first deployment: `gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com`; without
these, no other service can be enabled.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.spec import Platform
from providers.gcp.context import GcpContext

ALWAYS_ENABLED = (
    "artifactregistry",
    "cloudasset",
    "cloudkms",
    "cloudtrace",
    "compute",
    "containeranalysis",
    "containerscanning",
    "dns",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
    "storage",
)
"""Both `container` services are for image scanning; `cloudasset` records every change of the project (CIS 2.13)."""
AUDITED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


@dataclass(frozen=True)
class GcpAccount:
    """Enabled services of the project; every other resource depends on them."""

    services: tuple[pulumi.Resource, ...]


def create_account(scope: Scope, context: GcpContext) -> GcpAccount:
    """Enable the services that the platform calls; they stay enabled after the stack is deleted, for other users."""
    _create_audit_config(scope, context)
    return GcpAccount(tuple(_enable_service(scope, context, name) for name in enabled_services(context.spec)))


def enabled_services(spec: Platform) -> tuple[str, ...]:
    """Names without `.googleapis.com`, in alphabetical order."""
    return tuple(sorted({*ALWAYS_ENABLED, *_services_of_spec(spec)}))


def project_number(scope: Scope, context: GcpContext) -> pulumi.Output[str]:
    """Number of the project, which addresses and service agents have instead of its id; known at preview."""
    return gcp.organizations.get_project_output(
        project_id=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    ).number


def _services_of_spec(spec: Platform) -> Iterator[str]:
    if spec.database is not None:
        yield from ("servicenetworking", "sqladmin")
    if spec.cache is not None:
        yield from ("redis", "servicenetworking")
    if spec.users_of("models"):
        yield "aiplatform"
    if spec.ingress.domain is not None:
        yield "certificatemanager"
    if spec.deployer is not None:
        yield "sts"
    if spec.budget is not None:
        # the project's billing account is read from Cloud Billing
        yield from ("billingbudgets", "cloudbilling")


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
