"""One principal per service: a service account that no key is ever made for.

Cloud Run runs the service as its account; the code in it gets short-lived tokens from its own metadata server. Pulling
the image and writing the log are done by Cloud Run's agent, so an account holds only what the code itself does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.base.deployer import create_deployer
from providers.gcp.context import GcpContext
from providers.gcp.naming import account_id, models_role_id

__all__ = ["GcpIdentity", "create_identity"]

TELEMETRY = {
    "logs": "roles/logging.logWriter",
    "metrics": "roles/monitoring.metricWriter",
    "traces": "roles/cloudtrace.agent",
}
"""Rights to add telemetry and read none; the project is the finest grain they have."""
INVOKE = "aiplatform.endpoints.predict"
"""Everything that invoking a model needs, streaming included; `roles/aiplatform.user` could also train and deploy."""


@dataclass(frozen=True)
class GcpIdentity:
    """Service accounts by service name. Rights are granted beside what they grant (secret, bucket, repository)."""

    accounts: Mapping[str, gcp.serviceaccount.Account]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]
    """Rights that no room grants, by service: telemetry and models. A service waits for its own before it starts."""
    deployer: pulumi.Output[str] | None
    """IAM member (`serviceAccount:...`) that CI deploys as; None without `deployer`."""

    def member(self, service: str) -> pulumi.Output[str]:
        """IAM member of a service: `serviceAccount:<email>`."""
        return self.accounts[service].member


def create_identity(scope: Scope, context: GcpContext) -> GcpIdentity:
    """A service account per service, its right to telemetry and models, and the deployer when asked for."""
    accounts = {name: _account(scope, context, name) for name in context.spec.services}
    grants = {name: [_right(scope, context, account, name, *right) for right in TELEMETRY.items()]
              for name, account in accounts.items()}  # fmt: skip
    users = context.spec.users_of("models")
    if users:
        role = _model_role(scope, context)
        for name in users:
            grants[name].append(_right(scope, context, accounts[name], name, "models", role.name))
    deployer = create_deployer(scope, context, context.spec.deployer, accounts) if context.spec.deployer else None
    return GcpIdentity(accounts, {name: tuple(rights) for name, rights in grants.items()}, deployer)


def _account(scope: Scope, context: GcpContext, service: str) -> gcp.serviceaccount.Account:
    return gcp.serviceaccount.Account(
        scope.named(service),
        project=context.project,
        account_id=account_id(context.stack, service),
        display_name=f"{context.stack} {service}",
        description=f"The service {service} of the stack {context.stack}",
        opts=scope.opts(),
    )


def _right(
    scope: Scope,
    context: GcpContext,
    account: gcp.serviceaccount.Account,
    service: str,
    part: str,
    role: pulumi.Input[str],
) -> pulumi.Resource:
    return gcp.projects.IAMMember(
        scope.named(f"{service}-{part}"), project=context.project, role=role, member=account.member, opts=scope.opts()
    )


def _model_role(scope: Scope, context: GcpContext) -> gcp.projects.IAMCustomRole:
    return gcp.projects.IAMCustomRole(
        scope.named("models"),
        project=context.project,
        role_id=models_role_id(context.stack),
        title=f"Invoke models ({context.stack})",
        description=f"Invoke models of Vertex AI: {', '.join(context.block.models)}",
        permissions=[INVOKE],
        opts=scope.opts(),
    )
