"""Monthly cost of declared resources as quantities of price units, and the usage that is assumed for them. Pure.

Every `providers/<cloud>/cost/charges.py` ends with `COST: CloudCost = ...`: which resource types cost what, which cost
nothing separately, and which are left out of the estimate. A type in none of the three is unknown, never free. Prices are
data: `providers/<cloud>/cost/prices/<region>.json`, read by `automation.cost.prices`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from providers.contract.declaration import DeclaredResource, ResourceSet
from providers.contract.schedule import Schedule, parse_schedule
from providers.contract.spec import Platform

SECONDS_PER_HOUR = 3600
DAYS_PER_MONTH = 30.4
ANY_YEAR = date(2025, 1, 1)
"""First of the 365 days over which the runs of a schedule are counted."""
MEMORY_UNITS_GIB = {"Gi": 1.0, "Mi": 1 / 1024, "Ki": 1 / 1024**2}


NAME_CHECKS = ("azure_firewall.", "ngfw.", "route53.firewall_")
"""Beginnings of the price units of `network.egress_control: names`."""


@dataclass(frozen=True)
class UsageKey:
    """Assumption about the use of a platform in a month: its default, and its meaning."""

    name: str
    default: float
    meaning: str


USAGE: tuple[UsageKey, ...] = (
    UsageKey("hours", 730, "hours of a month"),
    UsageKey("requests_millions", 1, "requests of clients, in millions"),
    UsageKey("internet_gb", 50, "data sent to clients, in GB"),
    UsageKey("nat_gb", 50, "data of outbound connections through the NAT gateways, in GB"),
    UsageKey("dns_queries_millions", 10, "DNS queries of the services where names of hosts are checked, in millions"),
    UsageKey("private_endpoints_gb", 50, "data through private endpoints, in GB"),
    UsageKey("load_balancer_units", 1, "capacity units (LCU) that the load balancer of AWS uses on average"),
    UsageKey("objects_gb", 50, "objects in the bucket, in GB"),
    UsageKey("images_gb", 5, "images in the registry, in GB"),
    UsageKey("images_scanned", 5, "images that are pushed and scanned"),
    UsageKey("database_backups_gb", 20, "stored database backups, in GB; AWS and Azure bill what exceeds the disk"),
    UsageKey("cache_snapshots_gb", 1, "stored snapshots of the cache, in GB"),
    UsageKey("service_logs_gb", 20, "logs of services and data stores, in GB"),
    UsageKey("flow_logs_gb", 10, "flow logs of the network, in GB"),
    UsageKey("waf_logs_gb", 1, "logs of the WAF and of access to the entry, in GB"),
    UsageKey(
        "samples_millions_per_replica", 90, "Prometheus samples of one replica, in millions: 500 series every 15 s"
    ),
    UsageKey("traces_millions", 0.1, "recorded traces, in millions: sample_percent of the requests"),
    UsageKey("traces_gb", 1, "stored spans, in GB"),
    UsageKey("insights_metrics_per_task", 75, "metrics of Container Insights for one task"),
    UsageKey("insights_metrics_of_cluster", 60, "metrics of Container Insights for the cluster"),
    UsageKey("grafana_users", 2, "active users of the managed Grafana"),
    UsageKey("busy_percent", 20, "time in which a minimum replica billed by request answers requests, in percent"),
    UsageKey("active_percent", 100, "time in which a minimum replica of Container Apps is active, in percent"),
    UsageKey("job_minutes", 10, "length of one run of a scheduled job, in minutes"),
    UsageKey("drill_hours", 2, "length of one restore drill, in hours"),
)
"""Every assumption that a usage file may set."""


def default_usage(name: str) -> float:
    """Return the default of an assumption; raises LookupError for a name that is none."""
    defaults = {key.name: key.default for key in USAGE}
    return defaults[name]


@dataclass(frozen=True)
class Charge:
    """Quantity of a price unit at minimum and at maximum replicas; `usage` names the assumptions that it depends on."""

    what: str
    sku: str
    minimum: float
    maximum: float
    usage: tuple[str, ...] = ()


def fixed(what: str, sku: str, quantity: float, *usage: str) -> Charge:
    """Return a charge that does not depend on the number of replicas."""
    return Charge(what, sku, quantity, quantity, usage)


@dataclass(frozen=True)
class ReplicaCount:
    """Minimum and maximum number of replicas."""

    minimum: float
    maximum: float

    def __add__(self, other: "ReplicaCount") -> "ReplicaCount":
        return ReplicaCount(self.minimum + other.minimum, self.maximum + other.maximum)


@dataclass(frozen=True)
class CostSite(ResourceSet):
    """Stack that is estimated: the priced resources, its spec, and usage by key."""

    spec: Platform
    usage: Mapping[str, float]

    @property
    def hours(self) -> float:
        """Hours of a month."""
        return self.usage["hours"]

    @property
    def seconds(self) -> float:
        """Seconds of a month."""
        return self.hours * SECONDS_PER_HOUR

    def needed_by(self, resource: DeclaredResource, short_type: str) -> DeclaredResource:
        """Return the only resource of a type that `resource` refers to; raises LookupError."""
        found = [each for each in self.of_type(short_type) if each.urn in resource.depends_on]
        if len(found) != 1:
            raise LookupError(f"it refers to {len(found)} resources of the type {short_type}")
        return found[0]

    def share(self, key: str, resource: DeclaredResource, peers: Iterable[DeclaredResource] | None = None) -> float:
        """Return the part of a usage that falls to one of several equal resources; a standby region has its own copy."""
        equal = self.of_type(resource.type) if peers is None else tuple(peers)
        count = sum(self.in_standby_region(each) == self.in_standby_region(resource) for each in equal)
        return self.usage[key] / max(count, 1)

    def in_standby_region(self, resource: DeclaredResource) -> bool:
        """Return whether a resource is in the standby region, which is then part of its name."""
        region = self.spec.standby_region
        return region is not None and f"-{region}-" in resource.name

    def stored_months(self, retention_days: float, free_days: float = 0) -> float:
        """Return for how many months the logs of a month are stored and paid, once the oldest have expired."""
        return max(retention_days - free_days, 0) / DAYS_PER_MONTH

    def schedule_runs(self, schedule: str) -> float:
        """Return the runs of a checked schedule in a month."""
        return runs_per_month(parse_schedule(schedule), self.hours)

    def job_hours(self, resource: DeclaredResource) -> float:
        """Return the hours in which the job of a resource runs in a month; 0 for a command that only `up` runs."""
        named = [name for name in self.spec.jobs if resource.name.endswith(f"-jobs-{name}")]
        if not named:
            return 0
        job = self.spec.jobs[max(named, key=len)]
        return self.schedule_runs(job.schedule) * self.usage["job_minutes"] / 60


Charges = Callable[[DeclaredResource, CostSite], Iterable[Charge]]


@dataclass(frozen=True)
class CloudCost:
    """Cost of the resource types of one cloud, by short type; each type is in one of the three tables."""

    priced: Mapping[str, Charges]
    free: Mapping[str, str]
    """Types without a separate price, and the reason."""
    excluded: Mapping[str, str] = field(default_factory=dict[str, str])
    """Types whose cost is not estimated, and the reason."""
    read: frozenset[str] = frozenset()
    """Free types that charges of other resources read."""

    @property
    def types(self) -> tuple[str, ...]:
        """Every type that is classified."""
        return (*self.priced, *self.free, *self.excluded)


LOCAL_PREFIXES = ("random:", "tls:")
"""Packages whose resources exist in the state of the stack only."""


def is_local(short_type: str) -> bool:
    """Return whether a resource exists in no cloud."""
    return short_type.startswith(LOCAL_PREFIXES)


def runs_per_month(schedule: Schedule, hours: float) -> float:
    """Return how often a schedule runs in `hours`, averaged over a year."""
    days = sum(schedule.matches(ANY_YEAR + timedelta(days=number)) for number in range(365))
    return days * len(schedule.hours) * len(schedule.minutes) * hours / (365 * 24)


def gib(quantity: object) -> float:
    """Return the GiB of a Kubernetes quantity such as `2048Mi`; raises LookupError for another notation."""
    for suffix, factor in MEMORY_UNITS_GIB.items():
        if isinstance(quantity, str) and quantity.endswith(suffix):
            return float(quantity.removesuffix(suffix)) * factor
    raise LookupError("the memory of a container is not known before the deployment")
