"""Public entry: routes of a Gateway, or HAProxy behind a load balancer."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.results import Entry, Origin
from providers.contract.rollout import RolloutPosition
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.entry.gateway import create_gateway_entry
from providers.kubernetes.entry.proxy import create_proxy


@dataclass(frozen=True)
class KubernetesOrigin(Origin):
    """Origin of the cluster; `base` has namespace and policies, `positions` the rollouts in steps."""

    base: KubernetesBaseResources
    positions: Mapping[str, RolloutPosition]


def regional_origin(base: KubernetesBaseResources, positions: Mapping[str, RolloutPosition]) -> KubernetesOrigin | None:
    """Origin of the public services; None when no service has a path."""
    if not base.spec.public:
        return None
    host = base.spec.ingress.domain or base.namespace
    return KubernetesOrigin(host=pulumi.Output.from_input(host), base=base, positions=positions)


def create_entry(scope: Scope, context: KubernetesContext, origins: Mapping[str, Origin]) -> Entry:
    """Entry in front of the services of `origins`, which has this cluster as its only origin."""
    domain = context.spec.ingress.domain
    address = pulumi.Output.from_input(domain or "")
    for origin in origins.values():
        if not isinstance(origin, KubernetesOrigin):
            continue
        if context.by_haproxy:
            service = create_proxy(scope, origin.base, origin.positions)
            address = address if domain else service.status.apply(_address)
        else:
            create_gateway_entry(scope, origin.base, origin.positions)
    return Entry(url=pulumi.Output.concat("https://", address))


def _address(status: "kubernetes.core.v1.outputs.ServiceStatus | None") -> str:
    """Host name or address of a load balancer; clouds assign one or the other."""
    balancer = status.load_balancer if status is not None else None
    points = (balancer.ingress if balancer is not None else None) or []
    return next((point.hostname or point.ip or "" for point in points), "")
