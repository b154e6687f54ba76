"""Which addresses the services have and which the data services, for ever: a place depends on the block alone. Pure.

Subnets are regional here, so zones need no room of their own. The first quarter of the block is the subnet of the
services' Direct VPC egress, large because it is not replaced as they grow. The eighth that begins in the middle is
handed to Google's network for Cloud SQL and Memorystore; it can neither grow in place nor overlap a subnet. The rest
stays free.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from math import ceil

SMALLEST_PREFIX = 20
"""Below /20 the private range would be smaller than /23: a /24 for Cloud SQL, which takes no less in a region, and room
for Memorystore (VPC documentation, "Private services access", range sizes)."""
LARGEST_PREFIX = 8
PRIVATE_BLOCKS = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")
"""Cloud SQL cannot be reached from it or in it: Cloud SQL documentation, "Private IP", known limitations."""

ADDRESSES_A_COPY = 4
"""Cloud Run holds two addresses a copy, and an old revision keeps its own for a while beside the new one's (Cloud Run
documentation, "Direct VPC with a VPC network", IP address allocation)."""
ADDRESSES_A_BLOCK = 16
"""It takes them in blocks of /28."""
RESERVED_ADDRESSES = 4
"""Google Cloud keeps the first two and the last two addresses of a subnet."""


@dataclass(frozen=True)
class GcpAddressPlan:
    """The plan of a network of /8 to /20."""

    network: IPv4Network

    @property
    def services(self) -> IPv4Network:
        """Subnet of the services."""
        return next(self.network.subnets(prefixlen_diff=2))

    @property
    def private(self) -> IPv4Network:
        """Range of Cloud SQL and Memorystore."""
        return tuple(self.network.subnets(prefixlen_diff=3))[4]


def layout(cidr: str) -> GcpAddressPlan:
    """The plan of a block; raises ValueError for one that `cidr_fault` finds fault with."""
    fault = cidr_fault(cidr)
    if fault:
        raise ValueError(f"{cidr} {fault}")
    return GcpAddressPlan(IPv4Network(cidr))


def cidr_fault(cidr: str) -> str | None:
    """What is wrong with a block, as a clause; None when it can be cut."""
    block = IPv4Network(cidr)
    if not LARGEST_PREFIX <= block.prefixlen <= SMALLEST_PREFIX:
        return f"is cut into subnets, for which it must be /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}; use 10.20.0.0/16"
    if not any(block.subnet_of(allowed) for allowed in PRIVATE_BLOCKS):
        return f"is not private; take one within {', '.join(str(allowed) for allowed in PRIVATE_BLOCKS)}"
    if block.overlaps(DOCKER_BRIDGE):
        return (
            f"meets {DOCKER_BRIDGE}, from which Cloud SQL cannot be reached; take one beside it, such as 10.20.0.0/16"
        )
    return None


def addresses_needed(copies: Mapping[str, int]) -> int:
    """Addresses that Cloud Run may hold at once when every service runs its most copies and rolls over."""
    return sum(ceil(most * ADDRESSES_A_COPY / ADDRESSES_A_BLOCK) * ADDRESSES_A_BLOCK for most in copies.values())


def usable_addresses(subnet: IPv4Network) -> int:
    """Addresses of a subnet that copies can take."""
    return subnet.num_addresses - RESERVED_ADDRESSES
