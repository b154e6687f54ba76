"""Preflight checks of a Docker host before an update, and the diagnosis of failed resources after one.

Docker is queried over its socket. Ports are tried only when the daemon runs on this machine.
"""

import re
from collections.abc import Sequence

from providers.contract.diagnostics import ConfigError, listed
from providers.contract.preflight import CheckResult, Environment, HostChecks
from providers.contract.spec import Platform
from providers.docker.base.platform_images import images_by_key
from providers.docker.naming import STATE_FOLDER
from providers.docker.preflight.capacity import check_cpus, check_memory, check_networks, check_ports
from providers.docker.preflight.container_starts import explain_start, list_starting
from providers.docker.preflight.deviations import compare, start
from providers.docker.preflight.diagnosis import explain
from providers.docker.preflight.down_parts import list_down
from providers.docker.preflight.entry import check_entry
from providers.docker.preflight.host import Host
from providers.docker.preflight.inspection import inspect_host
from providers.docker.preflight.stack_objects import find, remove

MIN_VERSION: tuple[int, int] = (20, 10)
RESOLVES_FROM_HOST: tuple[int, int] = (28, 0)
"""Version whose resolver was seen to connect from the host's network (`ExtServers: [host(...)]` in a container's resolv.conf)."""
LINK_LOCAL = "169.254."
START_DOCKER = "start Docker there and give this user access to it"


def preflight(spec: Platform, stack: str, environment: Environment) -> Sequence[CheckResult]:
    """Inspect the host and check that it can run a stack."""
    return check_host(inspect_host(spec, stack, environment), spec, stack)


def check_host(host: Host, spec: Platform, stack: str) -> Sequence[CheckResult]:
    """Check a host for a stack; only the daemon when it does not answer."""
    if host.unchecked:
        advice = "run `docker info`; ports, memory and images are not checked"
        return (CheckResult("Docker", host.unchecked, fix=advice),)
    if host.no_answer:
        return (CheckResult("Docker", "", (_no_answer(host),)),)
    if host.podman or not _is_supported(host.version):
        return (CheckResult("Docker", "", (_unsupported_engine(host),)),)
    return (
        CheckResult("Docker", f"Docker {host.version} answers at {host.address}"),
        check_state(host),
        check_ports(host, spec, stack),
        check_networks(host, spec, stack),
        check_resolvers(host, spec),
        check_memory(host, spec),
        check_cpus(host, spec),
        check_architecture(host, spec),
        check_data_version(host, spec),
        check_images(host, spec),
    )


def check_state(host: Host) -> CheckResult:
    """Check that the state in this folder is not a copy, whose update would replace the containers of the other folder."""
    owner = host.owner
    if not owner.copied_from:
        return CheckResult("state", "has no containers of another folder")
    problem = (
        f"the state in {STATE_FOLDER} was copied from {owner.copied_from}, whose containers an update would replace"
    )
    fix = f"move {STATE_FOLDER} out of this folder, and give the stack its own docker.entry_port and network.cidr"
    return CheckResult("state", "", (ConfigError("stack", problem, fix),))


def _no_answer(host: Host) -> ConfigError:
    if host.address_is_set:
        return ConfigError(
            "DOCKER_HOST",
            problem=f"no Docker daemon answers at {host.address} ({host.no_answer})",
            fix=f"{START_DOCKER}, or set DOCKER_HOST to the address of a running daemon",
        )
    return ConfigError(
        "cloud",
        problem=f"docker needs a Docker daemon, and none answers at {host.address} ({host.no_answer})",
        fix=f"{START_DOCKER}, or set DOCKER_HOST to the address of a running daemon",
    )


def _is_supported(version: str) -> bool:
    """True for Docker 20.10 and later, and for a version that is not numbered like Docker's."""
    return (_numbers(version) or MIN_VERSION) >= MIN_VERSION


def _numbers(version: str) -> tuple[int, int] | None:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return (int(numbers[1]), int(numbers[2])) if numbers else None


def _unsupported_engine(host: Host) -> ConfigError:
    """Engine whose networks do not isolate: Podman's Docker API accepts the options and link-local addresses and drops them."""
    found = f"Podman {host.podman}" if host.podman else f"Docker {host.version}"
    reason = (
        "whose Docker API drops the options that keep containers from this host"
        if host.podman
        else "which is older than 20.10"
    )
    return ConfigError(
        "DOCKER_HOST" if host.address_is_set else "cloud",
        problem=f"docker needs Docker Engine 20.10 or later, and {host.address} is {found}, {reason}",
        fix="set DOCKER_HOST to the address of a Docker daemon",
    )


def check_resolvers(host: Host, spec: Platform) -> CheckResult:
    """Check that containers with outbound access have a DNS server outside of the closed metadata addresses."""
    closed = [address for address in host.resolvers if address.startswith(LINK_LOCAL)]
    connects_from_host = (_numbers(host.version) or MIN_VERSION) >= RESOLVES_FROM_HOST
    if connects_from_host or spec.network.egress == "none" or not closed or len(closed) < len(host.resolvers):
        return CheckResult("DNS", "containers can reach a DNS server of this host" if host.resolvers else "not checked")
    problem = f"the DNS server of this host is {listed(closed, 'and')}, a metadata address that containers cannot reach"
    fix = 'add {"dns": ["<address of another DNS server>"]} to /etc/docker/daemon.json and restart Docker'
    return CheckResult("DNS", "", (ConfigError("network.egress", problem, fix),))


def check_architecture(host: Host, spec: Platform) -> CheckResult:
    """Check that services and their images have the architecture of the daemon, which emulates no other one."""
    refusals = [refusal for name in spec.services if (refusal := _other_architecture(host, spec, name)) is not None]
    return CheckResult("architecture", f"Docker runs linux/{host.architecture or 'unknown'}", tuple(refusals))


def _other_architecture(host: Host, spec: Platform, name: str) -> ConfigError | None:
    service = spec.services[name]
    if host.architecture and service.architecture != host.architecture:
        return ConfigError(
            f"services.{name}.architecture",
            problem=f"{service.architecture} does not run on this host, whose Docker runs {host.architecture}",
            fix=f"set it to {host.architecture}, with an image for it",
        )
    built_for = host.image_architectures.get(service.image) or service.architecture
    if built_for == service.architecture:
        return None
    pull = f"docker pull --platform linux/{service.architecture} {service.image}"
    return ConfigError(
        f"services.{name}.image",
        problem=f'"{service.image}" on this host is for {built_for}, and the service runs on {service.architecture}',
        fix="run `agent-platform images build`" if service.build is not None else f"run `{pull}`",
    )


def check_images(host: Host, spec: Platform) -> CheckResult:
    """Report images that are not on the host; only a pull shows whether a registry has them."""
    images = images_by_key(spec)
    built = [f"services.{name}.image" for name, service in spec.services.items() if service.build is not None]
    missing = [key for key, image in images.items() if image in host.missing_images and key not in built]
    if not missing:
        present = len(images) - len(built)
        return CheckResult("images", f"all {present} are on this host" + (_builds(built) if built else ""))
    advice = "Docker pulls missing images during the first `up` if it can reach their registries"
    return CheckResult("images", f"not on this host yet: {listed(missing, 'and')}", fix=advice)


def _builds(keys: Sequence[str]) -> str:
    return f", and `up` builds {listed(keys, 'and')}"


def check_data_version(host: Host, spec: Platform) -> CheckResult:
    """Check that the existing volume has the server's major version, the only one that it can open."""
    database = spec.database
    if database is None or not host.data_versions:
        return CheckResult("database volume", "does not exist yet" if database else "the platform has no database")
    versions = listed(host.data_versions, "and")
    if database.version in host.data_versions:
        return CheckResult("database volume", f"written by PostgreSQL {versions}")
    refusal = ConfigError(
        "database.version",
        problem=f"{database.version} cannot open the volume of this stack, which PostgreSQL {versions} wrote",
        fix=f'set it to "{host.data_versions[0]}", or restore the last dump into a new stack',
    )
    return CheckResult("database volume", "", (refusal,))


HOST_CHECKS = HostChecks(
    preflight, explain, compare, start, find, remove, list_starting, explain_start, list_down, check_entry
)
