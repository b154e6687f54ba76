"""Monthly cost of the resources of a stack on Google Cloud. Pure.

Prices are in `prices/`. Not in it: key and secret operations, DNS queries, traffic between zones and the series that alert
conditions read, which are cents at this size.
"""

import re
from collections.abc import Iterator, Mapping

from providers.contract.cost import Charge, Charges, CloudCost, CostSite, ReplicaCount, fixed, gib
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_mapping
from providers.gcp.cost.free_types import EXCLUDED, FREE
from providers.gcp.database.sizes import PERFORMANCE_GIB

SIDECAR = "metrics"
"""Container that sends the samples of a service to the managed Prometheus."""
SPANS_SIDECAR = "spans"
"""Container that sends the spans of a service to Cloud Trace."""
SPANS_PER_TRACE = 10
"""Assumed spans of a trace over all services."""
MAX_NAT_REPLICAS = 32
"""Replicas above this number add nothing to the price of a gateway."""
FREE_LOG_DAYS = 30
FIRST_RULES = 5
"""Forwarding rules that have one price together."""
CUSTOM_TIER = re.compile(r"db-custom-(?P<vcpu>\d+)-(?P<mib>\d+)")
PERFORMANCE_TIER = re.compile(r"db-perf-optimized-N-(?P<vcpu>\d+)")
REDIS_TIERS = {"BASIC": "basic", "STANDARD_HA": "standard"}
REDIS_CAPACITIES = ((4, "M1"), (10, "M2"), (35, "M3"), (100, "M4"), (300, "M5"))
"""Capacity tier of Memorystore by the most GiB that it has."""


def _service(service: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    replicas = _replicas(service)
    by_request = False
    for container in service.items("template", "containers"):
        idle = _part(container, "resources", "cpuIdle") is True
        by_request = by_request or idle
        yield from _by_request(container, replicas, site) if idle else _by_instance(container, replicas, site)
        if container.get("name") == SIDECAR:
            each, key = site.usage["samples_millions_per_replica"], "samples_millions_per_replica"
            samples = (each * replicas.minimum, each * replicas.maximum)
            yield Charge("Prometheus samples", "monitoring.prometheus", *samples, (key,))
        if container.get("name") == SPANS_SIDECAR:
            spans = site.share("traces_millions", service) * SPANS_PER_TRACE
            yield fixed("spans", "trace.spans", spans, "traces_millions")
    if by_request:
        yield fixed("requests", "run.requests", site.usage["requests_millions"], "requests_millions")


def _replicas(service: DeclaredResource) -> ReplicaCount:
    low, high = service.value("scaling", "minInstanceCount"), service.value("scaling", "maxInstanceCount")
    high = high if high is not None else service.number("template", "scaling", "maxInstanceCount")
    return ReplicaCount(float(str(low or 0)), float(str(high)))


def _by_instance(
    container: Mapping[str, object], replicas: ReplicaCount, site: CostSite, kind: str = "instance"
) -> Iterator[Charge]:
    for part, size in _sizes(container):
        seconds = size * site.seconds
        title = f"{container.get('name')} {part}"
        yield Charge(title, f"run.{kind}.{part}", seconds * replicas.minimum, seconds * replicas.maximum)


def _by_request(container: Mapping[str, object], replicas: ReplicaCount, site: CostSite) -> Iterator[Charge]:
    """Yield the charges of a container whose CPU is allocated during requests; all replicas are busy at the maximum."""
    busy = site.usage["busy_percent"] / 100
    vcpu, memory = (size * site.seconds for _, size in _sizes(container))
    low, high, title = replicas.minimum, replicas.maximum, container.get("name")
    yield Charge(f"{title} vcpu, busy", "run.request.vcpu", vcpu * low * busy, vcpu * high, ("busy_percent",))
    yield Charge(f"{title} vcpu, idle", "run.request.idle_min", vcpu * low * (1 - busy), 0, ("busy_percent",))
    yield Charge(f"{title} memory", "run.request.memory", memory * low, memory * high)


def _sizes(container: Mapping[str, object]) -> tuple[tuple[str, float], tuple[str, float]]:
    limits = _part(container, "resources", "limits")
    if not is_mapping(limits):
        raise LookupError("the limits of a container are not known before the deployment")
    return ("vcpu", float(str(limits["cpu"]))), ("memory", gib(limits["memory"]))


def _part(container: Mapping[str, object], *path: str) -> object:
    value: object = container
    for key in path:
        value = value.get(key) if is_mapping(value) else None
    return value


def _worker_pool(pool: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    count = pool.number("scaling", "manualInstanceCount")
    for container in pool.items("template", "containers"):
        yield from _by_instance(container, ReplicaCount(count, count), site, "worker")


def _job(job: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    share = site.job_hours(job) / site.hours
    for container in job.items("template", "template", "containers") if share else ():
        yield from _by_instance(container, ReplicaCount(share, share), site)


def _schedule(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("schedule", "scheduler.job", 1)


def _database(instance: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    edition = "plus" if instance.value("settings", "edition") == "ENTERPRISE_PLUS" else "enterprise"
    zones = "regional" if instance.value("settings", "availabilityType") == "REGIONAL" else "zonal"
    vcpu, memory_gib = _machine(instance.text("settings", "tier"))
    yield fixed("vCPU", f"sql.{edition}.{zones}.vcpu", vcpu * site.hours)
    yield fixed("memory", f"sql.{edition}.{zones}.memory", memory_gib * site.hours)
    source = _source(instance, site)
    disk = source.number("settings", "diskSize")
    limit = float(str(instance.value("settings", "diskAutoresizeLimit") or 0))
    grown = max(disk, limit) if instance.value("settings", "diskAutoresize") else disk
    yield Charge("disk", f"sql.{zones}.ssd", disk, grown)
    if instance.value("settings", "backupConfiguration", "enabled"):
        yield fixed("backups", "sql.backup", site.usage["database_backups_gb"], "database_backups_gb")


def _source(instance: DeclaredResource, site: CostSite) -> DeclaredResource:
    """Return the instance whose disk a read replica has; any other instance has its own."""
    if instance.value("instanceType") != "READ_REPLICA_INSTANCE":
        return instance
    instances = site.of_type("sql:DatabaseInstance")
    sources = [each for each in instances if each.value("instanceType") != "READ_REPLICA_INSTANCE"]
    if len(sources) != 1:
        raise LookupError("the source of the read replica is not known before the deployment")
    return sources[0]


def _machine(tier: str) -> tuple[float, float]:
    """Return vCPU and GiB of a tier; raises LookupError for one that the stack does not use."""
    custom, performance = CUSTOM_TIER.fullmatch(tier), PERFORMANCE_TIER.fullmatch(tier)
    if custom is not None:
        return int(custom["vcpu"]), int(custom["mib"]) / 1024
    if performance is not None:
        return int(performance["vcpu"]), PERFORMANCE_GIB[int(performance["vcpu"])]
    raise LookupError(f"the size of the tier {tier} is not known")


def _cache(instance: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    memory_gib, tier = instance.number("memorySizeGb"), REDIS_TIERS[instance.text("tier")]
    yield fixed("memory", f"memorystore.redis.{tier}.{redis_capacity(memory_gib)}", memory_gib * site.hours)


def redis_capacity(memory_gib: float) -> str:
    """Return the capacity tier of an instance."""
    return next(name for high, name in REDIS_CAPACITIES if memory_gib <= high)


def _nat(gateway: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    total = ReplicaCount(0, 0)
    region = gateway.value("region")
    for service in site.of_type("cloudrunv2:Service"):
        total += _replicas(service) if service.value("location") == region else ReplicaCount(0, 0)
    pools = (each for each in site.of_type("cloudrunv2:WorkerPool") if each.value("location") == region)
    for pool in pools:
        count = pool.number("scaling", "manualInstanceCount")
        total += ReplicaCount(count, count)
    low, high = (min(count, MAX_NAT_REPLICAS) * site.hours for count in (total.minimum, total.maximum))
    yield Charge("gateway, for each replica", "nat.vm", low, high)
    yield fixed("data", "nat.data", site.share("nat_gb", gateway), "nat_gb")


def _name_policy(policy: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("data that names are checked for", "ngfw.standard", site.share("nat_gb", policy), "nat_gb")


def _address(address: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    if address.value("addressType") == "EXTERNAL":
        yield fixed("public IPv4 address", "ip.nat", site.hours)


def _forwarding_rule(rule: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    rules = site.of_type(rule.type)
    if rules.index(rule) < FIRST_RULES:
        together = site.hours / min(len(rules), FIRST_RULES)
        yield fixed("part of the first five rules", "lb.forwarding_rules.first5", together)
    else:
        yield fixed("rule", "lb.forwarding_rule.more", site.hours)


def _backend(backend: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    data = site.share("internet_gb", backend)
    yield fixed("data through the load balancer", "lb.data", data, "internet_gb")
    yield fixed("data to clients", "transfer.internet", data, "internet_gb")


def _security_policy(policy: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("policy", "armor.policy", 1)
    yield fixed("rules", "armor.rule", policy.length("rules"))
    yield fixed("requests", "armor.requests", site.share("requests_millions", policy), "requests_millions")
    yield fixed("logs", "logging.ingest", site.share("waf_logs_gb", policy), "waf_logs_gb")


def _subnet(subnet: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    logged = [each for each in site.of_type(subnet.type) if each.value("logConfig")]
    if subnet in logged:
        yield fixed("flow logs", "logging.network", site.share("flow_logs_gb", subnet, logged), "flow_logs_gb")


def _log_bucket(bucket: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    amount = site.share("service_logs_gb", bucket)
    months = site.stored_months(bucket.number("retentionDays"), FREE_LOG_DAYS)
    yield fixed("logs", "logging.ingest", amount, "service_logs_gb")
    yield fixed("stored logs", "logging.retention", amount * months, "service_logs_gb")


def _zone(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("zone", "dns.zone", 1)


def _key(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("key version", "kms.version", 1)


def _secret_version(version: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    secret = site.needed_by(version, "secretmanager:Secret")
    locations = secret.length("replication", "userManaged", "replicas") or 1
    yield fixed("secret version in each location", "secret.version", locations)


def _alert(policy: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("conditions", "monitoring.alert.condition", policy.length("conditions"))


def _registry(repository: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("images", "artifact.storage", site.share("images_gb", repository), "images_gb")
    yield fixed("scans", "artifact.scan", site.share("images_scanned", repository), "images_scanned")


def _bucket(_resource: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("objects", "storage.standard", site.usage["objects_gb"], "objects_gb")


PRICED: Mapping[str, Charges] = {
    "artifactregistry:Repository": _registry,
    "cloudrunv2:Job": _job,
    "cloudrunv2:Service": _service,
    "cloudrunv2:WorkerPool": _worker_pool,
    "cloudscheduler:Job": _schedule,
    "compute:Address": _address,
    "compute:BackendService": _backend,
    "compute:GlobalForwardingRule": _forwarding_rule,
    "compute:NetworkFirewallPolicyAssociation": _name_policy,
    "compute:RouterNat": _nat,
    "compute:SecurityPolicy": _security_policy,
    "compute:Subnetwork": _subnet,
    "dns:ManagedZone": _zone,
    "kms:CryptoKey": _key,
    "logging:ProjectBucketConfig": _log_bucket,
    "monitoring:AlertPolicy": _alert,
    "redis:Instance": _cache,
    "secretmanager:SecretVersion": _secret_version,
    "sql:DatabaseInstance": _database,
    "storage:Bucket": _bucket,
}
"""Charges by short type."""

COST = CloudCost(priced=PRICED, free=FREE, excluded=EXCLUDED, read=frozenset(["secretmanager:Secret"]))
