"""Serverless network endpoint group of each public service in a region.

Address, certificate, security policy and routes are global (`entry/resources.py`). The load balancer reaches Cloud Run
through Google's network and not through the VPC, so it needs no firewall rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import Origin
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.compute.resources import GcpCompute


@dataclass(frozen=True)
class GcpOrigin(Origin):
    """Endpoint groups of a region, by public service."""

    groups: Mapping[str, pulumi.Output[str]]
    ready: tuple[pulumi.Resource, ...] = ()
    """Database and services, for which backends wait that a failover moves; empty without services in a standby region."""


@dataclass(frozen=True)
class GcpIngress:
    """Origin of the region for the global entry."""

    origin: GcpOrigin


def create_ingress(scope: Scope, base: GcpBaseResources, compute: GcpCompute) -> GcpIngress | None:
    """Create the endpoint groups of the region; None when no service has a path."""
    public = base.spec.public
    if not public:
        return None
    groups = {name: _create_endpoint_group(scope, base, name, compute) for name in public}
    # the region has no public host name; the domain of Cloud Run identifies it
    host = pulumi.Output.from_input(f"{base.context.region}.run.app")
    return GcpIngress(GcpOrigin(host=host, groups={name: group.id for name, group in groups.items()}))


def _create_endpoint_group(
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
