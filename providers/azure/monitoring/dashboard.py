"""One workbook, drawn from the rows that are the same on every cloud."""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.monitoring.panels import items
from providers.azure.monitoring.targets import AzureTargets
from providers.contract.component import Scope
from providers.contract.dashboard import dashboard_rows

VERSION = "Notebook/1.0"
PORTAL = "https://portal.azure.com/#resource"


def create_dashboard(scope: Scope, targets: AzureTargets) -> pulumi.Output[str]:
    """The workbook; its address in the portal."""
    context, workspace = targets.base.context, targets.base.logs.workspace_id
    document = {
        "version": VERSION,
        "items": items(targets, dashboard_rows(targets.spec, targets.base.context.alarm_rules)),
        "fallbackResourceIds": [workspace],
    }
    workbook = azure_native.applicationinsights.Workbook(
        scope.named("dashboard"),
        resource_group_name=context.group,
        resource_name_=context.guid(scope.named("dashboard")),
        kind="shared",
        category="workbook",
        display_name=f"Agent platform {context.stack}",
        serialized_data=pulumi.Output.json_dumps(document, sort_keys=True),
        # in small letters, or the portal does not find the workbook beside its workspace
        source_id=workspace.apply(str.lower),
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )
    return pulumi.Output.concat(PORTAL, workbook.id, "/workbook")
