"""Memory and CPUs that the sizes of a stack ask for, beside what this machine has. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

from providers.contract.diagnostics import Diagnostic, legacy_error, listed
from providers.contract.preflight import CheckResult
from providers.contract.spec import Platform
from providers.docker.compute.sizes import CACHE_OVERHEAD, needed_gib, sizes
from providers.docker.preflight.host import Host

OWN_GIB = 2.0
"""What proxy, Prometheus, exporters, backups and object store take beside the sizes of the stack file."""
OWN_CPUS = 2
"""Of the entry, whose limit no key changes."""
STEP_GIB = 0.25


@dataclass(frozen=True)
class Asker:
    """A key that asks for memory, so much for each of so many copies."""

    key: str
    memory_gib: float
    copies: int = 1
    overhead: float = 1.0

    @property
    def total_gib(self) -> float:
        """What all copies may take."""
        return self.memory_gib * self.copies * self.overhead

    def __str__(self) -> str:
        copies = f" in each of {self.copies} copies" if self.copies > 1 else ""
        return f"{self.key} ({self.memory_gib:g}{copies})"


def seen_memory(host: Host, spec: Platform) -> CheckResult:
    """Whether the memory that everything may take together is there."""
    needed = needed_gib(spec)
    told = f"{needed:g} GiB asked for and about {OWN_GIB:g} for the platform's own parts, of {host.memory_gib:.1f}"
    return CheckResult("memory", told, tuple(_memory(host, spec, needed)))


def _memory(host: Host, spec: Platform, needed: float) -> Iterator[Diagnostic]:
    if needed + OWN_GIB <= host.memory_gib:
        return
    first, *others = sorted(_askers(spec), key=lambda asker: -asker.total_gib)
    advice = (
        f"is too much for this machine: services, database and cache may take {needed:g} GiB together and the platform's "
        f"own parts about {OWN_GIB:g}, and Docker has {host.memory_gib:.1f}; {_lower(host, needed, first, others)}"
    )
    yield legacy_error(first.key, _plain(first.memory_gib), advice)


def _lower(host: Host, needed: float, first: Asker, others: list[Asker]) -> str:
    """What would do: a lower value of the one that asks for most, or of several."""
    scope = host.memory_gib - OWN_GIB - (needed - first.total_gib)
    enough = floor(scope / first.copies / first.overhead / STEP_GIB) * STEP_GIB
    if enough >= STEP_GIB:
        return f"set it to {enough:g} or less"
    return f"lower it and {listed(others, 'and')}" if others else "take a machine with more"


def _askers(spec: Platform) -> Iterator[Asker]:
    for name, service in spec.services.items():
        yield Asker(f"services.{name}.size.memory_gib", service.size.memory_gib, service.replicas.min)
    if spec.database is not None:
        yield Asker("database.size.memory_gib", spec.database.size.memory_gib)
    if spec.cache is not None:
        yield Asker("cache.memory_gib", spec.cache.memory_gib, overhead=CACHE_OVERHEAD)


def seen_cpus(host: Host, spec: Platform) -> CheckResult:
    """Whether no container asks for more CPUs than there are: Docker makes none that does."""
    return CheckResult("CPUs", f"no container asks for more than the {host.cpus} there are", tuple(_cpus(host, spec)))


def _cpus(host: Host, spec: Platform) -> Iterator[Diagnostic]:
    if spec.public and host.cpus < OWN_CPUS:
        advice = f"needs {OWN_CPUS} CPUs for its entry, and Docker has {host.cpus}; take a machine with more"
        yield legacy_error("cloud", "docker", advice)
    for key, size in sizes(spec).items():
        if size.vcpu > host.cpus:
            advice = f"is more than the {host.cpus} CPUs that Docker has; set it to {host.cpus} or less"
            yield legacy_error(f"{key}.vcpu", _plain(size.vcpu), advice)


def _plain(number: float) -> float:
    """A whole number as it was written."""
    return int(number) if number.is_integer() else number
