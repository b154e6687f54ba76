"""State of a Docker host, and the ports that a platform needs on it, so that every check is a pure function of both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from providers.contract.spec import Platform
from providers.docker.context import HTTP_PORT, HTTPS_PORT, LOOPBACK, DockerContext
from providers.docker.ownership import Owner

ENTRY_PART, DASHBOARD_PART = "entry-proxy", "monitoring-grafana"
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104  # compared and tried, never served
WILDCARD_ADDRESSES = (ALL_ADDRESSES, "::", "")


@dataclass(frozen=True)
class Port:
    """Port on an address of the host."""

    number: int
    address: str

    def conflicts_with(self, other: "Port") -> bool:
        """True when only one process can listen on both."""
        wildcard = self.address in WILDCARD_ADDRESSES or other.address in WILDCARD_ADDRESSES
        return self.number == other.number and (wildcard or self.address == other.address)


@dataclass(frozen=True)
class RunningContainer:
    """Running container with its published ports; `stack` is empty when it belongs to no stack of a platform."""

    name: str
    stack: str = ""
    ports: tuple[Port, ...] = ()
    checkout: str = ""
    """Folder of the project that has the state of the stack; empty without that label."""

    def is_part(self, stack: str, part: str) -> bool:
        """True for the part `entry-proxy` of a stack, with any suffix that Pulumi adds to the name."""
        return self.stack == stack and self.name.rpartition("-")[0] == f"{stack}-{part}"


@dataclass(frozen=True)
class ExistingNetwork:
    """Network of a Docker host with its address blocks; `stack` and `checkout` as of a container."""

    name: str
    blocks: tuple[IPv4Network, ...] = ()
    stack: str = ""
    checkout: str = ""


@dataclass(frozen=True)
class Host:
    """State of a Docker host and its daemon."""

    address: str = ""
    address_is_set: bool = False
    """True when DOCKER_HOST sets the address."""
    no_answer: str = ""
    """Clause with the reason why the daemon does not answer."""
    unchecked: str = ""
    """Sentence with the reason why the daemon could not be queried."""
    version: str = ""
    podman: str = ""
    """Version of Podman when it answers instead of Docker."""
    owner: Owner = field(default_factory=lambda: Owner(""))
    """Stack that is checked, with the folders whose label its objects have."""
    networks: tuple[ExistingNetwork, ...] = ()
    resolvers: tuple[str, ...] = ()
    """Addresses of the DNS servers that containers use, when the daemon is on this machine."""
    memory_gib: float = 0.0
    cpus: int = 0
    has_single_cpu_weight: bool = False
    """True when all containers together have the CPU weight of one process of the host."""
    architecture: str = ""
    """Processor architecture of the daemon in the spec's words; empty when it is another one."""
    containers: tuple[RunningContainer, ...] = ()
    port_owners: Mapping[int, str] = field(default_factory=dict[int, str])
    """Descriptions of the processes that listen on a required port."""
    free_port: int | None = None
    """Port that is free together with the next one."""
    data_versions: tuple[str, ...] = ()
    """Major versions of PostgreSQL that wrote the stack's volume."""
    missing_images: tuple[str, ...] = ()
    """Images of the stack that are not on the host."""
    image_architectures: Mapping[str, str] = field(default_factory=dict[str, str])
    """Processor architecture of the images of the stack that are on the host."""

    def has_own(self, found: RunningContainer | ExistingNetwork, stack: str) -> bool:
        """True for a container or a network of a stack of this checkout."""
        return found.stack == stack and self.owner.has_checkout(found.checkout)


def owner_of(found: RunningContainer | ExistingNetwork) -> str:
    """Clause with the stack and the checkout of a container or a network; empty when it belongs to none."""
    folder = f" in {found.checkout}" if found.checkout else ""
    return f" of the stack {found.stack}{folder}" if found.stack else ""


@dataclass(frozen=True)
class RequiredPort:
    """Port that a part of the platform needs; `use` describes it in a message about `docker.entry_port`."""

    port: Port
    part: str
    use: str
    other_fix: str = ""


def required_ports(spec: Platform, stack: str) -> tuple[RequiredPort, ...]:
    """Ports of the entry, of HTTP when the entry's is 443, and of the dashboard."""
    return tuple(_required_ports(spec, DockerContext(spec, stack, "")))


def _required_ports(spec: Platform, context: DockerContext) -> Iterator[RequiredPort]:
    entry_port, dashboard_port = context.block.entry_port, context.dashboard_port
    if spec.public:
        yield RequiredPort(Port(entry_port, context.block.bind), ENTRY_PART, f"port {entry_port}")
    if spec.public and entry_port == HTTPS_PORT:
        use = f"port {HTTP_PORT}, which redirects HTTP to {HTTPS_PORT},"
        yield RequiredPort(Port(HTTP_PORT, context.block.bind), ENTRY_PART, use)
    if spec.monitoring.dashboards:
        use = f"the dashboard's port {dashboard_port}, the one after the entry's,"
        other_fix = ", or set monitoring.dashboards to false"
        yield RequiredPort(Port(dashboard_port, LOOPBACK), DASHBOARD_PART, use, other_fix)
