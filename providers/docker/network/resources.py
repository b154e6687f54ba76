"""Isolation and ways out: a network of Docker for each service, each call and each kind of part.

Docker lets no container of one network reach one of another, so who stands together is the whole of the firewall;
`topology.py` decides it. The blocks are named, so that two parts can listen at an address that is known beforehand.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.docker.base.keys import DockerKeys
from providers.docker.context import DockerContext
from providers.docker.network.plan import Net, dynamic_range, nets, subnets


@dataclass(frozen=True)
class DockerNetwork:
    """Docker's name of each network, by its part."""

    names: Mapping[str, pulumi.Output[str]]


def create_network(scope: Scope, context: DockerContext, keys: DockerKeys) -> DockerNetwork:
    """Every network of the platform; nothing in a network is encrypted by `keys`."""
    blocks = subnets(context.spec)
    return DockerNetwork(
        {net.part: _network(scope, net, str(blocks[net.part]), _range(context, net)) for net in nets(context.spec)}
    )


def _range(context: DockerContext, net: Net) -> str:
    return str(dynamic_range(subnets(context.spec)[net.part]))


def _network(scope: Scope, net: Net, subnet: str, ip_range: str) -> pulumi.Output[str]:
    return docker.Network(
        scope.named(net.part),
        driver="bridge",
        internal=net.internal,
        ipam_configs=[docker.NetworkIpamConfigArgs(subnet=subnet, ip_range=ip_range)],
        labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in sorted(scope.tags.items())],
        # two networks cannot have one block
        opts=scope.opts(delete_before_replace=True),
    ).name
