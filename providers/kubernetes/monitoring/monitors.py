"""Targets that the cluster's Prometheus scrapes. Pure.

A PodMonitor finds pods by their labels, also those of a worker, which no Service selects. The label `job` is what the alarm rules
select: the name of the service for both of its revisions, `database`, the part of a cache, or `proxy`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.contract.naming import next_part
from providers.contract.scrape_endpoints import DEFAULT_PATH, scrape_endpoint
from providers.kubernetes.cache.external import own_caches
from providers.kubernetes.context import KubernetesContext, runs_database
from providers.kubernetes.database.custom_resources import CLUSTER_LABEL
from providers.kubernetes.monitoring.custom_resources import Endpoint, MatchExpression, PodMonitorSpec, Selector
from providers.kubernetes.naming import DATABASE, ENTRY, HTTP, METRICS
from providers.kubernetes.network.flows import has_metrics_port

INTERVAL = "30s"
"""As often as CloudNativePG runs its queries."""
COMPONENT = "app.kubernetes.io/component"
PROXY_JOB = "proxy"
"""Value of the label `job` that the rules on the entry select."""


@dataclass(frozen=True)
class Monitor:
    """PodMonitor with the component that it belongs to, whose name it has."""

    component: str
    spec: PodMonitorSpec


def monitors(context: KubernetesContext) -> Iterator[Monitor]:
    """Yield the targets of services with a metrics endpoint, of the data stores, and of HAProxy."""
    yield from _services(context)
    spec = context.spec
    if runs_database(spec):
        labels: Selector = {"matchLabels": {CLUSTER_LABEL: DATABASE}}
        yield Monitor(DATABASE, {"selector": labels, "podMetricsEndpoints": [_endpoint(DATABASE)]})
    for cache in own_caches(spec):
        yield Monitor(cache.part, _of_component(context, cache.part, cache.part))
    if spec.public and context.by_haproxy:
        yield Monitor(ENTRY, _of_component(context, ENTRY, PROXY_JOB))


def _services(context: KubernetesContext) -> Iterator[Monitor]:
    for name, service in context.spec.services.items():
        endpoint = scrape_endpoint(service)
        if endpoint is None:
            continue
        port = METRICS if has_metrics_port(context.spec, name) else HTTP
        common = {key: value for key, value in context.selector(name).items() if key != COMPONENT}
        revisions: MatchExpression = {"key": COMPONENT, "operator": "In", "values": [name, next_part(name)]}
        selector: Selector = {"matchLabels": common, "matchExpressions": [revisions]}
        yield Monitor(
            name, {"selector": selector, "podMetricsEndpoints": [_endpoint(name, port=port, path=endpoint.path)]}
        )


def _of_component(context: KubernetesContext, component: str, job: str) -> PodMonitorSpec:
    labels: Mapping[str, str] = context.selector(component)
    return {"selector": {"matchLabels": dict(labels)}, "podMetricsEndpoints": [_endpoint(job)]}


def _endpoint(job: str, *, port: str = METRICS, path: str = DEFAULT_PATH) -> Endpoint:
    return {
        "port": port,
        "path": path,
        "interval": INTERVAL,
        "relabelings": [
            {"action": "replace", "targetLabel": "job", "replacement": job},
            {
                "action": "replace",
                "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_component"],
                "targetLabel": "component",
            },
        ],
    }
