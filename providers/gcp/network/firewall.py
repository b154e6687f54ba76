"""Rules of the network: everything is denied and told, and each flow of `topology.flows` is opened to its services.

Rules name services by network tag, since addresses of copies come and go. Answers need no rule of their own.
"""

from collections.abc import Mapping
from typing import Literal

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.network.flows import WORLD, GcpFlow, flows

LAST = 65000
"""Priority of the denials: after every rule of the stack, before the network's own two, which let all traffic out."""
FIRST = 1000


def create_firewall(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, tags: Mapping[str, str]
) -> tuple[pulumi.Resource, ...]:
    """The rules; what comes back is those that services need to start."""
    _deny(scope, context, network, "EGRESS")
    _deny(scope, context, network, "INGRESS")
    return tuple(
        _allow(scope, context, network, flow, [tags[name] for name in flow.services]) for flow in flows(context.spec)
    )


def _deny(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, direction: Literal["EGRESS", "INGRESS"]
) -> gcp.compute.Firewall:
    log = gcp.compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA")
    return gcp.compute.Firewall(
        scope.named(f"deny-{direction.lower()}"),
        project=context.project,
        network=network.id,
        direction=direction,
        priority=LAST,
        denies=[gcp.compute.FirewallDenyArgs(protocol="all")],
        destination_ranges=[WORLD] if direction == "EGRESS" else None,
        source_ranges=[WORLD] if direction == "INGRESS" else None,
        log_config=log if context.spec.network.flow_logs else None,
        opts=scope.opts(),
    )


def _allow(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, flow: GcpFlow, tags: list[str]
) -> gcp.compute.Firewall:
    return gcp.compute.Firewall(
        scope.named(f"to-{flow.part}"),
        project=context.project,
        network=network.id,
        direction="EGRESS",
        priority=FIRST,
        allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=[str(flow.port)])],
        destination_ranges=[flow.destination],
        target_tags=tags,
        opts=scope.opts(),
    )
