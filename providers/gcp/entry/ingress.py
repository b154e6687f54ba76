"""The region's way in: a serverless network endpoint group for each public service.

Everything else of the way in (address, certificate, admission, routes) is global and stands in `entry`. An endpoint
group names its Cloud Run service, so this room comes after compute. The load balancer reaches Cloud Run inside
Google's network and not through the VPC, so no firewall rule lets it in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import Origin
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.compute.resources import GcpCompute

__all__ = ["GcpIngress", "GcpOrigin", "create_ingress"]


@dataclass(frozen=True)
class GcpOrigin(Origin):
    """`groups` are the endpoint groups by public service: what the global load balancer sends requests to."""

    groups: Mapping[str, pulumi.Output[str]]


@dataclass(frozen=True)
class GcpIngress:
    """What the region shows to the entry."""

    origin: GcpOrigin


def create_ingress(scope: Scope, base: GcpBaseResources, compute: GcpCompute) -> GcpIngress | None:
    """The endpoint groups of the region; None when no service has a path."""
    public = base.spec.public
    if not public:
        return None
    groups = {name: _endpoint_group(scope, base, name, compute) for name in public}
    # no host leads to the region from outside; Cloud Run's own domain stands for it
    host = pulumi.Output.from_input(f"{base.context.region}.run.app")
    return GcpIngress(GcpOrigin(host=host, groups={name: group.id for name, group in groups.items()}))


def _endpoint_group(
    scope: Scope, base: GcpBaseResources, name: str, compute: GcpCompute
) -> gcp.compute.RegionNetworkEndpointGroup:
    return gcp.compute.RegionNetworkEndpointGroup(
        scope.named(name),
        project=base.context.project,
        region=base.context.region,
        network_endpoint_type="SERVERLESS",
        cloud_run=gcp.compute.RegionNetworkEndpointGroupCloudRunArgs(service=compute.services[name].name),
        opts=scope.opts(),
    )
