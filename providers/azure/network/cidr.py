"""Addresses of the subnets, which never change: a subnet's index depends on the block only. Pure.

Subnets span all zones of a location. The network is divided into sixteen slots. The first is the apps' subnet: its size
cannot change once an environment uses it, and a rollout runs every revision twice. The second slot begins with the subnet of
an Application Gateway. The last slot is divided again into small subnets: the database's, the private endpoints' and the
firewall's. The rest stays free.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

MIN_PREFIX_LENGTH = 8
MAX_PREFIX_LENGTH = 20
"""In a smaller network the apps' subnet would be smaller than /24, too small for two revisions side by side."""
SLOT_BITS = 4
SMALL_BITS = 8
MAX_SUBNET_PREFIX_LENGTH = 26
"""Large enough for every private endpoint of the platform, and required for Azure Firewall; a database subnet needs /28."""

GATEWAY_PREFIX_LENGTH = 24
"""Room for the 125 instances of an Application Gateway; a slot of the smallest network has this size."""

PRIVATE_BLOCKS = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
RESERVED_BLOCKS = tuple(
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
"""Ranges that an environment reserves: Microsoft Learn, Container Apps, "Subnet address range restrictions"."""

RESERVED_ADDRESSES = 14
"""Azure reserves five addresses of every subnet and the environment nine: Microsoft Learn, Container Apps, "Subnet"
(a /24 leaves 242 addresses)."""
REPLICAS_PER_ADDRESS = 10
REVISIONS = 2
"""A rollout runs the new revision beside the old one."""


@dataclass(frozen=True)
class AzureAddressPlan:
    """Subnets of a network of /8 to /20."""

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

    @property
    def gateway(self) -> IPv4Network:
        """Subnet of the Application Gateway, at the beginning of the second slot; /24 is the size that Microsoft recommends."""
        slot = tuple(self.network.subnets(prefixlen_diff=SLOT_BITS))[1]
        return next(slot.subnets(new_prefix=GATEWAY_PREFIX_LENGTH))

    @property
    def firewall(self) -> IPv4Network:
        """Subnet of Azure Firewall."""
        return self._small(2)

    def _small(self, index: int) -> IPv4Network:
        last = tuple(self.network.subnets(prefixlen_diff=SLOT_BITS))[-1]
        prefix = min(self.network.prefixlen + SMALL_BITS, MAX_SUBNET_PREFIX_LENGTH)
        return tuple(last.subnets(new_prefix=prefix))[index]


def address_plan(cidr: str) -> AzureAddressPlan:
    """Return the plan of a network; raises ValueError for a block with a `cidr_fault`."""
    fault = cidr_fault(cidr)
    if fault:
        raise ValueError(f"{cidr} {fault[0]}")
    return AzureAddressPlan(IPv4Network(cidr))


def cidr_fault(cidr: str) -> tuple[str, str] | None:
    """Return the problem of a block that cannot be used, as a clause about it, and the fix; None without a problem."""
    network = IPv4Network(cidr)
    if not MIN_PREFIX_LENGTH <= network.prefixlen <= MAX_PREFIX_LENGTH:
        return (
            f"has the prefix length {network.prefixlen}",
            f"use a block of /{MIN_PREFIX_LENGTH} to /{MAX_PREFIX_LENGTH}",
        )
    if not any(network.subnet_of(block) for block in PRIVATE_BLOCKS):
        return "contains public addresses", f"use a block within {', '.join(map(str, PRIVATE_BLOCKS))}"
    reserved = [str(block) for block in RESERVED_BLOCKS if block.overlaps(AzureAddressPlan(network).apps)]
    if reserved:
        return f"places the apps' subnet over {reserved[0]}, which Container Apps reserves", "use another block"
    return None


def max_replicas(subnet: IPv4Network) -> int:
    """Return the replicas that fit into the apps' subnet while a rollout runs all of them twice."""
    return (subnet.num_addresses - RESERVED_ADDRESSES) // REVISIONS * REPLICAS_PER_ADDRESS
