"""What the account must have before anything else: the resource group that holds the stack in its location.

Nothing names the group by an Output: its name is fixed (`AzureContext.group`), and the provider of everything else waits for
it. No lock stands on it: a lock on a group forbids to delete anything in it, so that `up` could not even take a role
back. A subscription registers each service once, which the provider does by itself where whoever deploys may; where not,
run `az provider register --namespace <service>` for Microsoft.App, Cdn, DBforPostgreSQL, Cache, KeyVault,
ContainerRegistry, CognitiveServices, OperationalInsights, Insights, Monitor, AlertsManagement and Dashboard.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.contract.component import Scope


@dataclass(frozen=True)
class AzureAccount:
    """The resource group."""

    group: azure_native.resources.ResourceGroup

    @property
    def group_name(self) -> pulumi.Output[str]:
        """Its name, known when it stands."""
        return self.group.name


def create_account(scope: Scope, context: AzureContext) -> AzureAccount:
    """The resource group of the stack in one location."""
    group = azure_native.resources.ResourceGroup(
        scope.named(),
        resource_group_name=context.group,
        location=context.region,
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )
    return AzureAccount(group)
