"""Monthly cost that a recovery mode adds on Azure, in units of the price table. Pure."""

from collections.abc import Iterator

from providers.azure.cache.sizes import cache_sku
from providers.azure.compute.sizes import COLLECTOR_SIZE, has_collector
from providers.azure.database.sizes import disk_gib, server_size
from providers.azure.network.zone_names import ZONE_BY_SUBRESOURCE, private_zones
from providers.contract.images import own_images
from providers.contract.recovery_costs import HOURS, mode_costs
from providers.contract.recovery_plan import CostItem
from providers.contract.spec import Platform

DAYS_PER_MONTH = 30


def costs(spec: Platform) -> Iterator[CostItem]:
    """Return the monthly cost of the mode of the spec, by part; mode none adds nothing."""
    return mode_costs(spec, _copies, _data, _replicas, _place)


def _copies(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of what holds copies, in the modes backup and warm."""
    if spec.database is not None and spec.database.backup.retention_days:
        if spec.recovery.mode == "backup":
            size = spec.database.storage_gib
            yield CostItem("second, geo-redundant backup of the database", size, "postgres.backup_above_disk")
        yield CostItem("weekly backups of the database in a geo-redundant vault", 0)
    if own_images(spec) and spec.network.private_endpoints:
        yield CostItem("registry in the standby region", DAYS_PER_MONTH, "acr.premium")
    elif own_images(spec):
        yield CostItem("registry in the standby region, tier Standard", 0)
    yield CostItem("second vault with copies of the secrets", 0)
    if spec.storage is not None:
        yield CostItem("copies of objects in the standby region", 0)


def _data(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of the replica, which has the size of its source, and of a cache with one node."""
    if spec.database is not None:
        size = server_size(spec.database, replicated=True)
        yield CostItem("replica of the database", HOURS, f"postgres.{size.name}")
        yield CostItem("disk of the replica", disk_gib(spec.database), "postgres.storage")
    for cache in spec.all_caches:
        what = f"{cache.title.removeprefix('the ')} in the standby region"
        yield CostItem(what, HOURS, f"redis.{cache_sku(cache.settings.memory_gib)}")


def _replicas(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of the replicas that run while the home region serves, at the rate of idle ones."""
    for name, service in spec.services.items():
        seconds = min(spec.recovery.standby_replicas, service.replicas.min) * HOURS * 3600
        if service.port is None or not seconds:
            continue
        vcpu, memory = service.size.vcpu, service.size.memory_gib
        if has_collector(spec, service):
            vcpu, memory = vcpu + COLLECTOR_SIZE.vcpu, memory + COLLECTOR_SIZE.memory_gib
        yield CostItem(f"CPU of {name} in the standby region", seconds * vcpu, "aca.vcpu.idle")
        yield CostItem(f"memory of {name} in the standby region", seconds * memory, "aca.memory")


def _place(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of the network and the environment, which are the same in both roles."""
    yield CostItem("load balancer of the environment in the standby region", HOURS, "aca.environment.balancer")
    if spec.public:
        yield CostItem("Dedicated Plan Management for the second private link", HOURS, "aca.dedicated_plan")
    if spec.network.egress != "none":
        yield CostItem("NAT gateway in the standby region", HOURS, "nat.hour")
        yield CostItem("address of the NAT gateway", HOURS, "ip.standard")
    zones = private_zones(spec, "")
    endpoints = sum(zone in ZONE_BY_SUBRESOURCE.values() for zone in zones.values())
    if endpoints:
        yield CostItem("private endpoints in the standby region", endpoints * HOURS, "privatelink.hour")
    if zones:
        yield CostItem("private zones in the standby region", len(zones), "dns.private_zone")
    if spec.monitoring.prometheus:
        yield CostItem("Grafana and metrics of services in the standby region", 0)
