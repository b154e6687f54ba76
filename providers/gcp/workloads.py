"""Services of a region with their endpoint groups, and the typed values that monitoring receives."""

from dataclasses import dataclass, replace

import pulumi

from providers.contract.adapter import DataStores, Watched
from providers.contract.images import own_images
from providers.contract.region_specs import is_warm
from providers.contract.results import ObjectStore, RegionIdentifiers, ServiceIdentifiers, Workloads
from providers.gcp.base.existing_registry import existing_repository
from providers.gcp.base.image_sources import platform_repository_id
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.cache.resources import GcpCache
from providers.gcp.compute.resources import GcpCompute, service_address
from providers.gcp.context import GcpContext
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
    return GcpWorkloads(addresses, origin, compute, ingress, identifiers=_identifiers(base))


def _identifiers(base: GcpBaseResources) -> RegionIdentifiers:
    """Identifiers of the region; Cloud Run has no cluster, and Cloud Logging no group for one service."""
    context = base.context
    services = {
        name: ServiceIdentifiers(
            identity=base.identity.member(name),
            identity_name=base.identity.accounts[name].email,
            security_group=pulumi.Output.from_input(base.network.tags[name]),
        )
        for name in base.spec.services
    }
    existing = existing_repository(base.spec)
    repository = existing.address if existing else _own_repository(context)
    return RegionIdentifiers(
        services=services,
        network=base.network.network_id,
        subnets=(base.network.subnet_id,),
        registry=pulumi.Output.from_input(repository) if existing or own_images(base.spec) else None,
    )


def _own_repository(context: GcpContext) -> str:
    """Address of the platform's repository."""
    return f"{context.registry_host}/{context.project}/{platform_repository_id(context.stack)}"
