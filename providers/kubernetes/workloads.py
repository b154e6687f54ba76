"""Services with their origin, and the typed values that monitoring receives."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.adapter import Watched
from providers.contract.results import Copies, Workloads
from providers.contract.rollout import RolloutPosition
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.cache.resources import KubernetesCache
from providers.kubernetes.compute.resources import KubernetesCompute, KubernetesDataStores
from providers.kubernetes.database.resources import KubernetesDatabase
from providers.kubernetes.entry.resources import regional_origin
from providers.kubernetes.jobs.resources import KubernetesJobs


@dataclass(frozen=True)
class KubernetesWorkloads(Workloads):
    """Services, and the data stores whose variables jobs need."""

    compute: KubernetesCompute
    stores: KubernetesDataStores


KubernetesWatched = Watched[KubernetesDatabase, KubernetesCache, KubernetesWorkloads, KubernetesJobs, Copies]


def collect_workloads(
    base: KubernetesBaseResources,
    stores: KubernetesDataStores,
    compute: KubernetesCompute,
    positions: Mapping[str, RolloutPosition],
) -> KubernetesWorkloads:
    """Return the declared services with their addresses, and the origin of the public ones."""
    addresses = {name: pulumi.Output.from_input(base.address(name)) for name in base.spec.services}
    origin = regional_origin(base, positions)
    return KubernetesWorkloads(services=addresses, origin=origin, compute=compute, stores=stores)
