"""Services: a Deployment each, with its Service, disruption budget and autoscaler.

A caller reaches a service at `http://<name>:<port>`. An update replaces replicas one wave after the other and removes none
before a new one has been ready for a while. During a rollout in steps, the Deployment `<name>-next` has the new revision.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi_kubernetes as kubernetes

from providers.contract.adapter import DataStores
from providers.contract.component import Scope
from providers.contract.naming import next_part
from providers.contract.results import Environment
from providers.contract.rollout import RolloutPosition
from providers.contract.scrape_endpoints import scrape_endpoint
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import SKIP_AWAIT, TIMEOUT_SECONDS, metadata, selector
from providers.kubernetes.cache.resources import KubernetesCache
from providers.kubernetes.compute.autoscalers import create_autoscaler
from providers.kubernetes.compute.health import MIN_READY_SECONDS, SURGE_PERCENT, progress_seconds, update_seconds
from providers.kubernetes.compute.pods import ServicePods, replica_template
from providers.kubernetes.compute.scaling import is_scaled
from providers.kubernetes.database.resources import KubernetesDatabase
from providers.kubernetes.naming import HTTP, METRICS, replicas_service
from providers.kubernetes.network.flows import has_metrics_port
from providers.kubernetes.storage.resources import KubernetesObjectStore

KubernetesDataStores = DataStores[KubernetesDatabase, KubernetesCache, KubernetesObjectStore]
REVISIONS = 5
"""ReplicaSets that are kept for `kubectl rollout undo`, each with its Secrets."""


@dataclass(frozen=True)
class KubernetesCompute:
    """Deployments of each service, by its name: the stable revision, and the new one during a rollout in steps."""

    deployments: Mapping[str, tuple["kubernetes.apps.v1.Deployment", ...]]


def create_compute(
    scope: Scope,
    base: KubernetesBaseResources,
    stores: KubernetesDataStores,
    environments: Mapping[str, Environment],
    positions: Mapping[str, RolloutPosition],
) -> KubernetesCompute:
    """Replicas of every service; those of a rollout in steps at its position."""
    return KubernetesCompute(
        {
            name: _service(scope, ServicePods(base, name, environments[name], stores.storage), positions.get(name))
            for name in base.spec.services
        }
    )


def _service(
    scope: Scope, pods: ServicePods, position: RolloutPosition | None
) -> tuple["kubernetes.apps.v1.Deployment", ...]:
    """Deployment of a service, and that of its new revision while a rollout in steps divides the requests."""
    titles = [pods.name]
    if position is not None and position.phase != "held":
        titles.append(next_part(pods.name))
    deployments: list[kubernetes.apps.v1.Deployment] = []
    for title in titles:
        keeps_template = title == pods.name and position is not None and position.phase != "replacing"
        deployment = _deployment(scope, pods, title, keeps_template=keeps_template)
        deployments.append(deployment)
        _services(scope, pods, title)
        _disruption_budget(scope, pods, title)
        if is_scaled(pods.base.spec.services[pods.name]):
            create_autoscaler(scope, pods.base, pods.name, title, deployment)
    return tuple(deployments)


def _deployment(
    scope: Scope, pods: ServicePods, title: str, *, keeps_template: bool
) -> "kubernetes.apps.v1.Deployment":
    base = pods.base
    service = base.spec.services[pods.name]
    annotations = {TIMEOUT_SECONDS: str(update_seconds(service))}
    # the autoscaler owns the number after the creation; without it in the program the server would set 1
    ignored = [*(["spec.replicas"] if is_scaled(service) else []), *(["spec.template"] if keeps_template else [])]
    return kubernetes.apps.v1.Deployment(
        scope.named(title),
        metadata=metadata(scope, base.context, title, title, annotations=annotations),
        spec=kubernetes.apps.v1.DeploymentSpecArgs(
            replicas=service.replicas.min,
            revision_history_limit=REVISIONS,
            progress_deadline_seconds=progress_seconds(service),
            min_ready_seconds=MIN_READY_SECONDS,
            selector=selector(base.context, title),
            strategy=kubernetes.apps.v1.DeploymentStrategyArgs(
                type="RollingUpdate",
                rolling_update=kubernetes.apps.v1.RollingUpdateDeploymentArgs(
                    max_unavailable=0, max_surge=f"{SURGE_PERCENT}%"
                ),
            ),
            template=replica_template(scope, pods, title),
        ),
        opts=scope.opts(
            # a pod without its policies could connect to anything, and one without its Secrets would not start
            depends_on=[*pods.ready, base.identity.services[pods.name]],
            ignore_changes=ignored,
        ),
    )


def _services(scope: Scope, pods: ServicePods, title: str) -> None:
    """Service of a component with a port, and its replicas by address for HAProxy, which checks each of them."""
    base = pods.base
    ports = list(_ports(pods))
    if not ports:
        return
    kubernetes.core.v1.Service(
        scope.named(f"{title}-service"),
        metadata=metadata(scope, base.context, title, title),
        spec=kubernetes.core.v1.ServiceSpecArgs(
            type="ClusterIP", selector=dict(base.context.selector(title)), ports=ports
        ),
        opts=scope.opts(depends_on=[base.network.namespace]),
    )
    if base.context.by_haproxy and pods.name in base.spec.public:
        kubernetes.core.v1.Service(
            scope.named(f"{title}-replicas"),
            # it has no address to wait for, and the provider could record an older state of it
            metadata=metadata(scope, base.context, title, replicas_service(title), annotations={SKIP_AWAIT: "true"}),
            spec=kubernetes.core.v1.ServiceSpecArgs(
                type="ClusterIP", cluster_ip="None", selector=dict(base.context.selector(title)), ports=ports[:1]
            ),
            opts=scope.opts(depends_on=[base.network.namespace]),
        )


def _ports(pods: ServicePods) -> Iterator["kubernetes.core.v1.ServicePortArgs"]:
    spec = pods.base.spec
    service, endpoint = spec.services[pods.name], scrape_endpoint(spec.services[pods.name])
    if service.port is not None:
        yield kubernetes.core.v1.ServicePortArgs(
            name=HTTP, port=service.port, target_port=HTTP, protocol="TCP", app_protocol="http"
        )
    if endpoint is not None and has_metrics_port(spec, pods.name):
        yield kubernetes.core.v1.ServicePortArgs(
            name=METRICS, port=endpoint.port, target_port=METRICS, protocol="TCP", app_protocol="http"
        )


def _disruption_budget(scope: Scope, pods: ServicePods, title: str) -> None:
    """One replica at a time may be evicted; a minimum would block the drain of a node for a service of one replica."""
    base = pods.base
    kubernetes.policy.v1.PodDisruptionBudget(
        scope.named(f"{title}-disruption-budget"),
        metadata=metadata(scope, base.context, title, title),
        spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            unhealthy_pod_eviction_policy="AlwaysAllow",
            selector=selector(base.context, title),
        ),
        opts=scope.opts(depends_on=[base.network.namespace]),
    )
