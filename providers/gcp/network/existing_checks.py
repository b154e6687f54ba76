"""Checks of an existing network: what must be true of it, and the diagnostic of each property that is not. Pure.

Sources: Cloud Run documentation, "Direct VPC with a VPC network" and "Shared VPC"; VPC documentation, "Private Google Access" and
"Private services access".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.contract.spec import ExistingGcpNetwork, Platform
from providers.gcp.network.cidr import usable_addresses
from providers.gcp.network.existing_limits import KEY, existing_network, needs_range, network_project
from providers.gcp.network.limits import addresses_at_peak

PEERING = "VPC_PEERING"
MAX_RANGE_PREFIX = 24
"""Smallest range of Cloud SQL in a region: VPC documentation, "Private services access", range sizes."""
PRIVATE_ZONES = ("googleapis.com.", "run.app.")
"""DNS names of the private zones by which services reach Google APIs and each other without the internet."""


@dataclass(frozen=True)
class GcpSubnetFacts:
    """Subnet as its project describes it."""

    cidr: str
    network: str
    google_access: bool
    stack_type: str


@dataclass(frozen=True)
class GcpRangeFacts:
    """Allocated range of private services access."""

    address: str
    prefix_length: int
    purpose: str
    network: str

    @property
    def cidr(self) -> str:
        """Range in CIDR notation."""
        return f"{self.address}/{self.prefix_length}"


@dataclass(frozen=True)
class GcpNetworkFacts:
    """Network as its project describes it; `private_range` is only read for database and cache."""

    subnet: GcpSubnetFacts
    private_range: GcpRangeFacts | None
    private_zones: frozenset[str]


def check_found(spec: Platform, networks: frozenset[str], subnets: frozenset[str]) -> None:
    """Raise InvalidConfiguration unless the project has the network and, in the region, the subnet."""
    block, project, errors = _block(spec), network_project(spec), list[ConfigError]()
    if block.network not in networks:
        problem = f"{block.network} does not exist in the project {project}"
        errors.append(ConfigError(f"{KEY}.network", problem, "correct the name, or set project"))
    if block.subnetwork not in subnets:
        problem = f"{block.subnetwork} does not exist in {spec.home_region} of the project {project}"
        errors.append(ConfigError(f"{KEY}.subnetwork", problem, "use a subnet of gcp.region"))
    if errors:
        raise InvalidConfiguration(errors)


def checked(spec: Platform, network: GcpNetworkFacts) -> GcpNetworkFacts:
    """Return the network; raises InvalidConfiguration with every property in which it does not fit the platform."""
    errors = list(network_errors(spec, network))
    if errors:
        raise InvalidConfiguration(errors)
    return network


def network_errors(spec: Platform, network: GcpNetworkFacts) -> Iterator[ConfigError]:
    """Yield an error for each property of the network that does not fit the platform."""
    block = _block(spec)
    yield from _subnet_errors(spec, block, network.subnet)
    if spec.network.private_endpoints:
        yield from _google_errors(spec, block, network)
    if needs_range(spec) and network.private_range is not None:
        yield from _range_errors(block, network.private_range)


def _subnet_errors(spec: Platform, block: ExistingGcpNetwork, subnet: GcpSubnetFacts) -> Iterator[ConfigError]:
    key, name = f"{KEY}.subnetwork", block.subnetwork
    if _last(subnet.network) != block.network:
        yield ConfigError(key, f"{name} is in the network {_last(subnet.network)}", f"use a subnet of {block.network}")
    if subnet.stack_type == "IPV6_ONLY":
        yield ConfigError(key, f"{name} has IPv6 addresses only", "use a subnet with IPv4, as the platform does")
        return
    available, needed = usable_addresses(IPv4Network(subnet.cidr)), addresses_at_peak(spec)
    if needed > available:
        problem = f"{name} is {subnet.cidr} with {available} addresses, and Cloud Run needs {needed} at maximum scale"
        yield ConfigError(key, problem, "use a larger subnet, or lower replicas.max")


def _google_errors(spec: Platform, block: ExistingGcpNetwork, network: GcpNetworkFacts) -> Iterator[ConfigError]:
    otherwise, project = "or set network.private_endpoints to false", network_project(spec)
    if not network.subnet.google_access:
        command = (
            f"gcloud compute networks subnets update {block.subnetwork} --project={project} --region={spec.home_region} "
            "--enable-private-ip-google-access"
        )
        problem = f"Private Google Access of {block.subnetwork} is off"
        yield ConfigError(f"{KEY}.subnetwork", problem, f"enable it with `{command}`, {otherwise}")
    missing = [zone.rstrip(".") for zone in PRIVATE_ZONES if zone not in network.private_zones]
    if missing:
        problem = f"the project {project} has no private DNS zone for {listed(missing, 'and')}"
        fix = f"create it for {block.network} with the addresses of private.googleapis.com, {otherwise}"
        yield ConfigError(f"{KEY}.network", problem, fix)


def _range_errors(block: ExistingGcpNetwork, private_range: GcpRangeFacts) -> Iterator[ConfigError]:
    key, name = f"{KEY}.private_range", block.private_range
    if private_range.purpose != PEERING:
        yield ConfigError(key, f"{name} has the purpose {private_range.purpose}", f"use a range with {PEERING}")
    elif _last(private_range.network) != block.network:
        problem = f"{name} is in the network {_last(private_range.network)}"
        yield ConfigError(key, problem, f"use a range of {block.network}")
    elif private_range.prefix_length > MAX_RANGE_PREFIX:
        problem = f"{name} is {private_range.cidr}, and Cloud SQL needs /{MAX_RANGE_PREFIX} or larger in a region"
        yield ConfigError(key, problem, "use a larger range")


def _last(path: str) -> str:
    """Return the name at the end of a path or URL."""
    return path.rpartition("/")[2]


def _block(spec: Platform) -> ExistingGcpNetwork:
    block = existing_network(spec)
    if block is None:
        raise ValueError("the platform creates its own network")
    return block
