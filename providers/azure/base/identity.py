"""One principal per service: a user-assigned identity that its copies carry, and one that pulls the images.

Identities are made before everything that grants them a right, because a new one takes minutes until all of Azure knows
it. The identity that pulls is another than the service's own: the app names it for its registry alone and hides it from
the containers, so code cannot read images. No identity has a key; there is nothing to rotate and nothing to leak.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_azure_native as azure_native

from providers.azure.base.deployer import create_deployer
from providers.azure.context import AzureContext
from providers.contract.component import Scope


@dataclass(frozen=True)
class AzureIdentity:
    """Identities by service name. Rights are granted beside what they grant (secret, container, model, metrics)."""

    services: Mapping[str, azure_native.managedidentity.UserAssignedIdentity]
    pull: azure_native.managedidentity.UserAssignedIdentity
    """Pulls images for every service; hidden from the containers themselves."""
    deployer: azure_native.managedidentity.UserAssignedIdentity | None
    """Rolls the services from CI; it is granted a role on each app beside the app, and on the registry beside that."""


def create_identity(scope: Scope, context: AzureContext) -> AzureIdentity:
    """One identity per service, the pulling one, and the deployer's when `deployer` is given."""
    deployer = context.spec.deployer
    return AzureIdentity(
        services={name: _identity(scope, context, f"service-{name}") for name in context.spec.services},
        pull=_identity(scope, context, "pull"),
        deployer=create_deployer(scope, context, deployer) if deployer is not None else None,
    )


def _identity(scope: Scope, context: AzureContext, part: str) -> azure_native.managedidentity.UserAssignedIdentity:
    return azure_native.managedidentity.UserAssignedIdentity(
        scope.named(part), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )
