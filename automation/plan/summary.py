"""Summary of a plan: what is public and guarded by what, who calls whom, data, images, time, and what is to do next. Pure.

The facts come from the spec and from the declared resources; `automation.cli.plan_text` prints them on one screen and
`automation.plan.markdown` as a comment of a pull request.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from automation.cost.summary import CostSummary, cost_summary
from automation.plan.build import AcceptedRisk, OverriddenInput, Plan, PlanAdjustment
from automation.plan.chain import total_minutes
from automation.plan.inventory import Inventory
from automation.stack.document import Stack
from providers import limits, recovery
from providers.contract.authentication import authentication_of, unchecked_variable
from providers.contract.egress import checks_names, hosts_of
from providers.contract.existing_stores import existing_stores
from providers.contract.images import parse_image
from providers.contract.recovery_plan import Incident, Promise, promises_of
from providers.contract.schedule import explain, next_runs
from providers.contract.spec import Platform
from providers.contract.spec.data import CacheInstance, DatabaseSpec, StorageSpec
from providers.contract.tokens import limit_line

GATEWAYS = {
    "ec2:NatGateway": "NAT gateway",
    "compute:RouterNat": "Cloud NAT gateway",
    "network:NatGateway": "NAT gateway",
}
"""Types through which outbound connections leave a private network."""
INTERNET = "internet"
SLOW_STEPS = 3
"""Steps of the longest deploy chain that the summary names, the slowest first."""
MAX_SECRET_COMMANDS = 2
"""Secrets without a value that are set one by one; more are imported from one file."""
NEXT_RUNS = 2
"""Next times of a job that the summary has."""
MIN_STEP_MINUTES = 0.5
"""Shorter steps of a chain are only counted."""
ANY_ADDRESS = "0.0.0.0/0"
STORE_NAMES = {"database": "PostgreSQL", "cache": "Redis"}


@dataclass(frozen=True)
class PublicRoute:
    """Service that the entry routes to, and the authentication that is known; empty when the platform knows of none."""

    service: str
    path: str
    authentication: str
    unchecked_key: str = ""
    """Variable of a key that the application receives, and may or may not check."""


@dataclass(frozen=True)
class Guards:
    """Protection of the entry, the same for every route."""

    waf: bool
    requests_per_minute: int
    """Requests of one client address."""
    clients: tuple[str, ...]
    """Allowed client address ranges; empty for any address."""
    requests_per_key: int | None
    """Requests per minute with one key; None when they are not counted."""
    limited_paths: tuple[str, ...]
    """Paths with a lower limit, such as `/chat 30`."""


@dataclass(frozen=True)
class ServiceConnections:
    """Connections that a service may open: other services, data stores and models, and ports of the internet."""

    service: str
    calls: tuple[str, ...]
    uses: tuple[str, ...]
    internet: str
    """Ports as text; empty for no outbound access."""
    hosts: tuple[str, ...] = ()
    """Hosts outside that the stack file lists, with their ports."""
    alone: bool = False
    """True when the names of hosts are checked, so that no other host is reached."""


@dataclass(frozen=True)
class DataStore:
    """Data store with its size, availability, and how long lost or overwritten data can be restored."""

    name: str
    size: str
    availability: str
    backup: str
    protection: str
    adjusted: bool
    """True when an adjustment changes a part of this."""
    connections: str = ""
    """Connections of a database, and how many each process may open during a rollout; empty for another store."""


@dataclass(frozen=True)
class ServiceImage:
    """Image of a service; `source` is `hosted`, `existing registry`, `own registry` or `to build`."""

    service: str
    image: str
    source: str


@dataclass(frozen=True)
class JobTimes:
    """Job with its service, its schedule in words, and its next times in the job's time zone (ISO 8601)."""

    job: str
    service: str
    schedule: str
    next_runs: tuple[str, ...]


@dataclass(frozen=True)
class ReleaseCommand:
    """Command that `up` runs with a new image of a service before it updates the services."""

    service: str
    command: str
    timeout_minutes: int


@dataclass(frozen=True)
class PlanSummary:
    """Facts that an operator reads before a deployment."""

    stack: str
    profile: str
    cloud: str
    region: str
    resources: int
    url: str
    """Public URL; without a host when the cloud assigns one, empty without a routed service."""
    scheme: str
    public: tuple[PublicRoute, ...]
    guards: Guards
    connections: tuple[ServiceConnections, ...]
    gateways: str
    """Gateways of outbound connections, such as `3 NAT gateways`; empty when there are none."""
    stores: tuple[DataStore, ...]
    log_retention_days: int
    images: tuple[ServiceImage, ...]
    jobs: tuple[JobTimes, ...]
    releases: tuple[ReleaseCommand, ...]
    recovery: Mapping[Incident, Promise]
    """Recovery point and recovery time by failure."""
    cost: CostSummary
    model_cost: str
    """Limits on the cost of model tokens and date of the prices; empty where nothing counts tokens."""
    minutes: float
    slowest: tuple[tuple[str, float], ...]
    """Slowest steps of the longest deploy chain: name and minutes."""
    adjustments: tuple[PlanAdjustment, ...]
    accepted_risks: tuple[AcceptedRisk, ...]
    overridden: tuple[OverriddenInput, ...]
    """Inputs that the stack file overrides."""
    secrets_to_set: tuple[str, ...]
    """Missing secrets that the user sets."""
    generated_secrets: tuple[str, ...]
    """Missing secrets that the first update generates."""
    next_commands: tuple[str, ...]

    @property
    def written_adjustments(self) -> tuple[PlanAdjustment, ...]:
        """Adjustments of settings that the stack file has."""
        return tuple(entry for entry in self.adjustments if entry.written)


def summary_of(plan: Plan, cloud: str | None = None, now: datetime | None = None) -> PlanSummary:
    """Return the summary of a plan; `cloud` is the cloud that the plan was made for instead of the stack file's.

    The next times of jobs are those after `now`.
    """
    stack, spec = plan.stack, plan.stack.spec
    scheme, url = entry_url(spec, plan.inventory)
    return PlanSummary(
        stack=stack.name,
        profile=spec.profile,
        cloud=spec.cloud,
        region=plan.region,
        resources=len(plan.inventory.custom),
        url=url,
        scheme=scheme,
        public=tuple(
            PublicRoute(
                name, service.path or "", str(authentication_of(spec, service)), unchecked_variable(spec, service)
            )
            for name, service in spec.public.items()
        ),
        guards=_guards(spec),
        connections=connections_of(spec),
        gateways=_gateways(plan.inventory),
        stores=tuple(data_stores(spec, {entry.adjustment.key for entry in plan.adjustments})),
        log_retention_days=spec.monitoring.log_retention_days,
        images=tuple(ServiceImage(name, one.image, image_source(spec, name)) for name, one in spec.services.items()),
        jobs=tuple(job_times(spec, now or datetime.now(UTC))),
        releases=tuple(
            ReleaseCommand(name, shlex.join(release.command), release.timeout_minutes)
            for name, release in spec.releases.items()
        ),
        recovery=promises_of(recovery(spec.cloud).promises, spec),
        cost=cost_summary(spec, plan.region, plan.inventory),
        model_cost=limit_line(spec, (now or datetime.now(UTC)).date()),
        minutes=total_minutes(plan.chain),
        slowest=_slowest(plan),
        adjustments=plan.adjustments,
        accepted_risks=plan.accepted_risks,
        overridden=plan.overridden,
        secrets_to_set=stack.secrets_to_set,
        generated_secrets=stack.generated_secrets,
        next_commands=tuple(next_commands(stack, cloud)),
    )


def entry_url(spec: Platform, inventory: Inventory) -> tuple[str, str]:
    """Return scheme and public URL; a host that the cloud assigns is left out, and so are both without an entry."""
    if not spec.public:
        return "", ""
    output = inventory.outputs.get("url")
    url = output if isinstance(output, str) else ""
    if not url:
        # the address is unknown before the first update, or the plan leaves computed values unknown
        url = f"https://{spec.ingress.domain}" if spec.ingress.domain else ""
    scheme, _, host = url.partition("://")
    return scheme, f"{scheme}://" if "<" in host else url


def _guards(spec: Platform) -> Guards:
    ranges = tuple(dict.fromkeys(spec.ingress.allowed_cidrs))
    clients = () if ANY_ADDRESS in ranges else ranges
    ingress, limits_of_paths = spec.ingress, spec.ingress.rate_limit.paths
    return Guards(
        ingress.waf_settings is not None,
        ingress.requests_per_address,
        clients,
        ingress.rate_limit.per_key,
        tuple(f"{limit.prefix} {limit.per_address}" for limit in limits_of_paths),
    )


def connections_of(spec: Platform) -> tuple[ServiceConnections, ...]:
    """Return the connections that each service may open, in the order of the file."""
    outbound = limits(spec.cloud).outbound(spec)
    return tuple(
        ServiceConnections(
            name, service.calls, service.uses, outbound.get(name, ""), hosts_of(spec, name), checks_names(spec)
        )
        for name, service in spec.services.items()
    )


def _gateways(inventory: Inventory) -> str:
    for token, name in GATEWAYS.items():
        count = len(inventory.of_type(token))
        if count:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return ""


def data_stores(spec: Platform, adjusted: set[str]) -> Iterator[DataStore]:
    """Yield the data stores; `adjusted` has the keys of all adjustments."""

    def changed(part: str) -> bool:
        return any(key == part or key.startswith(f"{part}.") for key in adjusted)

    if spec.database is not None:
        budget = limits(spec.cloud).connections(spec)
        yield _database(spec.database, str(budget or ""), adjusted=changed("database"))
    for cache in spec.all_caches:
        yield _cache(cache, limits(spec.cloud).cache_copies(cache.settings), adjusted=changed(cache.key))
    for store in existing_stores(spec):
        name = f"{STORE_NAMES[store.part]} at {store.address}"
        yield DataStore(name, "exists already", "", "backups of its owner", "", adjusted=changed(store.part))
    if spec.storage is not None:
        yield _storage(spec.storage, adjusted=changed("storage"))


def _database(database: DatabaseSpec, connections: str, *, adjusted: bool) -> DataStore:
    size, days = database.size, database.backup.retention_days
    return DataStore(
        name=f"PostgreSQL {database.version}",
        size=f"{size.vcpu:g} vCPU, {size.memory_gib:g} GiB, disk {database.storage_gib}-{database.max_storage_gib} GiB",
        availability=_availability(database.high_availability),
        backup=f"backups kept {days} days" if days else "no backup",
        protection="deletion protection" if database.deletion_protection else "no deletion protection",
        adjusted=adjusted,
        connections=connections,
    )


def _cache(cache: CacheInstance, copies: str, *, adjusted: bool) -> DataStore:
    settings = cache.settings
    return DataStore(
        name=f"Redis {cache.name}".rstrip(),
        size=f"{settings.memory_gib:g} GiB, {settings.eviction}",
        availability=_availability(settings.high_availability),
        backup=copies,
        protection="",
        adjusted=adjusted,
    )


def _storage(storage: StorageSpec, *, adjusted: bool) -> DataStore:
    versions = f"noncurrent versions kept {storage.noncurrent_days} days"
    return DataStore(
        name="bucket",
        size="",
        availability="",
        backup=versions if storage.versioning else "no versions: overwritten objects are lost",
        protection="",
        adjusted=adjusted,
    )


def _availability(high_availability: bool) -> str:
    return "2 zones" if high_availability else "1 zone"


def image_source(spec: Platform, name: str) -> str:
    """Return where the image of a service comes from: `hosted`, `existing registry`, `own registry` or `to build`."""
    service = spec.services[name]
    if not service.built:
        return "to build"
    if name in spec.stored_images:
        return "existing registry"
    return "hosted" if parse_image(service.image).registry else "own registry"


def job_times(spec: Platform, now: datetime) -> Iterator[JobTimes]:
    """Yield the jobs in the order of the file."""
    for name, job in spec.jobs.items():
        times = tuple(time.isoformat(timespec="minutes") for time in next_runs(job, now, NEXT_RUNS))
        yield JobTimes(name, job.service, explain(job), times)


def _slowest(plan: Plan) -> tuple[tuple[str, float], ...]:
    steps = sorted(plan.chain, key=lambda step: -step.minutes)[:SLOW_STEPS]
    return tuple((step.resource.name, step.minutes) for step in steps if step.minutes >= MIN_STEP_MINUTES)


def next_commands(stack: Stack, cloud: str | None = None) -> Iterator[str]:
    """Yield the commands that lead to a running platform, the next one first."""
    if cloud is not None:
        yield f"set `cloud: {cloud}` in Pulumi.{stack.name}.yaml"
    missing = stack.secrets_to_set
    if len(missing) > MAX_SECRET_COMMANDS:
        yield f"agent-platform secret import {stack.name} .env"
    else:
        yield from (f"agent-platform secret set {stack.name} {name}" for name in missing)
    yield f"agent-platform doctor {stack.name}"
    yield f"agent-platform up {stack.name} --create"


def summary_json(summary: PlanSummary) -> Mapping[str, object]:
    """Return the summary as JSON data without the lists that the plan has in full."""
    listed = ("adjustments", "accepted_risks", "overridden", "secrets_to_set", "generated_secrets")
    return {key: value for key, value in asdict(summary).items() if key not in listed}
