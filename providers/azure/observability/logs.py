"""Logs: one workspace for everything the platform says, kept as long as the spec asks.

Nobody writes to it with a key: what is written comes from Azure itself, by diagnostic settings. Who read it is logged in
the workspace, too.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.monitoring.limits import retention_days
from providers.contract.component import Scope


@dataclass(frozen=True)
class Logs:
    """`workspace_id` is the workspace's resource id; `customer_id` the GUID that agents and queries name it by."""

    workspace_id: pulumi.Output[str]
    customer_id: pulumi.Output[str]


def create_logs(scope: Scope, context: AzureContext) -> Logs:
    """The workspace."""
    # read here, because diagnostics name the logs that are made here
    from providers.azure.observability.diagnostics import send_to_logs

    workspace = azure_native.operationalinsights.Workspace(
        scope.named(),
        resource_group_name=context.group,
        sku=azure_native.operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
        retention_in_days=retention_days(context.spec),
        features=azure_native.operationalinsights.WorkspaceFeaturesArgs(disable_local_auth=True),
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )
    logs = Logs(workspace.id, workspace.customer_id)
    send_to_logs(scope, logs, "diagnostics", workspace.id)
    return logs
