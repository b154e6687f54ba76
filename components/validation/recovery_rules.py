"""Rules over `recovery`: the mode, the standby region, and what is copied there."""

from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError
from providers.contract.images import parse_image
from providers.contract.spec import Platform

ONLY_WITH_COPIES = ("retention_days", "lock")
"""Keys of `recovery` that only apply to copies; a standby region without copies is an adjustment."""


def check_mode(spec: Platform) -> Iterator[ConfigError]:
    """Refuse the mode that is not available yet."""
    if spec.recovery.mode == "warm" and spec.cloud != "docker":
        yield ConfigError("recovery.mode", '"warm" is not available yet', "use none or backup")


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
    elif region == home_region(spec):
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
    if database is None and storage is None and not spec.secrets and not own_images:
        problem = f'"{spec.recovery.mode}" copies nothing: the platform has no database, storage, secrets or own images'
        yield ConfigError("recovery.mode", problem, "use none")
    if database is not None and database.backup.retention_days == 0:
        problem = f"0 keeps no backup that `recovery.mode: {spec.recovery.mode}` could copy"
        yield ConfigError("database.backup.retention_days", problem, "use 1 to 35")
    if storage is not None and not storage.versioning:
        problem = f"false excludes copies of objects, which `recovery.mode: {spec.recovery.mode}` requires"
        yield ConfigError("storage.versioning", problem, "set it to true")


def _makes_copies(spec: Platform) -> bool:
    """False for the modes that are refused on the cloud as a whole."""
    return spec.recovery.mode == "backup" and spec.cloud != "docker"


def home_region(spec: Platform) -> str | None:
    """Region or location of the cloud's block."""
    blocks = {"aws": spec.aws and spec.aws.region, "gcp": spec.gcp and spec.gcp.region}
    return {**blocks, "azure": spec.azure and spec.azure.location}.get(spec.cloud)
