"""Monitors, rules, receivers and dashboard of the cluster's Prometheus Operator and Grafana."""

from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.workloads import KubernetesWatched


def create_monitoring(
    scope: Scope, base: KubernetesBaseResources, watched: KubernetesWatched, entry: Entry
) -> Monitoring:
    """Alarms and dashboard."""
    raise NotImplementedError
