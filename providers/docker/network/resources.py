"""Docker networks that isolate the services and give them outbound access.

Docker blocks traffic between its networks, so the attachments of `flows.py` are the whole firewall. Address blocks are
fixed, because two containers listen at an address that must be known in advance. So is the gateway: without one, Docker
chooses an address and writes it into the network's configuration when it starts again, which would be drift in every
network (seen with Docker 20.10.24).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.docker.base.containers import labels
from providers.docker.context import DockerContext
from providers.docker.network.flows import NetworkPlan, dynamic_range, gateway_address, networks, subnets

NO_HOST_ADDRESS = {"com.docker.network.bridge.inhibit_ipv4": "true"}
NOT_FORWARDED = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
"""Packets keep the private address of their container, to which no answer from outside is routed."""


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


def _options(network: NetworkPlan) -> dict[str, str] | None:
    if network.internal:
        return NO_HOST_ADDRESS
    return NOT_FORWARDED if network.open_to_host else None


def _network(scope: Scope, network: NetworkPlan, block: IPv4Network) -> pulumi.Output[str]:
    return docker.Network(
        scope.named(network.part),
        driver="bridge",
        internal=network.internal,
        options=_options(network),
        ipam_configs=[
            docker.NetworkIpamConfigArgs(
                subnet=str(block), ip_range=str(dynamic_range(block)), gateway=gateway_address(block)
            )
        ],
        labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in labels(scope).items()],
        opts=scope.opts(
            # Docker rejects two networks with the same block
            delete_before_replace=True,
            # A network of an earlier version has no gateway and is not replaced for it. A changed block still replaces: the
            # trigger compares blocks, and a replacement has all settings of the program (pulumi 3.274,
            # step_generator.go, shouldTriggerReplace and prov.Check with goal.Properties)
            # A changed label would interrupt every container; a replacement gets it.
            ignore_changes=["ipamConfigs", "labels"],
            replacement_trigger=str(block),
        ),
    ).name
