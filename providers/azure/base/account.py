"""Resource group of the stack in one location.

No resource refers to the group by an Output: its name is fixed (`AzureContext.group`), and the provider of all other
resources depends on the group. It has no management lock, because a lock would prevent the deletion of anything in it,
for example of a role assignment during `up`.
"""

from dataclasses import dataclass

import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.contract.component import Scope


@dataclass(frozen=True)
class AzureAccount:
    """Resource group of the stack."""

    group: azure_native.resources.ResourceGroup


def create_account(scope: Scope, context: AzureContext) -> AzureAccount:
    """Declare the resource group of the stack in one location."""
    group = azure_native.resources.ResourceGroup(
        scope.named(),
        resource_group_name=context.group,
        location=context.region,
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )
    return AzureAccount(group)
