"""Services of one location of Azure: compute, its way to the entry, and the typed values that monitoring receives."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.azure.base.resources import AzureBaseResources
from providers.azure.cache.resources import AzureCache
from providers.azure.compute.address import service_address
from providers.azure.compute.resources import AzureCompute, create_compute
from providers.azure.database.resources import AzureDatabase
from providers.azure.entry.ingress import AzureIngress, regional_ingress
from providers.contract.adapter import DataStores, Watched
from providers.contract.component import Scope
from providers.contract.results import Environment, ObjectStore, Workloads


@dataclass(frozen=True)
class AzureWorkloads(Workloads):
    """Services, and the resources that alarms and dashboards refer to."""

    compute: AzureCompute
    ingress: AzureIngress | None


AzureDataStores = DataStores[AzureDatabase, AzureCache, ObjectStore]
AzureWatched = Watched[AzureDatabase, AzureCache, AzureWorkloads]


def create_workloads(scope: Scope, base: AzureBaseResources, environments: Mapping[str, Environment]) -> AzureWorkloads:
    """Every service of the spec, reachable along `path` and `calls`."""
    compute = scope.component("compute", create_compute, base, environments)
    ingress = regional_ingress(base, compute)
    addresses = {name: pulumi.Output.from_input(service_address(base, name)) for name in base.spec.services}
    origin = ingress.origin if ingress else None
    return AzureWorkloads(services=addresses, origin=origin, compute=compute, ingress=ingress)
