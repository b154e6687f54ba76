"""Docker networks that isolate the services and give them outbound access.

Docker blocks traffic between its networks, so the attachments of `flows.py` are the whole firewall. Address blocks are
fixed, because two containers listen at an address that must be known in advance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.docker.context import DockerContext
from providers.docker.network.flows import NetworkPlan, dynamic_range, networks, subnets


@dataclass(frozen=True)
class DockerNetwork:
    """Docker's name of each network, by its part."""

    names: Mapping[str, pulumi.Output[str]]


def create_network(scope: Scope, context: DockerContext) -> DockerNetwork:
    """Every network of the platform."""
    blocks = subnets(context.spec)
    return DockerNetwork(
        {network.part: _network(scope, network, blocks[network.part]) for network in networks(context.spec)}
    )


def _network(scope: Scope, network: NetworkPlan, block: IPv4Network) -> pulumi.Output[str]:
    return docker.Network(
        scope.named(network.part),
        driver="bridge",
        internal=network.internal,
        ipam_configs=[docker.NetworkIpamConfigArgs(subnet=str(block), ip_range=str(dynamic_range(block)))],
        labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in sorted(scope.tags.items())],
        # Docker rejects two networks with the same block
        opts=scope.opts(delete_before_replace=True),
    ).name
