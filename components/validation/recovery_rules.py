"""Rules over `recovery`: the mode, the standby region, and what is copied there."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from providers.contract.capabilities import WARM_STANDBY
from providers.contract.diagnostics import ConfigError, displayed
from providers.contract.images import parse_image
from providers.contract.region_specs import is_warm, standby_cidr
from providers.contract.spec import Platform

ONLY_WITH_COPIES = ("retention_days", "lock")
"""Keys of `recovery` that only apply to copies; a standby region without copies is an adjustment."""
ONLY_WARM = ("active_region", "standby_replicas", "failover_timeout_minutes")
"""Keys of `recovery` that only apply to services in the standby region."""


def check_mode(spec: Platform) -> Iterator[ConfigError]:
    """Refuse services in the standby region on clouds that cannot run them there yet; Docker refuses every mode itself."""
    if spec.recovery.mode == "warm" and spec.cloud not in (*WARM_STANDBY, "docker", "kubernetes"):
        yield ConfigError("recovery.mode", f'"warm" is not available on {spec.cloud} yet', "use none or backup")


def check_warm_keys(spec: Platform) -> Iterator[ConfigError]:
    """Refuse keys that only apply to services in the standby region, where none run."""
    mode = spec.recovery.mode
    if mode == "warm":
        return
    unused = [f"recovery.{key}" for key in ONLY_WARM if key in spec.recovery.model_fields_set]
    unused += ["network.standby_cidr"] if spec.network.standby_cidr is not None else []
    fix = "set recovery.mode to warm, or remove it"
    yield from (ConfigError(key, f"has no effect with `recovery.mode: {mode}`", fix) for key in unused)


def check_active_region(spec: Platform) -> Iterator[ConfigError]:
    """Require that the region that serves is one of the two."""
    active = spec.recovery.active_region
    if not is_warm(spec) or active in (None, spec.home_region, spec.standby_region):
        return
    problem = f"{displayed(active)} is neither the home region nor the standby region"
    yield ConfigError("recovery.active_region", problem, f"use {spec.home_region} or {spec.standby_region}")


def check_automatic_failover(spec: Platform) -> Iterator[ConfigError]:
    """Require an entry that a check can ask: an API that does not answer is no proof that the services do not."""
    if is_warm(spec) and spec.recovery.failover_timeout_minutes is not None and not spec.public:
        problem = "no service is public, so a check cannot distinguish a lost region from an API that does not answer"
        yield ConfigError("recovery.failover_timeout_minutes", problem, "remove it, or set the path of a service")


def check_ranges(spec: Platform) -> Iterator[ConfigError]:
    """Require another range of addresses in the standby region."""
    if not is_warm(spec):
        return
    try:
        other = IPv4Network(standby_cidr(spec))
    except ValueError as error:
        yield ConfigError("network.standby_cidr", str(error), "set it to a range that network.cidr does not contain")
        return
    if other.overlaps(IPv4Network(spec.network.cidr)):
        problem = f"{other} overlaps network.cidr ({spec.network.cidr})"
        yield ConfigError("network.standby_cidr", problem, "use a range that network.cidr does not contain")


def check_unused_keys(spec: Platform) -> Iterator[ConfigError]:
    """Refuse keys that only apply to copies, where nothing is copied."""
    unused = [f"recovery.{key}" for key in ONLY_WITH_COPIES if key in spec.recovery.model_fields_set]
    if spec.recovery.mode == "none":
        fix = "set recovery.mode to backup, or remove it"
        yield from (ConfigError(key, "has no effect with `recovery.mode: none`", fix) for key in unused)
    elif spec.database is None:
        problem = "applies to copies of database backups, and the platform has no database"
        yield from (ConfigError(key, problem, "remove it") for key in unused)


def check_standby_region(spec: Platform) -> Iterator[ConfigError]:
    """Require a standby region, another one than the home region."""
    if not _makes_copies(spec):
        return
    region = spec.standby_region
    if region is None:
        own = "azure.standby_location" if spec.cloud == "azure" else f"{spec.cloud}.standby_region"
        problem = f'"{spec.recovery.mode}" requires a standby region'
        yield ConfigError("recovery.mode", problem, f"set recovery.standby_region or {own}")
    elif region == spec.home_region:
        problem = f'"{region}" is the home region, and copies there would be lost with it'
        yield ConfigError(spec.standby_key, problem, "use another region")


def check_lock(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a lock that nobody can remove on a stack that is not production; there it is a risk to accept."""
    if spec.recovery.lock == "compliance" and spec.profile != "production":
        problem = f'"compliance" can never be removed, and a {spec.profile} stack is deleted one day'
        yield ConfigError("recovery.lock", problem, "use governance")


def check_copied_data(spec: Platform) -> Iterator[ConfigError]:
    """Refuse copies of nothing, database copies without backups, and copies of objects without versions."""
    if not _makes_copies(spec):
        return
    database, storage = spec.database, spec.storage
    own_images = any(parse_image(service.image).registry is None for service in spec.services.values())
    nothing = database is None and storage is None and not spec.secrets and not own_images
    if nothing and spec.recovery.mode == "backup":
        problem = f'"{spec.recovery.mode}" copies nothing: the platform has no database, storage, secrets or own images'
        yield ConfigError("recovery.mode", problem, "use none")
    if database is not None and database.backup.retention_days == 0:
        problem = f"0 keeps no backup that `recovery.mode: {spec.recovery.mode}` could copy"
        if spec.recovery.mode == "warm":
            problem = "0 keeps no backup, which a replica and the copies of `recovery.mode: warm` need"
        yield ConfigError("database.backup.retention_days", problem, "use 1 to 35")
    if storage is not None and not storage.versioning:
        problem = f"false excludes copies of objects, which `recovery.mode: {spec.recovery.mode}` requires"
        yield ConfigError("storage.versioning", problem, "set it to true")


def _makes_copies(spec: Platform) -> bool:
    """False for the modes that are refused on the cloud as a whole."""
    if spec.cloud in ("docker", "kubernetes") or spec.recovery.mode == "none":
        return False
    return spec.recovery.mode == "backup" or spec.cloud in WARM_STANDBY
