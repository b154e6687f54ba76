"""Existing network as its project describes it: read by provider functions, checked before any resource depends on it.

Functions that list objects answer for a missing one, so that it is an error with its key. What the platform declares refers to
the Output of the checks, so that nothing is created in a network that does not fit.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.network.existing_checks import GcpNetworkFacts, GcpRangeFacts, GcpSubnetFacts, check_found, checked
from providers.gcp.network.existing_limits import existing_network, needs_range, network_project


def read_network(scope: Scope, context: GcpContext) -> pulumi.Output[GcpNetworkFacts]:
    """Return the existing network; the Output fails with InvalidConfiguration where it does not fit the platform."""
    opts, project = pulumi.InvokeOutputOptions(parent=scope.parent), network_project(context.spec)
    networks = gcp.compute.get_networks_output(project=project, opts=opts)
    listed = gcp.compute.get_subnetworks_output(project=project, region=context.region, opts=opts).subnetworks

    def described(found: Mapping[str, Any]) -> pulumi.Output[GcpNetworkFacts]:
        check_found(context.spec, frozenset(found["networks"] or ()), frozenset(found["subnets"]))
        return _described(context, project, opts)

    # `Output.all` would turn the objects of the SDK into mappings
    subnets = listed.apply(lambda found: [str(each.name) for each in found or ()])
    found = pulumi.Output.all(networks=networks.networks, subnets=subnets)
    return found.apply(described).apply(lambda network: checked(context.spec, network))


def _described(context: GcpContext, project: str, opts: pulumi.InvokeOutputOptions) -> pulumi.Output[GcpNetworkFacts]:
    block = existing_network(context.spec)
    if block is None:
        raise ValueError("the platform creates its own network")
    subnet = gcp.compute.get_subnetwork_output(
        name=block.subnetwork, project=project, region=context.region, opts=opts
    ).apply(
        lambda read: GcpSubnetFacts(
            read.ip_cidr_range, read.network, read.private_ip_google_access, read.stack_type or ""
        )
    )
    private_range = (
        gcp.compute.get_global_address_output(name=block.private_range, project=project, opts=opts).apply(
            lambda read: GcpRangeFacts(read.address, read.prefix_length, read.purpose, read.network)
        )
        if block.private_range is not None and needs_range(context.spec)
        else None
    )
    zones = gcp.dns.get_managed_zones_output(project=project, opts=opts).managed_zones.apply(
        lambda found: [each.dns_name for each in found or () if each.visibility == "private"]
    )
    return pulumi.Output.all(subnet=subnet, private_range=private_range, zones=zones).apply(
        lambda read: GcpNetworkFacts(
            subnet=read["subnet"],
            private_range=read["private_range"],
            private_zones=frozenset(read["zones"]),
        )
    )
