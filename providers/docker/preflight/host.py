"""This machine as it was found, so that every check is a pure function of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PROJECT = "agent-platform"
ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104  # compared, never bound


@dataclass(frozen=True)
class Port:
    """A port on an address of this machine."""

    number: int
    address: str

    def meets(self, other: "Port") -> bool:
        """True when no two can have both."""
        anywhere = self.address in ANY_ADDRESS or other.address in ANY_ADDRESS
        return self.number == other.number and (anywhere or self.address == other.address)


@dataclass(frozen=True)
class Standing:
    """A container that runs, the stack of a platform that it belongs to, and the ports that it holds."""

    name: str
    stack: str = ""
    ports: tuple[Port, ...] = ()

    def is_part(self, stack: str, part: str) -> bool:
        """True for the part `entry-proxy` of a stack, whatever Pulumi added to its name."""
        return self.stack == stack and self.name.rpartition("-")[0] == f"{stack}-{part}"


@dataclass(frozen=True)
class Host:
    """Where Docker was looked for, why it does not answer, and what it and this machine told."""

    address: str = ""
    named: bool = False
    """True when DOCKER_HOST says the address."""
    silent: str = ""
    unasked: str = ""
    version: str = ""
    memory_gib: float = 0.0
    cpus: int = 0
    containers: tuple[Standing, ...] = ()
    takers: Mapping[int, str] = field(default_factory=dict[int, str])
    """Processes that hold a port that is wanted and that no container holds, in words."""
    free_port: int | None = None
    """A port that is free together with the next one."""
    written_by: tuple[str, ...] = ()
    """Major versions of PostgreSQL that wrote the volume of the stack."""
    absent: tuple[str, ...] = ()
    """Images of the stack that are not on this machine."""
