"""What stands already: the data that a database's volume holds, and the images that are here. Pure."""

from providers.contract.diagnostics import legacy_error, listed
from providers.contract.preflight import CheckResult
from providers.contract.spec import Platform
from providers.docker.base.platform_images import image_of, roles_of
from providers.docker.preflight.host import Host


def image_keys(spec: Platform) -> dict[str, str]:
    """Image by the key that names it: services first, then roles."""
    services = {f"services.{name}.image": service.image for name, service in spec.services.items()}
    return {**services, **{f"docker.images.{role}": image_of(spec, role) for role in roles_of(spec)}}


def seen_images(host: Host, spec: Platform) -> CheckResult:
    """Whether the images are here; whether a registry has the others, only a pull tells."""
    keys = image_keys(spec)
    if not host.absent:
        return CheckResult("images", f"all {len(keys)} are on this machine")
    names = listed((key for key, image in keys.items() if image in host.absent), "and")
    advice = "Docker pulls what is missing at the first `up`, where the registries can be reached"
    return CheckResult("images", f"not on this machine yet: {names}", unasked=advice)


def seen_data(host: Host, spec: Platform) -> CheckResult:
    """Whether the server can open the volume that stands: each major version opens only its own."""
    database = spec.database
    if database is None or not host.written_by:
        return CheckResult("database volume", "none stands yet" if database else "the platform has no database")
    versions = listed(host.written_by, "and")
    if database.version in host.written_by:
        return CheckResult("database volume", f"PostgreSQL {versions} wrote it")
    advice = (
        f"cannot open the volume of this stack, which PostgreSQL {versions} wrote; set it back to "
        f'"{host.written_by[0]}", or restore the last dump into a new stack'
    )
    return CheckResult("database volume", "", (legacy_error("database.version", database.version, advice),))
