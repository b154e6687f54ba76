"""What a resource says about itself, sent to the workspace: one diagnostic setting, declared beside the resource.

Resource logs are off until a setting asks for them. A setting outlives its resource in some services, so its name is fixed.
"""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.observability.logs import Logs
from providers.contract.component import Scope

NAME = "platform"
DEDICATED = "Dedicated"
ALL_METRICS = "AllMetrics"


def send_to_logs(
    scope: Scope,
    logs: Logs,
    part: str,
    resource_id: pulumi.Input[str],
    *,
    log_group: str | None = "allLogs",
    metrics: str | None = ALL_METRICS,
    dedicated: bool = False,
) -> azure_native.monitor.DiagnosticSetting:
    """Send logs of the category group `log_group` and metrics of the category `metrics` (None: it has none).

    `dedicated` puts logs into tables of their own where the service knows how to; elsewhere they share AzureDiagnostics.
    """
    setting = azure_native.monitor.DiagnosticsLogSettingsArgs(category_group=log_group, enabled=True)
    measured = azure_native.monitor.DiagnosticsMetricSettingsArgs(category=metrics, enabled=True)
    return azure_native.monitor.DiagnosticSetting(
        scope.named(part),
        name=NAME,
        resource_uri=resource_id,
        workspace_id=logs.workspace_id,
        log_analytics_destination_type=DEDICATED if dedicated else None,
        logs=[setting] if log_group is not None else [],
        metrics=[measured] if metrics is not None else [],
        opts=scope.opts(),
    )
