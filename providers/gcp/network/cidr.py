"""Address plan of the network, which depends on the CIDR block only and so never changes. Pure.

Subnets are regional, so zones need no separate ranges. The first quarter of the block is the subnet for the services'
Direct VPC egress, large enough that it does not have to be replaced as they scale. The eighth that starts in the middle
is the range of private services access for Cloud SQL and Memorystore; it can neither grow in place nor overlap a subnet.
The rest is unused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from math import ceil

from providers.contract.diagnostics import listed

MAX_PREFIX = 20
"""In a smaller block than /20 the private range would be smaller than /23: a /24 for Cloud SQL, its minimum in a region,
and addresses for Memorystore (VPC documentation, "Private services access", range sizes)."""
MIN_PREFIX = 8
PRIVATE_BLOCKS = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")
"""Cloud SQL can neither use it nor be reached from it: Cloud SQL documentation, "Private IP", known limitations."""

ADDRESSES_PER_REPLICA = 4
"""Cloud Run reserves two addresses per replica, and an old revision keeps its addresses for some time after a rollout
(Cloud Run documentation, "Direct VPC with a VPC network", IP address allocation)."""
ADDRESSES_PER_BLOCK = 16
"""Cloud Run reserves addresses in blocks of /28."""
RESERVED_ADDRESSES = 4
"""Google Cloud reserves the first two and the last two addresses of a subnet."""


@dataclass(frozen=True)
class GcpAddressPlan:
    """Ranges of a network of /8 to /20."""

    network: IPv4Network

    @property
    def services(self) -> IPv4Network:
        """Subnet of the services."""
        return next(self.network.subnets(prefixlen_diff=2))

    @property
    def private(self) -> IPv4Network:
        """Range of Cloud SQL and Memorystore."""
        return tuple(self.network.subnets(prefixlen_diff=3))[4]


def address_plan(cidr: str) -> GcpAddressPlan:
    """Address plan of a block; raises ValueError for a block that `cidr_fault` rejects."""
    fault = cidr_fault(cidr)
    if fault:
        raise ValueError(f"{cidr} {fault.problem}")
    return GcpAddressPlan(IPv4Network(cidr))


@dataclass(frozen=True)
class CidrFault:
    """Reason why a block cannot be used, as a clause after the block, and the fix."""

    problem: str
    fix: str


def cidr_fault(cidr: str) -> CidrFault | None:
    """Return the reason why a block cannot be used; None for a valid block."""
    block = IPv4Network(cidr)
    if not MIN_PREFIX <= block.prefixlen <= MAX_PREFIX:
        return CidrFault(f"is not between /{MIN_PREFIX} and /{MAX_PREFIX}", "use a block such as 10.20.0.0/16")
    if not any(block.subnet_of(allowed) for allowed in PRIVATE_BLOCKS):
        return CidrFault("is not private", f"use a block within {listed(PRIVATE_BLOCKS)}")
    if block.overlaps(DOCKER_BRIDGE):
        problem = f"overlaps {DOCKER_BRIDGE}, from which Cloud SQL cannot be reached"
        return CidrFault(problem, "use another block, such as 10.20.0.0/16")
    return None


def addresses_needed(max_replicas: Mapping[str, int]) -> int:
    """Addresses that Cloud Run reserves when every service runs its maximum of replicas during a rollout."""
    return sum(
        ceil(replicas * ADDRESSES_PER_REPLICA / ADDRESSES_PER_BLOCK) * ADDRESSES_PER_BLOCK
        for replicas in max_replicas.values()
    )


def usable_addresses(subnet: IPv4Network) -> int:
    """Addresses of a subnet that replicas can use."""
    return subnet.num_addresses - RESERVED_ADDRESSES
