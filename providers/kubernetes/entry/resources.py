"""Public entry: routes of a Gateway, or HAProxy behind a load balancer."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Entry, Origin
from providers.contract.rollout import RolloutPosition
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.context import KubernetesContext


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
    raise NotImplementedError
