"""Alarms, promises, checks from outside, dashboard, logs and budget over all that stands in the region.

Alarms are alert policies of Cloud Monitoring and speak through the channels of `channels.py`. Metrics and logs come by
themselves; what is decided here is which of them matter (`providers/gcp/monitoring/metrics.py`) and how long logs are kept.
"""

from __future__ import annotations

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.monitoring.alarms import create_alarms
from providers.gcp.monitoring.budget import create_budget
from providers.gcp.monitoring.dashboard import create_dashboard
from providers.gcp.monitoring.prometheus_alarms import create_prometheus_alarms
from providers.gcp.monitoring.slo import create_slos
from providers.gcp.monitoring.targets import find_targets
from providers.gcp.monitoring.uptime import create_uptime_checks
from providers.gcp.observability.logs import count_entries, keep_logs
from providers.gcp.workloads import GcpWatched


def create_monitoring(scope: Scope, base: GcpBaseResources, watched: GcpWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, SLO burn rates, uptime checks, dashboard, logs, budget."""
    context, channels, wanted = base.context, base.channels, base.spec.monitoring
    targets = find_targets(context, watched)
    keep_logs(scope, base, targets)
    create_alarms(scope, targets, channels, count_entries(scope, targets))
    create_uptime_checks(scope, context, channels, entry)
    if wanted.slo is not None:
        create_slos(scope, context, channels, wanted.slo)
    if wanted.prometheus:
        create_prometheus_alarms(scope, context, channels)
    if base.spec.budget is not None:
        create_budget(scope, context, channels, base.spec.budget)
    if not wanted.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=create_dashboard(scope, targets))
