"""Services: a Deployment each, with its Service, disruption budget and autoscaler."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_kubernetes as kubernetes

from providers.contract.adapter import DataStores
from providers.contract.component import Scope
from providers.contract.results import Environment
from providers.contract.rollout import RolloutPosition
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.cache.resources import KubernetesCache
from providers.kubernetes.database.resources import KubernetesDatabase
from providers.kubernetes.storage.resources import KubernetesObjectStore

KubernetesDataStores = DataStores[KubernetesDatabase, KubernetesCache, KubernetesObjectStore]


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
    raise NotImplementedError
