"""Metrics, alarms, dashboard: Prometheus with the shared rules, Alertmanager, Grafana, and who shows what there is.

Every alarm of this machine is a rule of its Prometheus, which therefore stands whatever `monitoring.prometheus` says.
Prometheus listens in the network of monitoring alone; into the services' networks it only asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring
from providers.docker.monitoring.exporters import create_exporters
from providers.docker.monitoring.grafana import create_grafana
from providers.docker.observability.metrics_collector import create_alertmanager, create_prometheus

if TYPE_CHECKING:
    # For types alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.docker.base.resources import DockerBaseResources
    from providers.docker.cache.resources import DockerCache
    from providers.docker.database.backup import DockerBackup
    from providers.docker.database.resources import DockerDatabase

__all__ = ["DockerWatched", "create_monitoring"]


@dataclass(frozen=True)
class DockerWatched:
    """What stands on the machine when monitoring is made."""

    database: DockerDatabase | None
    cache: DockerCache | None
    backup: DockerBackup | None


def create_monitoring(room: Scope, ground: DockerBaseResources, built: DockerWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, burn rates, exporters, dashboard."""
    create_exporters(room, ground, built)
    create_alertmanager(room, ground)
    create_prometheus(room, ground, built)
    if not ground.spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=pulumi.Output.from_input(create_grafana(room, ground)))
