"""Services of a region with their endpoint groups, and the typed values that monitoring receives."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.adapter import DataStores, Watched
from providers.contract.component import Scope
from providers.contract.results import Environment, ObjectStore, Workloads
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.cache.resources import GcpCache
from providers.gcp.compute.resources import GcpCompute, create_compute, service_address
from providers.gcp.database.resources import GcpDatabase
from providers.gcp.entry.ingress import GcpIngress, create_ingress


@dataclass(frozen=True)
class GcpWorkloads(Workloads):
    """Cloud Run services and worker pools of a region, and their endpoint groups."""

    compute: GcpCompute
    ingress: GcpIngress | None


GcpDataStores = DataStores[GcpDatabase, GcpCache, ObjectStore]
GcpWatched = Watched[GcpDatabase, GcpCache, GcpWorkloads]


def create_workloads(scope: Scope, base: GcpBaseResources, environments: Mapping[str, Environment]) -> GcpWorkloads:
    """Create every service of the spec, reachable through `path` and `calls`."""
    compute = scope.component("compute", create_compute, base, environments)
    ingress = scope.component("ingress", create_ingress, base, compute)
    addresses = {name: pulumi.Output.from_input(service_address(base, name)) for name in base.spec.services}
    origin = ingress.origin if ingress else None
    return GcpWorkloads(services=addresses, origin=origin, compute=compute, ingress=ingress)
