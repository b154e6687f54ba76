"""Services of one location, the origin that the entry connects to, and the typed values that monitoring receives."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.azure.base.resources import AzureBaseResources
from providers.azure.cache.resources import AzureCache
from providers.azure.compute.resources import AzureCompute, service_address, service_host
from providers.azure.database.resources import AzureDatabase
from providers.azure.jobs.resources import AzureJobs
from providers.azure.observability.logs import AzureLogs
from providers.azure.storage.resources import AzureStorage
from providers.contract.adapter import DataStores, Watched
from providers.contract.region_specs import is_warm
from providers.contract.results import Copies, Origin, RegionIdentifiers, ServiceIdentifiers, Workloads


@dataclass(frozen=True)
class AzureOrigin(Origin):
    """Container Apps environment that the entry connects to; it serves each app by its host name."""

    environment_id: pulumi.Output[str]
    hosts: Mapping[str, pulumi.Output[str]]
    """Host name of the app by public service."""
    logs: AzureLogs
    apps: Mapping[str, pulumi.Resource]
    """App by public service; it must exist before Front Door connects to it."""
    static_ip: pulumi.Output[str]
    """Address of the environment inside the network, which an Application Gateway connects to."""
    vnet_id: pulumi.Output[str]
    gateway_subnet_id: pulumi.Output[str] | None
    """Subnet of the Application Gateway; None where Front Door is the entry."""
    ready: tuple[pulumi.Resource, ...] = ()
    """Database server, for which requests wait that a failover moves; empty without a standby location."""


@dataclass(frozen=True)
class AzureWorkloads(Workloads):
    """Services, and the resources that alarms and dashboards refer to."""

    compute: AzureCompute


AzureDataStores = DataStores[AzureDatabase, AzureCache, AzureStorage]
AzureWatched = Watched[AzureDatabase, AzureCache, AzureWorkloads, AzureJobs, Copies]


def collect_workloads(
    base: AzureBaseResources, compute: AzureCompute, database: AzureDatabase | None
) -> AzureWorkloads:
    """Return the declared services with their addresses, and the origin of the public ones."""
    addresses = {name: pulumi.Output.from_input(service_address(base, name)) for name in base.spec.services}
    origin = _origin(base, compute, database)
    return AzureWorkloads(addresses, origin, compute, identifiers=_identifiers(base))


def _identifiers(base: AzureBaseResources) -> RegionIdentifiers:
    """Identifiers of the location; apps share one subnet and its rules, so no security group is that of a service."""
    services = {
        name: ServiceIdentifiers(
            identity=identity.principal_id,
            identity_name=identity.name,
            log_group=base.logs.workspace_id,
        )
        for name, identity in base.identity.services.items()
    }
    return RegionIdentifiers(
        services=services,
        network=base.network.vnet_id,
        subnets=(base.network.apps_subnet_id,),
        cluster=base.environment.id,
        registry=next(iter(base.registry.servers.values()), None),
    )


def _origin(base: AzureBaseResources, compute: AzureCompute, database: AzureDatabase | None) -> AzureOrigin | None:
    """Origin of the location; None without a public service."""
    public = base.spec.public
    if not public:
        return None
    return AzureOrigin(
        host=base.environment.default_domain,
        environment_id=base.environment.id,
        hosts={name: service_host(base, name) for name in public},
        logs=base.logs,
        apps={name: compute.apps[name] for name in public},
        static_ip=base.environment.static_ip,
        vnet_id=base.network.vnet_id,
        gateway_subnet_id=base.network.gateway_subnet_id,
        ready=(database.server.resource,) if database is not None and is_warm(base.spec) else (),
    )
