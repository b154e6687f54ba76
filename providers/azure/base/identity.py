"""User-assigned identities: one for each service, one that pulls images, one for deployments from GitHub Actions.

Identities are created before their role assignments, because a new one takes minutes to replicate in Microsoft Entra
ID. Images are pulled by a separate identity that is hidden from the containers, so application code cannot read images.
Deployment is keyless: a federated credential trusts GitHub's tokens for one subject. The deployer's identity has one
role on the registry and one on each app, none on the resource group; a workflow signs in with its client id
(`azure/login`, with the tenant and the subscription).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_azure_native as azure_native

from providers.azure.base.limits import github_subject
from providers.azure.context import AzureContext
from providers.contract.component import Scope
from providers.contract.spec import Deployer

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"

UserAssignedIdentity = azure_native.managedidentity.UserAssignedIdentity


@dataclass(frozen=True)
class AzureIdentity:
    """Identities; roles are assigned beside the resource that they apply to (secret, container, model, metrics)."""

    services: Mapping[str, UserAssignedIdentity]
    """Identity of each service by its name."""
    pull: UserAssignedIdentity
    """Pulls images for every service; hidden from the containers."""
    deployer: UserAssignedIdentity | None
    """Updates the services from CI; has a role on each app and on the registry."""


def create_identity(scope: Scope, context: AzureContext) -> AzureIdentity:
    """Declare the identities of the services, the one that pulls images, and the deployer's if configured."""
    deployer = context.spec.deployer
    return AzureIdentity(
        services={name: _identity(scope, context, f"service-{name}") for name in context.spec.services},
        pull=_identity(scope, context, "pull"),
        deployer=_deployer(scope, context, deployer) if deployer is not None else None,
    )


def _identity(scope: Scope, context: AzureContext, part: str) -> UserAssignedIdentity:
    return UserAssignedIdentity(
        scope.named(part), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )


def _deployer(scope: Scope, context: AzureContext, deployer: Deployer) -> UserAssignedIdentity:
    identity = UserAssignedIdentity(
        scope.named("deployer"),
        resource_group_name=context.group,
        # fixed: the author of the workflow looks up the client id by name
        resource_name_=f"{context.stack}-deployer",
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )
    azure_native.managedidentity.FederatedIdentityCredential(
        scope.named("deployer-github"),
        resource_group_name=context.group,
        resource_name_=identity.name,
        federated_identity_credential_resource_name="github",
        issuer=ISSUER,
        subject=github_subject(deployer),
        audiences=[AUDIENCE],
        opts=scope.opts(delete_before_replace=True),
    )
    return identity
