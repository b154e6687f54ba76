"""Which addresses each subnet has, for ever: a place depends on the block alone. Pure.

Subnets span all zones of a location, so zones need no room of their own. The network is cut into sixteen slots. The
first is the apps' subnet: its size can never change once an environment stands in it, and a rollout runs every revision
twice. The last is cut again into small subnets: the database's, then the private endpoints'. The rest stays free.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

LARGEST_PREFIX = 8
SMALLEST_PREFIX = 20
"""Below /20 the apps' subnet would be smaller than the /24 that leaves room for revisions side by side."""
SLOT_BITS = 4
SMALL_BITS = 8
SMALLEST_SUBNET_PREFIX = 26
"""Room for every private endpoint of the platform; a database subnet needs /28."""

PRIVATE_BLOCKS = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
RESERVED = tuple(
    IPv4Network(block)
    for block in (
        "169.254.0.0/16",
        "172.30.0.0/16",
        "172.31.0.0/16",
        "192.0.2.0/24",
        "100.100.0.0/17",
        "100.100.128.0/19",
        "100.100.160.0/19",
        "100.100.192.0/19",
    )
)
"""Ranges that an environment keeps to itself: Microsoft Learn, Container Apps, "Subnet address range restrictions"."""

ADDRESSES_KEPT = 14
"""Five of every subnet are Azure's and the environment takes its own share: Microsoft Learn, Container Apps, "Subnet"
(a /24 leaves 242 addresses)."""
REPLICAS_AN_ADDRESS = 10
REVISIONS = 2
"""A rollout runs the new revision beside the old one."""


@dataclass(frozen=True)
class AzureAddressPlan:
    """The plan of a network of /8 to /20."""

    network: IPv4Network

    @property
    def apps(self) -> IPv4Network:
        """Subnet of the Container Apps environment."""
        return next(self.network.subnets(prefixlen_diff=SLOT_BITS))

    @property
    def database(self) -> IPv4Network:
        """Subnet of the database server."""
        return self._small(0)

    @property
    def endpoints(self) -> IPv4Network:
        """Subnet of the private endpoints."""
        return self._small(1)

    def _small(self, place: int) -> IPv4Network:
        last = tuple(self.network.subnets(prefixlen_diff=SLOT_BITS))[-1]
        prefix = min(self.network.prefixlen + SMALL_BITS, SMALLEST_SUBNET_PREFIX)
        return tuple(last.subnets(new_prefix=prefix))[place]


def layout(cidr: str) -> AzureAddressPlan:
    """The plan of a network; raises ValueError for a block that `cidr_fault` finds fault with."""
    fault = cidr_fault(cidr)
    if fault:
        raise ValueError(f"{cidr} {fault}")
    return AzureAddressPlan(IPv4Network(cidr))


def cidr_fault(cidr: str) -> str:
    """What keeps a block from being cut, as the end of a sentence; empty when nothing does."""
    network = IPv4Network(cidr)
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        return f"is /{network.prefixlen}; the network needs /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}"
    if not any(network.subnet_of(block) for block in PRIVATE_BLOCKS):
        return f"holds public addresses; choose a block within {', '.join(map(str, PRIVATE_BLOCKS))}"
    taken = [str(block) for block in RESERVED if block.overlaps(AzureAddressPlan(network).apps)]
    if taken:
        return f"puts the apps' subnet over {taken[0]}, which Container Apps keeps to itself; choose another block"
    return ""


def most_replicas(subnet: IPv4Network) -> int:
    """Copies that fit into the apps' subnet while a rollout runs all of them twice."""
    return (subnet.num_addresses - ADDRESSES_KEPT) // REVISIONS * REPLICAS_AN_ADDRESS
