"""Alarms, dashboard, budget over all that stands.

Metrics come by themselves, logs by the diagnostic setting beside each resource; what is decided here is which of them
matter (`providers/azure/monitoring/metrics.py`). Whoever is woken hears of it through the action groups of `channels.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from providers.azure.monitoring.alarms import create_alarms
from providers.azure.monitoring.dashboard import create_dashboard
from providers.azure.monitoring.slo import create_slo
from providers.azure.monitoring.targets import find_targets
from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring

if TYPE_CHECKING:
    # For types alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.azure.base.resources import AzureBaseResources
    from providers.azure.cache.resources import AzureCache
    from providers.azure.compute.resources import AzureCompute
    from providers.azure.database.resources import AzureDatabase
    from providers.azure.entry.ingress import AzureIngress


@dataclass(frozen=True)
class AzureWatched:
    """What stands in the region when monitoring is made."""

    compute: AzureCompute
    ingress: AzureIngress | None
    database: AzureDatabase | None
    cache: AzureCache | None


def create_monitoring(room: Scope, ground: AzureBaseResources, built: AzureWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, SLO burn rates, origins' health, dashboard, budget."""
    # read here, for both know the ground and the entry, which know this room's channels and logs
    from providers.azure.monitoring.budget import create_budget
    from providers.azure.monitoring.origin_health import watch_origins

    spec, targets = ground.spec, find_targets(ground, built)
    create_alarms(room, targets)
    watch_origins(room, ground, entry)
    if spec.monitoring.slo is not None and spec.public:
        create_slo(room, targets, spec.monitoring.slo)
    if spec.budget is not None:
        create_budget(room, ground, spec.budget)
    if not spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=create_dashboard(room, targets))
