"""Address plan of the VPC: the block of a subnet depends on its tier and zone index only. Pure.

The VPC is divided into sixteen slots. Slots 0 to 3 are the private subnets of zones 0 to 3, where the services run.
Slot 15 is divided into small subnets: four public ones (load balancer, NAT), then four for the database tier. Slots 4
to 14 stay unused. A new zone therefore does not change the blocks of others, and the four subnets of a tier share one
block that network ACLs can name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal, get_args

from providers.contract.diagnostics import listed

Tier = Literal["public", "private", "database"]
TIERS: tuple[Tier, ...] = get_args(Tier)
MAX_ZONES = 4
LARGEST_PREFIX = 16
"""Largest VPC: Amazon VPC user guide, "VPC CIDR blocks"."""
SMALLEST_PREFIX = 20
"""Smallest VPC: below /20 the public subnets would be smaller than the /27 that a load balancer needs."""
SMALLEST_SUBNET_PREFIX = 27
"""Smallest subnet of an application load balancer: Elastic Load Balancing user guide."""
SLOT_BITS = 4
SMALL_SLOT_BITS = 8
SMALL_SLOT = {"public": 0, "database": MAX_ZONES}
"""Index of a tier's first small subnet in the last slot."""
RESERVED_ADDRESSES = 5
"""AWS reserves the first four addresses and the last of every subnet."""
PRIVATE_RANGES = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
"""RFC 1918 and RFC 6598. AWS accepts public blocks too, but their owners could then not be reached."""


@dataclass(frozen=True)
class CidrProblem:
    """Reason why a block is no VPC of this platform, and its correction."""

    problem: str
    fix: str


@dataclass(frozen=True)
class AwsAddressPlan:
    """Address plan of a VPC of /16 to /20."""

    vpc: IPv4Network

    def subnet(self, tier: Tier, zone: int) -> IPv4Network:
        """Block of the tier's subnet in the zone of index `zone` (0 to 3); raises ValueError for another index."""
        if not 0 <= zone < MAX_ZONES:
            raise ValueError(f"zone {zone}: the address plan has zones 0 to {MAX_ZONES - 1}")
        slots = tuple(self.vpc.subnets(prefixlen_diff=SLOT_BITS))
        if tier == "private":
            return slots[zone]
        small_prefix = min(self.vpc.prefixlen + SMALL_SLOT_BITS, SMALLEST_SUBNET_PREFIX)
        return tuple(slots[-1].subnets(new_prefix=small_prefix))[SMALL_SLOT[tier] + zone]

    def block(self, tier: Tier) -> IPv4Network:
        """Block that contains the tier's subnets of all four zones, used or not."""
        return self.subnet(tier, 0).supernet(new_prefix=self.subnet(tier, 0).prefixlen - 2)


def address_plan(cidr: str) -> AwsAddressPlan:
    """Address plan of a VPC; raises ValueError for a block with a `cidr_problem`."""
    invalid = cidr_problem(cidr)
    if invalid:
        raise ValueError(invalid.problem)
    return AwsAddressPlan(IPv4Network(cidr))


def cidr_problem(cidr: str) -> CidrProblem | None:
    """Problem of a block; None for a valid one."""
    network = IPv4Network(cidr)
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        fix = f"use a prefix length from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}"
        return CidrProblem(f"{cidr} cannot be divided into tiers and zones of a VPC", fix)
    if not any(network.subnet_of(private) for private in PRIVATE_RANGES):
        return CidrProblem(f"{cidr} contains public addresses", f"use a block within {listed(PRIVATE_RANGES)}")
    return None


def usable_addresses(subnet: IPv4Network) -> int:
    """Number of addresses of a subnet that network interfaces can have."""
    return subnet.num_addresses - RESERVED_ADDRESSES


def zone_name(names: Sequence[str], zone: int, region: str) -> str:
    """Name of the zone of index `zone` in a region; raises ValueError when the region has fewer zones."""
    if zone >= len(names):
        raise ValueError(
            f"network.zones: {region} offers this account {len(names)} zones ({', '.join(names)}); "
            f"set network.zones to {len(names)} or less"
        )
    return names[zone]


def gateway_count(egress: str, zones: int) -> int:
    """Number of NAT gateways of an egress mode: one per zone, one, or none."""
    return {"per_zone": zones, "single": 1, "none": 0}[egress]


def gateway_index(zone: int, gateways: int) -> int:
    """Index of the NAT gateway of a zone: its own, or the only one."""
    return zone % gateways
