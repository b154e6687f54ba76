"""Which addresses each subnet has, for ever: a place depends on tier and zone number alone. Pure.

The VPC is cut into sixteen slots. Slots 0 to 3 are the private subnets of zones 0 to 3, where the services run. Slot 15
is cut again into small subnets: four public ones (load balancer, NAT), then four for the database tier. Slots 4 to 14
stay free. So a zone that is added takes its own place and renumbers none, and the four subnets of a tier share one
block that filters can name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal, get_args

Tier = Literal["public", "private", "database"]
TIERS: tuple[Tier, ...] = get_args(Tier)

MAX_ZONES = 4
LARGEST_PREFIX = 16
"""AWS makes no VPC larger than /16: Amazon VPC user guide, "VPC CIDR blocks"."""
SMALLEST_PREFIX = 20
"""Below /20 the public subnets would be smaller than the /27 that a load balancer needs."""
SMALLEST_SUBNET_PREFIX = 27
"""Elastic Load Balancing user guide: subnets of an application load balancer have at least a /27 block."""
SLOT_BITS = 4
SMALL_BITS = 8
SMALL_SLOT = {"public": 0, "database": MAX_ZONES}
"""First small subnet of a tier in the last slot."""
RESERVED_ADDRESSES = 5
"""AWS keeps the first four addresses and the last of every subnet."""


@dataclass(frozen=True)
class AwsAddressPlan:
    """The plan of a VPC of /16 to /20."""

    vpc: IPv4Network

    def subnet(self, tier: Tier, zone: int) -> IPv4Network:
        """Block of the tier's subnet in zone number `zone` (0 to 3); raises ValueError for another."""
        if not 0 <= zone < MAX_ZONES:
            raise ValueError(f"zone {zone}: the network has places for zones 0 to {MAX_ZONES - 1}")
        slots = tuple(self.vpc.subnets(prefixlen_diff=SLOT_BITS))
        if tier == "private":
            return slots[zone]
        small_prefix = min(self.vpc.prefixlen + SMALL_BITS, SMALLEST_SUBNET_PREFIX)
        return tuple(slots[-1].subnets(new_prefix=small_prefix))[SMALL_SLOT[tier] + zone]

    def block(self, tier: Tier) -> IPv4Network:
        """The one block that holds the tier's subnets of all four zones, used or not."""
        return self.subnet(tier, 0).supernet(new_prefix=self.subnet(tier, 0).prefixlen - 2)


def layout(cidr: str) -> AwsAddressPlan:
    """The plan of a VPC; raises ValueError for a block that `cidr_fault` finds fault with."""
    fault = cidr_fault(cidr)
    if fault:
        raise ValueError(f"{cidr} {fault}")
    return AwsAddressPlan(IPv4Network(cidr))


PRIVATE_RANGES = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
"""RFC 1918 and RFC 6598. AWS takes public blocks too, but then their true owners cannot be reached."""


def cidr_fault(cidr: str) -> str:
    """What keeps a block from being cut, as the end of a sentence; empty when nothing does."""
    network = IPv4Network(cidr)
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        return f"is /{network.prefixlen}; a VPC of tiers and zones needs /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}"
    if not any(network.subnet_of(private) for private in PRIVATE_RANGES):
        return f"holds public addresses; choose a block within {', '.join(map(str, PRIVATE_RANGES))}"
    return ""


def usable_addresses(subnet: IPv4Network) -> int:
    """Addresses of a subnet that network interfaces can have."""
    return subnet.num_addresses - RESERVED_ADDRESSES


def zone_name(names: Sequence[str], zone: int, region: str) -> str:
    """Name of zone number `zone` among a region's; raises ValueError, in words, when the region has fewer."""
    if zone >= len(names):
        raise ValueError(
            f"network.zones: {region} offers this account {len(names)} zones ({', '.join(names)}); "
            f"set network.zones to {len(names)} or less"
        )
    return names[zone]


def gateway_count(egress: str, zones: int) -> int:
    """NAT gateways of an egress mode: one a zone, a single one, or none."""
    return {"per_zone": zones, "single": 1, "none": 0}[egress]


def gateway_of(zone: int, gateways: int) -> int:
    """Number of the gateway that serves a zone: its own, or the only one."""
    return zone % gateways
