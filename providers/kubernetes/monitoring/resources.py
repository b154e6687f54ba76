"""Monitors, rules, receivers and dashboard of the cluster's Prometheus Operator and Grafana.

The operator, Prometheus, Alertmanager, kube-state-metrics and Grafana belong to the cluster. `kubernetes.monitoring_labels` are the
labels by which its Prometheus and Alertmanager select objects of other namespaces.
"""

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.grafana import GrafanaSite, dashboard_document
from providers.contract.results import Entry, Monitoring
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import metadata
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.monitoring.custom_resources import MONITORING_API
from providers.kubernetes.monitoring.expressions import cluster_series
from providers.kubernetes.monitoring.monitors import monitors
from providers.kubernetes.monitoring.rules import rules_spec
from providers.kubernetes.naming import LABEL_NAME, MONITORING
from providers.kubernetes.observability.channels import create_channels
from providers.kubernetes.observability.tempo import create_tempo, data_source_uid

if TYPE_CHECKING:
    from providers.kubernetes.workloads import KubernetesWatched

DASHBOARD_LABEL = {"grafana_dashboard": "1"}
"""Label by which the sidecar of Grafana's Helm chart finds dashboards in every namespace."""
DATA_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
VARIABLES: tuple[dict[str, object], ...] = (
    {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0},
)
"""Chosen in the dashboard, as the name of the data source is the cluster's; Grafana selects its default one."""
MAX_UID = 40
"""Longest unique ID of a dashboard."""


def create_monitoring(
    scope: Scope, base: KubernetesBaseResources, watched: "KubernetesWatched", entry: Entry
) -> Monitoring:
    """Alarms, dashboard and traces."""
    for monitor in monitors(base.context):
        _custom_resource(scope, base, "PodMonitor", monitor.component, monitor.component, monitor.spec)
    _custom_resource(scope, base, "PrometheusRule", "rules", LABEL_NAME, rules_spec(base.context))
    create_channels(scope, base)
    create_tempo(scope, base)
    if base.spec.monitoring.dashboards:
        _dashboard(scope, base)
    return Monitoring(dashboard_url=pulumi.Output.from_input(dashboard_url(base.context)))


def dashboard_url(context: KubernetesContext) -> str:
    """Address of the dashboard in the Grafana of the block; empty without either."""
    url = context.block.grafana_url
    return f"{url.rstrip('/')}/d/{grafana_site(context).uid}" if url and context.spec.monitoring.dashboards else ""


def _custom_resource(
    scope: Scope, base: KubernetesBaseResources, kind: str, part: str, name: str, spec: object
) -> None:
    context = base.context
    kubernetes.apiextensions.CustomResource(
        scope.named(part),
        api_version=MONITORING_API,
        kind=kind,
        metadata=metadata(scope, context, MONITORING, name, labels=context.block.monitoring_labels),
        spec=spec,
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def _dashboard(scope: Scope, base: KubernetesBaseResources) -> None:
    """ConfigMap with a fixed name, so that an update changes the dashboard in place."""
    context = base.context
    document = dashboard_document(context.spec, context.stack, context.alarm_rules, grafana_site(context))
    kubernetes.core.v1.ConfigMap(
        scope.named("dashboard"),
        metadata=metadata(scope, context, MONITORING, f"{LABEL_NAME}-dashboard", labels=DASHBOARD_LABEL),
        data={f"{context.namespace}.json": document},
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def grafana_site(context: KubernetesContext) -> GrafanaSite:
    """Grafana of the cluster, which other platforms use too."""
    return GrafanaSite(
        uid=context.namespace[:MAX_UID],
        data_source=DATA_SOURCE,
        no_bill="A cluster has no bill of its own.",
        series=cluster_series(context),
        variables=VARIABLES,
        traces=data_source_uid(context),
    )
