"""Alarms, promises, checks from outside, dashboard, logs and budget over all that stands in the region.

Alarms are alert policies of Cloud Monitoring and speak through the channels of `channels.py`. Metrics and logs come by
themselves; what is decided here is which of them matter (`providers/gcp/monitoring/metrics.py`) and how long logs are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring
from providers.gcp.monitoring.alarms import create_alarms
from providers.gcp.monitoring.budget import create_budget
from providers.gcp.monitoring.dashboard import create_dashboard
from providers.gcp.monitoring.prometheus_alarms import create_prometheus_alarms
from providers.gcp.monitoring.slo import create_slos
from providers.gcp.monitoring.targets import find_targets
from providers.gcp.monitoring.uptime import create_uptime_checks
from providers.gcp.observability.logs import count_entries, keep_logs

if TYPE_CHECKING:
    # For types alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.gcp.base.resources import GcpBaseResources
    from providers.gcp.cache.resources import GcpCache
    from providers.gcp.compute.resources import GcpCompute
    from providers.gcp.database.resources import GcpDatabase
    from providers.gcp.entry.ingress import GcpIngress

__all__ = ["GcpWatched", "create_monitoring"]


@dataclass(frozen=True)
class GcpWatched:
    """What stands in the region when monitoring is made."""

    compute: GcpCompute
    ingress: GcpIngress | None
    database: GcpDatabase | None
    cache: GcpCache | None


def create_monitoring(room: Scope, ground: GcpBaseResources, built: GcpWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, SLO burn rates, uptime checks, dashboard, logs, budget."""
    site, channels, wanted = ground.site, ground.channels, ground.spec.monitoring
    targets = find_targets(site, built)
    keep_logs(room, ground, targets)
    create_alarms(room, targets, channels, count_entries(room, targets))
    create_uptime_checks(room, site, channels, entry)
    if wanted.slo is not None:
        create_slos(room, site, channels, wanted.slo)
    if wanted.prometheus:
        create_prometheus_alarms(room, site, channels)
    if ground.spec.budget is not None:
        create_budget(room, site, channels, ground.spec.budget)
    if not wanted.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=create_dashboard(room, targets))
