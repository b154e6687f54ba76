"""Metrics, alarms, dashboard: Prometheus with the shared rules, Alertmanager, Grafana, and who shows what there is.

Every alarm of this machine is a rule of its Prometheus, which therefore stands whatever `monitoring.prometheus` says.
Prometheus listens in the network of monitoring alone; into the services' networks it only asks.
"""

from __future__ import annotations

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring
from providers.docker.base.resources import DockerBaseResources
from providers.docker.monitoring.exporters import create_exporters
from providers.docker.monitoring.grafana import create_grafana
from providers.docker.observability.metrics_collector import create_alertmanager, create_prometheus
from providers.docker.workloads import DockerWatched


def create_monitoring(scope: Scope, base: DockerBaseResources, watched: DockerWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, burn rates, exporters, dashboard."""
    create_exporters(scope, base, watched)
    create_alertmanager(scope, base)
    create_prometheus(scope, base, watched)
    if not base.spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=pulumi.Output.from_input(create_grafana(scope, base)))
