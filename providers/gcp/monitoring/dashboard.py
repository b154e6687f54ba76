"""One dashboard, drawn from the rows that are the same on every cloud."""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.dashboard import dashboard_rows
from providers.gcp.monitoring.panels import COLUMNS, tiles
from providers.gcp.monitoring.targets import GcpTargets


def create_dashboard(scope: Scope, targets: GcpTargets) -> pulumi.Output[str]:
    """The dashboard; its address in the console."""
    context = targets.context
    document = {
        "displayName": f"Agent platform {context.stack}",
        "mosaicLayout": {
            "columns": COLUMNS,
            "tiles": tiles(targets, dashboard_rows(targets.spec, targets.context.alarm_rules)),
        },
    }
    dashboard = gcp.monitoring.Dashboard(
        scope.named("dashboard"),
        project=context.project,
        dashboard_json=pulumi.Output.json_dumps(document, sort_keys=True),
        opts=scope.opts(),
    )
    builder = "https://console.cloud.google.com/monitoring/dashboards/builder"
    return dashboard.id.apply(lambda name: f"{builder}/{name.rpartition('/')[2]}?project={context.project}")
