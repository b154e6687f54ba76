"""Names inside the network: every question is logged, and Google's own answer with their private addresses.

With `private_endpoints` all of googleapis.com and run.app resolve to private.googleapis.com, so that storage, secrets,
models and the other services of the platform are reached without the internet: Cloud Run counts a call that comes this
way as internal. Without, they resolve to public addresses and are reached through the NAT.
"""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.network.flows import GOOGLE_ADDRESSES

PRIVATE_NAMES = {"googleapis.com": "private.googleapis.com", "run.app": "run.app"}
"""Domain, and the name in it that carries the addresses; every other name of the domain points there."""
TTL_SECONDS = 300


def create_names(scope: Scope, context: GcpContext, network: gcp.compute.Network) -> tuple[pulumi.Resource, ...]:
    """The logging policy and the private zones; what comes back is the records that services need to start."""
    gcp.dns.Policy(
        scope.named("dns"),
        project=context.project,
        networks=[gcp.dns.PolicyNetworkArgs(network_url=network.id)],
        enable_logging=True,
        opts=scope.opts(),
    )
    if not context.spec.network.private_endpoints:
        return ()
    return tuple(
        record for domain, holder in PRIVATE_NAMES.items() for record in _zone(scope, context, network, domain, holder)
    )


def _zone(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, domain: str, holder: str
) -> tuple[pulumi.Resource, ...]:
    part = domain.replace(".", "-")
    zone = gcp.dns.ManagedZone(
        scope.named(part),
        project=context.project,
        dns_name=f"{domain}.",
        description=f"{domain} answers inside the network of the stack {context.stack}",
        visibility="private",
        private_visibility_config=gcp.dns.ManagedZonePrivateVisibilityConfigArgs(
            networks=[gcp.dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=network.id)]
        ),
        opts=scope.opts(),
    )
    return (
        _record(scope, context, f"{part}-address", zone, f"{holder}.", "A", list(GOOGLE_ADDRESSES)),
        _record(scope, context, f"{part}-any", zone, f"*.{domain}.", "CNAME", [f"{holder}."]),
    )


def _record(
    scope: Scope, context: GcpContext, part: str, zone: gcp.dns.ManagedZone, name: str, kind: str, values: list[str]
) -> gcp.dns.RecordSet:
    return gcp.dns.RecordSet(
        scope.named(part),
        project=context.project,
        managed_zone=zone.name,
        name=name,
        type=kind,
        ttl=TTL_SECONDS,
        rrdatas=values,
        opts=scope.opts(),
    )
