"""Services with their origin, and the typed values that monitoring receives."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.adapter import Watched
from providers.contract.results import Copies, RegionIdentifiers, ServiceIdentifiers, Workloads
from providers.contract.rollout import RolloutPosition
from providers.kubernetes.base.platform_images import registry_address
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
    return KubernetesWorkloads(addresses, origin, compute, stores, identifiers=_identifiers(base))


def _identifiers(base: KubernetesBaseResources) -> RegionIdentifiers:
    """Identifiers of the namespace; the policy of a service has its name."""
    services: dict[str, ServiceIdentifiers] = {}
    registry = registry_address(base.spec)
    for name, account in base.identity.services.items():
        account_name = _name(account.metadata)
        policy = pulumi.Output.from_input(name) if name in base.network.services else None
        services[name] = ServiceIdentifiers(account_name, account_name, security_group=policy)
    return RegionIdentifiers(
        services=services,
        network=_name(base.network.namespace.metadata),
        cluster=pulumi.Output.from_input(base.context.block.context),
        registry=pulumi.Output.from_input(registry) if registry is not None else None,
    )


def _name(metadata: pulumi.Output["kubernetes.meta.v1.outputs.ObjectMeta"]) -> pulumi.Output[str]:
    return metadata.apply(lambda known: known.name or "")
