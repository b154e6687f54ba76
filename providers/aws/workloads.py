"""Services of one region: compute, ingress and the typed values that monitoring receives."""

from dataclasses import dataclass, replace

import pulumi

from providers.aws.base.existing_registry import used_repositories
from providers.aws.base.resources import AwsBaseResources
from providers.aws.cache.resources import AwsCache
from providers.aws.compute.calls import service_address
from providers.aws.compute.resources import AwsCompute
from providers.aws.database.resources import AwsDatabase
from providers.aws.entry.ingress import AwsIngress
from providers.aws.jobs.resources import AwsJobs
from providers.aws.recovery.resources import AwsCopies
from providers.aws.storage.resources import AwsStorage
from providers.contract.adapter import DataStores, Watched
from providers.contract.images import own_images
from providers.contract.region_specs import is_warm
from providers.contract.results import RegionIdentifiers, ServiceIdentifiers, Workloads


@dataclass(frozen=True)
class AwsWorkloads(Workloads):
    """Services, and the resources that alarms and dashboards refer to."""

    compute: AwsCompute
    ingress: AwsIngress | None


AwsDataStores = DataStores[AwsDatabase, AwsCache, AwsStorage]
AwsWatched = Watched[AwsDatabase, AwsCache, AwsWorkloads, AwsJobs, AwsCopies]


def collect_workloads(
    base: AwsBaseResources, compute: AwsCompute, ingress: AwsIngress | None, database: AwsDatabase | None
) -> AwsWorkloads:
    """Return the declared services with their addresses, and the origin of the public ones."""
    addresses = {name: pulumi.Output.from_input(service_address(base.spec, name)) for name in base.spec.services}
    origin = ingress.origin if ingress else None
    if origin is not None and is_warm(base.spec):
        servers = (database.server.instance,) if database is not None else ()
        origin = replace(origin, ready=(*servers, *compute.services.values()))
    identifiers = _identifiers(base, compute)
    return AwsWorkloads(addresses, origin, compute, ingress, identifiers=identifiers)


def _identifiers(base: AwsBaseResources, compute: AwsCompute) -> RegionIdentifiers:
    services = {
        name: ServiceIdentifiers(
            identity=base.identity.task[name].arn,
            identity_name=base.identity.task[name].name,
            security_group=base.network.groups.services[name].id,
            log_group=compute.log_groups[name].name,
        )
        for name in base.spec.services
    }
    return RegionIdentifiers(
        services=services,
        network=base.network.vpc_id,
        subnets=base.network.private_subnet_ids,
        cluster=compute.cluster_name,
        registry=_registry(base),
    )


def _registry(base: AwsBaseResources) -> pulumi.Output[str] | None:
    """Host of the registry of images that name none; None without such an image."""
    existing = next((each.host for each in used_repositories(base.spec)), None)
    host = base.context.registry_host if own_images(base.spec) else existing
    return pulumi.Output.from_input(host) if host is not None else None
