"""Log Analytics workspace of the platform, and the diagnostic settings that send logs and metrics to it.

No client writes to the workspace with a key: Azure delivers what the diagnostic settings select. Queries of the
workspace are logged in it as well. Resource logs are off until a diagnostic setting enables them; a setting is declared
beside its resource. In some services a setting outlives its resource, so its name is fixed.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.monitoring.limits import retention_days
from providers.contract.component import Scope

SETTING_NAME = "platform"
ALL_METRICS = "AllMetrics"


@dataclass(frozen=True)
class AzureLogs:
    """Log Analytics workspace: its resource id, the GUID by which agents and queries refer to it, and its name."""

    workspace_id: pulumi.Output[str]
    customer_id: pulumi.Output[str]
    workspace_name: pulumi.Output[str]


def create_logs(scope: Scope, context: AzureContext) -> AzureLogs:
    """Declare the workspace."""
    workspace = azure_native.operationalinsights.Workspace(
        scope.named(),
        resource_group_name=context.group,
        sku=azure_native.operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
        retention_in_days=retention_days(context.spec),
        features=azure_native.operationalinsights.WorkspaceFeaturesArgs(disable_local_auth=True),
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )
    logs = AzureLogs(workspace.id, workspace.customer_id, workspace.name)
    send_to_logs(scope, logs, "diagnostics", workspace.id)
    return logs


def send_to_logs(
    scope: Scope,
    logs: AzureLogs,
    part: str,
    resource_id: pulumi.Input[str],
    *,
    log_group: str | None = "allLogs",
    metrics: str | None = ALL_METRICS,
    dedicated: bool = False,
    setting: str = SETTING_NAME,
) -> azure_native.monitor.DiagnosticSetting:
    """Send logs of the category group `log_group` and metrics of the category `metrics` to the workspace.

    None for what the resource does not have. `dedicated` selects resource-specific tables in services that support
    both; otherwise their logs are stored in AzureDiagnostics. Each `setting` of a resource has another workspace.
    """
    log_settings = azure_native.monitor.DiagnosticsLogSettingsArgs(category_group=log_group, enabled=True)
    metric_settings = azure_native.monitor.DiagnosticsMetricSettingsArgs(category=metrics, enabled=True)
    return azure_native.monitor.DiagnosticSetting(
        scope.named(part),
        name=setting,
        resource_uri=resource_id,
        workspace_id=logs.workspace_id,
        log_analytics_destination_type="Dedicated" if dedicated else None,
        logs=[log_settings] if log_group is not None else [],
        metrics=[metric_settings] if metrics is not None else [],
        opts=scope.opts(),
    )
