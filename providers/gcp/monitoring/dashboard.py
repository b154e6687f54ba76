"""One dashboard, drawn from the rows that are the same on every cloud."""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.dashboard import dashboard_rows
from providers.gcp.monitoring.panels import COLUMNS, tiles
from providers.gcp.monitoring.targets import GcpTargets


def create_dashboard(room: Scope, targets: GcpTargets) -> pulumi.Output[str]:
    """The dashboard; its address in the console."""
    site = targets.site
    document = {
        "displayName": f"Agent platform {site.stack}",
        "mosaicLayout": {"columns": COLUMNS, "tiles": tiles(targets, dashboard_rows(targets.spec))},
    }
    dashboard = gcp.monitoring.Dashboard(
        room.named("dashboard"),
        project=site.project,
        dashboard_json=pulumi.Output.json_dumps(document, sort_keys=True),
        opts=room.opts(),
    )
    builder = "https://console.cloud.google.com/monitoring/dashboards/builder"
    return dashboard.id.apply(lambda name: f"{builder}/{name.rpartition('/')[2]}?project={site.project}")
