"""Checks of ports, memory and CPUs: what a stack needs, compared with the host. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from math import floor

from providers.contract.diagnostics import ConfigError, Diagnostic, listed
from providers.contract.egress import checks_names, listed_hosts
from providers.contract.preflight import CheckResult
from providers.contract.spec import Platform
from providers.docker.compute.sizes import CACHE_OVERHEAD, running_replicas, sizes_by_key, total_memory_gib
from providers.docker.monitoring.limits import has_log_store
from providers.docker.network.flows import subnets
from providers.docker.preflight.host import (
    DASHBOARD_PART,
    Host,
    RequiredPort,
    RunningContainer,
    owner_of,
    required_ports,
)

PORT_KEY = "docker.entry_port"
PLATFORM_MEMORY_GIB = 2.0
"""Approximate memory of proxy, Prometheus, exporters, backups and object store."""
TEMPO_MEMORY_GIB = 0.5
"""Memory limit of Tempo, which runs with `monitoring.tracing`."""
LOG_STORE_MEMORY_GIB = 0.25
"""Memory limit of the log store, which runs with `monitoring.dashboards`."""
HOST_PROXY_MEMORY_GIB = 0.0625
"""Memory limit of the proxy of a host outside."""
ENTRY_CPUS = 2
"""CPU limit of the entry, which no key changes."""
STEP_GIB = 0.25
SUGGESTED_BLOCKS = range(20, 256)
"""Second numbers of the suggested blocks 10.<number>.0.0/16, from the default of `network.cidr`."""


def check_ports(host: Host, spec: Platform, stack: str) -> CheckResult:
    """Check that the platform's ports are free or its own."""
    ports = required_ports(spec, stack)
    refusals = tuple(refusal for port in ports for refusal in _port_refusals(host, port, stack))
    states = listed((_port_state(host, port, stack) for port in ports), "and")
    return CheckResult("ports", states or "the platform needs none", refusals)


def _port_state(host: Host, required: RequiredPort, stack: str) -> str:
    own = any(_is_own(host, owner, required, stack) for owner in _containers_on(host, required))
    return f"{required.port.number} is {'used by this stack' if own else 'free'}"


def _containers_on(host: Host, required: RequiredPort) -> list[RunningContainer]:
    return [
        container
        for container in host.containers
        if any(port.conflicts_with(required.port) for port in container.ports)
    ]


def _port_refusals(host: Host, required: RequiredPort, stack: str) -> Iterator[Diagnostic]:
    owners = _containers_on(host, required)
    for owner in owners:
        if not _is_own(host, owner, required, stack):
            yield _used_by_container(host, required, owner, stack)
    process = host.port_owners.get(required.port.number)
    # the process of a published port is Docker's own
    if not owners and process is not None:
        fix = f"stop it, or {_other_port(host, required)}"
        yield ConfigError(PORT_KEY, problem=f"{required.use} is used by {process}", fix=fix)


def _is_own(host: Host, owner: RunningContainer, required: RequiredPort, stack: str) -> bool:
    return host.has_own(owner, stack) and owner.is_part(stack, required.part)


def _used_by_container(host: Host, required: RequiredPort, owner: RunningContainer, stack: str) -> ConfigError:
    if host.has_own(owner, stack):
        part = "dashboard" if owner.is_part(stack, DASHBOARD_PART) else "entry"
        problem = f"{required.use} is used by this stack's own {part} ({owner.name}) until that is replaced"
        return ConfigError(PORT_KEY, problem=problem, fix=_other_port(host, required))
    return ConfigError(
        PORT_KEY,
        problem=f"{required.use} is used by the container {owner.name}{owner_of(owner)}",
        fix=f"stop it, or {_other_port(host, required)}",
    )


def _other_port(host: Host, required: RequiredPort) -> str:
    example = f", such as {host.free_port}" if host.free_port else ""
    return f"set {PORT_KEY} to a free port{example}{required.other_fix}"


def check_networks(host: Host, spec: Platform, stack: str) -> CheckResult:
    """Check that no other network of the host has addresses of this platform's networks."""
    blocks = subnets(spec).values()
    conflicts = [
        (network, block)
        for network in host.networks
        for block in network.blocks
        if not host.has_own(network, stack) and any(block.overlaps(own) for own in blocks)
    ]
    if not conflicts:
        return CheckResult("networks", f"the blocks in {spec.network.cidr} are free or used by this stack")
    network, block = conflicts[0]
    others = f" and {len(conflicts) - 1} more" if len(conflicts) > 1 else ""
    problem = f"{spec.network.cidr} overlaps with {block}, the network {network.name}{owner_of(network)}{others}"
    free = _free_block(host)
    fix = f"set it to a free block{f', such as {free}' if free else ''}"
    return CheckResult("networks", "", (ConfigError("network.cidr", problem, fix),))


def _free_block(host: Host) -> IPv4Network | None:
    """Block of the default size that no network of the host overlaps."""
    used = [block for network in host.networks for block in network.blocks]
    candidates = (IPv4Network(f"10.{number}.0.0/16") for number in SUGGESTED_BLOCKS)
    return next((block for block in candidates if not any(block.overlaps(other) for other in used)), None)


@dataclass(frozen=True)
class MemoryRequest:
    """Configuration key that requests memory for each of its replicas."""

    key: str
    memory_gib: float
    replicas: int = 1
    overhead: float = 1.0

    @property
    def total_gib(self) -> float:
        """Memory limit of all replicas."""
        return self.memory_gib * self.replicas * self.overhead

    def __str__(self) -> str:
        replicas = f" for each of {self.replicas} replicas" if self.replicas > 1 else ""
        return f"{self.key} ({self.memory_gib:g}{replicas})"


def platform_memory_gib(spec: Platform) -> float:
    """Return the approximate memory of the platform's own containers."""
    proxies = len(listed_hosts(spec)) if checks_names(spec) else 0
    tempo = TEMPO_MEMORY_GIB if spec.monitoring.tracing is not None else 0
    logs = LOG_STORE_MEMORY_GIB if has_log_store(spec) else 0
    return PLATFORM_MEMORY_GIB + tempo + logs + proxies * HOST_PROXY_MEMORY_GIB


def check_memory(host: Host, spec: Platform) -> CheckResult:
    """Check that the host has the memory that all containers may use together."""
    required_gib = total_memory_gib(spec)
    detail = (
        f"{required_gib:g} GiB requested and about {platform_memory_gib(spec):g} GiB for the platform's own containers, of "
        f"{host.memory_gib:.1f} GiB"
    )
    return CheckResult("memory", detail, tuple(_memory_refusals(host, spec, required_gib)))


def _memory_refusals(host: Host, spec: Platform, required_gib: float) -> Iterator[Diagnostic]:
    own_gib = platform_memory_gib(spec)
    if required_gib + own_gib <= host.memory_gib:
        return
    largest, *others = sorted(_memory_requests(spec), key=lambda request: -request.total_gib)
    yield ConfigError(
        largest.key,
        problem=(
            f"{largest.memory_gib:g} GiB is too much for this host: services, database and cache may use {required_gib:g} "
            f"GiB together and the platform's own containers about {own_gib:g}, but Docker has "
            f"{host.memory_gib:.1f}"
        ),
        fix=_memory_fix(host.memory_gib - own_gib, required_gib, largest, others) + _without_steps(spec),
    )


def _memory_fix(usable_gib: float, required_gib: float, largest: MemoryRequest, others: list[MemoryRequest]) -> str:
    """Largest value that fits for the largest request, else the keys to reduce together."""
    available_gib = usable_gib - (required_gib - largest.total_gib)
    max_gib = floor(available_gib / largest.replicas / largest.overhead / STEP_GIB) * STEP_GIB
    if max_gib >= STEP_GIB:
        return f"set it to {max_gib:g} or less"
    return f"reduce it and {listed(others, 'and')}" if others else "use a host with more memory"


def _without_steps(spec: Platform) -> str:
    """Clause for services whose rollout runs two revisions at the same time."""
    keys = [f"services.{name}.rollout.strategy" for name in spec.services_in_steps]
    both = "which runs both revisions of a service at the same time"
    return f", or set {listed(keys, 'and')} to rolling instead of a strategy in steps, {both}" if keys else ""


def _memory_requests(spec: Platform) -> Iterator[MemoryRequest]:
    for name, service in spec.services.items():
        yield MemoryRequest(f"services.{name}.size.memory_gib", service.size.memory_gib, running_replicas(service))
    if spec.database is not None:
        yield MemoryRequest("database.size.memory_gib", spec.database.size.memory_gib)
    for cache in spec.all_caches:
        yield MemoryRequest(f"{cache.key}.memory_gib", cache.settings.memory_gib, overhead=CACHE_OVERHEAD)


def check_cpus(host: Host, spec: Platform) -> CheckResult:
    """Check that no container has a limit above the host's CPUs, which Docker rejects."""
    detail = f"no container needs more than the {host.cpus} of this host"
    weight = "; on a busy host all containers together get the CPU time of one process (cgroup version 1)"
    return CheckResult("CPUs", detail + weight * host.has_single_cpu_weight, tuple(_cpu_refusals(host, spec)))


def _cpu_refusals(host: Host, spec: Platform) -> Iterator[Diagnostic]:
    if spec.public and host.cpus < ENTRY_CPUS:
        yield ConfigError(
            "cloud",
            problem=f"docker needs {ENTRY_CPUS} CPUs for the entry, but this host has {host.cpus}",
            fix="use a host with more CPUs",
        )
    for key, size in sizes_by_key(spec).items():
        if size.vcpu > host.cpus:
            yield ConfigError(
                f"{key}.vcpu",
                problem=f"{size.vcpu:g} exceeds the {host.cpus} CPUs of this host",
                fix=f"set it to {host.cpus} or less",
            )
