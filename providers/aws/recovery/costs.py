"""Monthly cost that a recovery mode adds on AWS, in units of the price table. Pure."""

from collections.abc import Iterator

from providers.aws.cache.sizes import cache_node
from providers.aws.compute.sizes import fargate
from providers.aws.database.sizes import database_class
from providers.aws.entry.managed_rules import rule_count
from providers.aws.network.flows import private_services
from providers.contract.recovery_costs import HOURS, mode_costs
from providers.contract.recovery_plan import CostItem
from providers.contract.recovery_promises import IMAGES_GB, OBJECTS_GB
from providers.contract.spec import Platform

ARCHITECTURES = {"amd64": "fargate", "arm64": "fargate.arm"}


def costs(spec: Platform) -> Iterator[CostItem]:
    """Return the monthly cost of the mode of the spec, by part; mode none adds nothing."""
    return mode_costs(spec, _copies, _data, _replicas, _entry)


def _copies(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of what holds copies, in the modes backup and warm."""
    if spec.database is not None and spec.database.backup.retention_days:
        yield CostItem("daily snapshots in the vaults of both regions", 0)
        yield CostItem("copies of database backups", spec.database.storage_gib, "rds.backup_above_disk")
    if spec.storage is not None:
        yield CostItem("copies of objects", OBJECTS_GB, "s3.standard")
    yield CostItem("copies of images", IMAGES_GB, "ecr.storage")
    yield CostItem("copies of secrets", len(spec.secrets), "secretsmanager.secret")
    yield CostItem("keys in the standby region", 2 if spec.recovery.mode == "warm" else 1, "kms.key")


def _data(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of the replica and of the cache, each in one zone."""
    if spec.database is not None:
        sku = f"rds.postgres.{database_class(spec.database.size)}"
        yield CostItem("replica of the database", HOURS, sku)
        yield CostItem("disk of the replica", spec.database.storage_gib, "rds.gp3")
    for cache in spec.all_caches:
        sku = f"elasticache.valkey.{cache_node(cache.settings.memory_gib)}"
        yield CostItem(f"{cache.title.removeprefix('the ')} in the standby region", HOURS, sku)


def _replicas(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of the replicas that run while the home region serves."""
    for name, service in spec.services.items():
        hours = min(spec.recovery.standby_replicas, service.replicas.min) * HOURS
        if service.port is not None and hours:
            size, sku = fargate(service.size), ARCHITECTURES[service.architecture]
            yield CostItem(f"CPU of {name} in the standby region", hours * size.vcpu, f"{sku}.vcpu")
            yield CostItem(f"memory of {name} in the standby region", hours * size.memory_gib, f"{sku}.memory")


def _entry(spec: Platform) -> Iterator[CostItem]:
    """Yield the cost of the network and the entry, which are the same in both roles."""
    if spec.network.egress != "none":
        yield CostItem("NAT gateway in the standby region", HOURS, "nat.hour")
        yield CostItem("address of the NAT gateway", HOURS, "ipv4.hour")
    hours = len(private_services(spec)) * spec.network.zones * HOURS
    if hours:
        yield CostItem("endpoints in the standby region", hours, "vpce.interface.hour")
    if spec.public:
        yield CostItem("load balancer in the standby region", HOURS, "alb.hour")
        rules = rule_count(spec)
        yield CostItem("web ACL in the standby region", 1, "waf.acl")
        yield CostItem("rules of the web ACL", rules, "waf.rule")
