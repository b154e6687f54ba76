"""Alarms, dashboard, budget over all that stands.

Metrics come by themselves, logs by the diagnostic setting beside each resource; what is decided here is which of them
matter (`providers/azure/monitoring/metrics.py`). Whoever is woken hears of it through the action groups of `channels.py`.
"""

from __future__ import annotations

import pulumi

from providers.azure.base.resources import AzureBaseResources
from providers.azure.monitoring.alarms import create_alarms
from providers.azure.monitoring.dashboard import create_dashboard
from providers.azure.monitoring.slo import create_slo
from providers.azure.monitoring.targets import find_targets
from providers.azure.workloads import AzureWatched
from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring


def create_monitoring(scope: Scope, base: AzureBaseResources, watched: AzureWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, SLO burn rates, origins' health, dashboard, budget."""
    # read here, for both know the ground and the entry, which know this room's channels and logs
    from providers.azure.monitoring.budget import create_budget
    from providers.azure.monitoring.origin_health import watch_origins

    spec, targets = base.spec, find_targets(base, watched)
    create_alarms(scope, targets)
    watch_origins(scope, base, entry)
    if spec.monitoring.slo is not None and spec.public:
        create_slo(scope, targets, spec.monitoring.slo)
    if spec.budget is not None:
        create_budget(scope, base, spec.budget)
    if not spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=create_dashboard(scope, targets))
