"""This machine, asked before an update whether it can take the stack, and after a failure what it knows of it.

Docker answers over its socket; ports are tried on the machine itself where Docker is here and not elsewhere.
"""

from collections.abc import Sequence

from providers.contract.diagnostics import ConfigError, legacy_error, listed
from providers.contract.preflight import CheckResult, Environment, HostChecks
from providers.contract.spec import Platform
from providers.docker.base.platform_images import image_keys
from providers.docker.preflight.capacity import seen_cpus, seen_memory
from providers.docker.preflight.diagnosis import explain
from providers.docker.preflight.host import Host
from providers.docker.preflight.inspection import look
from providers.docker.preflight.ports import seen_ports

SUBJECT = "Docker"
START = "start Docker there, and let this user reach it"


def preflight(spec: Platform, stack: str, environment: Environment) -> Sequence[CheckResult]:
    """What this machine has in the way of a stack."""
    return seen(look(spec, stack, environment), spec, stack)


def seen(host: Host, spec: Platform, stack: str) -> Sequence[CheckResult]:
    """What a machine that was found so has in the way of a stack; without Docker nothing more can be said."""
    if host.unasked:
        return (
            CheckResult(SUBJECT, host.unasked, unasked="run `docker info`; ports, memory and images are not looked at"),
        )
    if host.silent:
        return (CheckResult(SUBJECT, "", (_silent(host),)),)
    return (
        CheckResult(SUBJECT, f"Docker {host.version} answers at {host.address}"),
        seen_ports(host, spec, stack),
        seen_memory(host, spec),
        seen_cpus(host, spec),
        seen_data(host, spec),
        seen_images(host, spec),
    )


def _silent(host: Host) -> ConfigError:
    if host.named:
        advice = f"is where no Docker answers ({host.silent}); {START}, or let DOCKER_HOST name where it is"
        return legacy_error("DOCKER_HOST", host.address, advice)
    advice = f"needs a Docker, and none answers at {host.address} ({host.silent}); {START}, or set DOCKER_HOST to its address"
    return legacy_error("cloud", "docker", advice)


HOST_CHECKS = HostChecks(preflight, explain)


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
