"""Services of a region with their endpoint groups, and the typed values that monitoring receives."""

from dataclasses import dataclass, replace

import pulumi

from providers.contract.adapter import DataStores, Watched
from providers.contract.region_specs import is_warm
from providers.contract.results import ObjectStore, Workloads
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.cache.resources import GcpCache
from providers.gcp.compute.resources import GcpCompute, service_address
from providers.gcp.database.resources import GcpDatabase
from providers.gcp.entry.ingress import GcpIngress
from providers.gcp.jobs.resources import GcpJobs
from providers.gcp.recovery.resources import GcpCopies


@dataclass(frozen=True)
class GcpWorkloads(Workloads):
    """Cloud Run services and worker pools of a region, and their endpoint groups."""

    compute: GcpCompute
    ingress: GcpIngress | None


GcpDataStores = DataStores[GcpDatabase, GcpCache, ObjectStore]
GcpWatched = Watched[GcpDatabase, GcpCache, GcpWorkloads, GcpJobs, GcpCopies]


def collect_workloads(
    base: GcpBaseResources, compute: GcpCompute, ingress: GcpIngress | None, database: GcpDatabase | None
) -> GcpWorkloads:
    """Return the declared services with their addresses, and the origin of the public ones."""
    addresses = {name: pulumi.Output.from_input(service_address(base, name)) for name in base.spec.services}
    origin = ingress.origin if ingress else None
    if origin is not None and is_warm(base.spec):
        servers = (database.server.instance,) if database is not None else ()
        origin = replace(origin, ready=(*servers, *compute.services.values()))
    return GcpWorkloads(services=addresses, origin=origin, compute=compute, ingress=ingress)
