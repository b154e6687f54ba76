"""Monthly cost that a recovery mode adds on Google Cloud, in units of the price table. Pure."""

from collections.abc import Iterator

from providers.contract.recovery_costs import HOURS, mode_costs
from providers.contract.recovery_plan import CostItem
from providers.contract.recovery_promises import IMAGES_GB, OBJECTS_GB
from providers.contract.spec import Platform
from providers.gcp.cache.sizes import instance_memory_gib
from providers.gcp.compute.limits import works_in_background
from providers.gcp.compute.sizes import run_size
from providers.gcp.cost.charges import redis_capacity
from providers.gcp.database.sizes import database_tier


def costs(spec: Platform) -> Iterator[CostItem]:
    """Return the monthly cost of the mode of the spec, by part; mode none adds nothing."""
    return mode_costs(spec, _copies, _data, _replicas, _network)


def _copies(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of what holds copies, in the modes backup and warm."""
    if spec.database is not None and spec.database.backup.retention_days:
        # a compressed export is smaller than the disk, by how much depends on the data
        yield CostItem("exports of the database, one for each day", 0)
    if spec.storage is not None:
        yield CostItem("copies of objects", OBJECTS_GB, "storage.standard")
    yield CostItem("copies of images", IMAGES_GB, "artifact.storage")
    yield CostItem("copies of secrets", len(spec.secrets), "secret.version")
    if spec.recovery.mode == "warm":
        yield CostItem("keys in the standby region", 2, "kms.version")
    else:
        yield CostItem("key in the standby region", 1, "kms.version")


def _data(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of the replica and of the cache, each in one zone."""
    if spec.database is not None:
        tier = database_tier(spec.database.size, spec.home_region)
        kind = "sql.plus.zonal" if tier.edition == "ENTERPRISE_PLUS" else "sql.enterprise.zonal"
        yield CostItem("CPU of the replica of the database", tier.vcpu * HOURS, f"{kind}.vcpu")
        yield CostItem("memory of the replica", tier.memory_gib * HOURS, f"{kind}.memory")
        yield CostItem("disk of the replica", spec.database.storage_gib, "sql.zonal.ssd")
    for cache in spec.all_caches:
        memory = instance_memory_gib(cache.settings.memory_gib)
        sku = f"memorystore.redis.basic.{redis_capacity(memory)}"
        yield CostItem(f"{cache.title.removeprefix('the ')} in the standby region", memory * HOURS, sku)


def _replicas(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of the replicas that run while the home region serves; they answer no requests."""
    for name, service in spec.services.items():
        seconds = min(spec.recovery.standby_replicas, service.replicas.min) * HOURS * 3600
        if service.port is not None and seconds:
            size = run_size(service.size)
            works = works_in_background(spec, service)
            cpu, memory = ("instance.vcpu", "instance.memory") if works else ("request.idle_min", "request.memory")
            yield CostItem(f"CPU of {name} in the standby region", seconds * size.vcpu, f"run.{cpu}")
            yield CostItem(f"memory of {name} in the standby region", seconds * size.memory_gib, f"run.{memory}")


def _network(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of Cloud NAT, whose price is by replica; the load balancer is one for both regions."""
    if spec.network.egress == "none":
        return
    ports = [service for service in spec.services.values() if service.port is not None]
    replicas = sum(min(spec.recovery.standby_replicas, service.replicas.min) for service in ports)
    yield CostItem("Cloud NAT in the standby region", replicas * HOURS, "nat.vm")
    yield CostItem("address of Cloud NAT", HOURS, "ip.nat")
