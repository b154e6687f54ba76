"""Rules over the keys of the platform: cloud, tags, domain, egress, database."""

from collections.abc import Iterator

from providers import AVAILABLE
from providers.contract.diagnostics import ConfigError, listed
from providers.contract.spec import Platform
from providers.contract.spec.data import IN_MIB, minutes_of

RESERVED_TAGS = ("project", "stack", "managed-by")
DAY_MINUTES = 24 * 60


def check_cloud_block(spec: Platform) -> Iterator[ConfigError]:
    """Require an adapter of the chosen cloud, and its block."""
    if spec.cloud not in AVAILABLE:
        yield ConfigError("cloud", f"there is no adapter for {spec.cloud} yet", f"use {listed(AVAILABLE)}")
    elif spec.block is None:
        yield ConfigError(spec.cloud, f"missing; cloud {spec.cloud} needs this block", "add it with account and region")


def check_tags(spec: Platform) -> Iterator[ConfigError]:
    """Refuse the platform's own tags, which would replace the user's."""
    for key in spec.tags:
        if key.lower() in RESERVED_TAGS:
            problem = f"the platform sets this tag itself ({listed(RESERVED_TAGS, 'and')} are taken)"
            yield ConfigError(f"tags.{key}", problem, "use another name")


def check_domain_zone(spec: Platform) -> Iterator[ConfigError]:
    """Require that the domain is the zone or a name in it."""
    domain, zone = spec.ingress.domain, spec.ingress.dns_zone
    if domain is None and zone is not None:
        yield ConfigError(
            "ingress.dns_zone", f'"{zone}" has no effect without `ingress.domain`', "set the domain, or remove the zone"
        )
    elif domain is not None and zone is not None and domain != zone and not domain.endswith(f".{zone}"):
        yield ConfigError(
            "ingress.domain", f'"{domain}" is outside the zone {zone}', f"use a name that ends in .{zone}"
        )


def check_domain_use(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a domain without a routed service."""
    if spec.ingress.domain is not None and not spec.public:
        problem = f'"{spec.ingress.domain}" leads to no service; none has a `path`'
        yield ConfigError("ingress.domain", problem, "give a service a path, or remove the domain")


def check_closed_egress(spec: Platform) -> Iterator[ConfigError]:
    """Require private endpoints without egress: images, logs and secrets need a way."""
    if spec.network.egress == "none" and not spec.network.private_endpoints:
        problem = "none needs `network.private_endpoints: true`; images could not be pulled and secrets not be read"
        yield ConfigError("network.egress", problem, "set network.private_endpoints to true, or use single")


def check_disk(spec: Platform) -> Iterator[ConfigError]:
    """Require storage_gib <= max_storage_gib."""
    database = spec.database
    if database is not None and database.max_storage_gib < database.storage_gib:
        problem = f"{database.max_storage_gib} is less than storage_gib ({database.storage_gib})"
        yield ConfigError("database.max_storage_gib", problem, f"use {database.storage_gib} or more")


def check_windows(spec: Platform) -> Iterator[ConfigError]:
    """Require that the hours of backups (daily) and of maintenance (weekly) do not overlap, across midnight either."""
    database = spec.database
    if database is None or database.backup.retention_days == 0:
        return
    backup, maintenance = database.backup.window_start, database.maintenance.window_start
    apart = (minutes_of(maintenance) - minutes_of(backup)) % DAY_MINUTES
    if min(apart, DAY_MINUTES - apart) < 60:
        problem = f'"{backup}" overlaps the maintenance hour at {maintenance}'
        yield ConfigError("database.backup.window_start", problem, "keep the two an hour apart")


def check_parameters(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a size in MiB and in PostgreSQL's own unit at once."""
    parameters = spec.database.parameters if spec.database else {}
    for in_mib, name in IN_MIB.items():
        if in_mib in parameters and name in parameters:
            yield ConfigError(f"database.parameters.{name}", f"also set as {in_mib}", "keep one of the two")
        value = parameters.get(in_mib, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            yield ConfigError(
                f"database.parameters.{in_mib}", "must be a whole number above 0", "write the size in MiB"
            )
