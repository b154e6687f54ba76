"""Address blocks of the networks, cut from `network.cidr`, and fixed addresses in them. Pure."""

from collections.abc import Mapping
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

from providers.contract.context import RegionContext
from providers.contract.spec import Platform
from providers.docker.network.flows import MONITORING, networks

PREFIX_LENGTH = 25
"""Prefix length of a network's block: 126 addresses, of which Docker assigns the upper half."""
DYNAMIC_ADDRESSES = 62
PROMETHEUS_OFFSET, PROXY_OFFSET = 2, 3
"""Fixed addresses in the monitoring network: both containers listen only there, which needs a known address."""


def block_count(spec: Platform) -> int:
    """Number of blocks that `network.cidr` holds."""
    bits = PREFIX_LENGTH - IPv4Network(spec.network.cidr).prefixlen
    return 2**bits if bits >= 0 else 0


def subnets(spec: Platform) -> Mapping[str, IPv4Network]:
    """Block of each network by its part.

    The index of a block is a hash of the network's name, and only a collision moves it to the next free one. A new
    service therefore does not change the blocks of the others.
    """
    blocks = block_count(spec)
    parts: dict[int, str] = {}
    for network in networks(spec):
        start = int(sha256(network.part.encode()).hexdigest()[:8], 16) % blocks
        index = next(index for index in (*range(start, blocks), *range(start)) if index not in parts)
        parts[index] = network.part
    first_address = int(IPv4Network(spec.network.cidr).network_address)
    size = 2 ** (32 - PREFIX_LENGTH)
    return {part: IPv4Network((first_address + index * size, PREFIX_LENGTH)) for index, part in parts.items()}


def dynamic_range(block: IPv4Network) -> IPv4Network:
    """Upper half of a block, from which Docker assigns addresses; the lower half is for fixed ones."""
    return list(block.subnets())[1]


def prometheus_address(context: RegionContext) -> str:
    """Address at which Prometheus listens, in the monitoring network only."""
    return str(_monitoring_address(context.spec, PROMETHEUS_OFFSET))


def proxy_address(context: RegionContext) -> str:
    """Address at which the entry exposes its metrics, in the monitoring network only."""
    return str(_monitoring_address(context.spec, PROXY_OFFSET))


def _monitoring_address(spec: Platform, offset: int) -> IPv4Address:
    return subnets(spec)[MONITORING][offset]
