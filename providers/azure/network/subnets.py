"""Subnets, each with a separate security group, created one after another.

Azure rejects concurrent changes of a network (AnotherOperationInProgress), so each subnet depends on the previous one.
Delegation, security group and gateway are set at creation: an environment cannot move to another subnet later.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.entry.limits import has_gateway
from providers.azure.network.cidr import AzureAddressPlan
from providers.azure.network.flows import APPS_SERVICE_ENDPOINTS, DELEGATIONS, SecurityRule, Subnet, security_rules
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.contract.component import Scope
from providers.contract.spec import Platform


def create_subnets(
    scope: Scope,
    context: AzureContext,
    plan: AzureAddressPlan,
    network: azure_native.network.VirtualNetwork,
    gateway: azure_native.network.NatGateway | None,
    logs: AzureLogs,
    routes: "azure_native.network.RouteTable | None" = None,
) -> Mapping[Subnet, azure_native.network.Subnet]:
    """Declare the subnets that the platform uses; `routes` are those of the apps."""
    subnets: dict[Subnet, azure_native.network.Subnet] = {}
    for name, block in subnet_blocks(context.spec, plan).items():
        group = _security_group(scope, context, plan, name, logs)
        subnets[name] = azure_native.network.Subnet(
            scope.named(name),
            resource_group_name=context.group,
            virtual_network_name=network.name,
            address_prefix=str(block),
            network_security_group=azure_native.network.NetworkSecurityGroupArgs(id=group.id),
            nat_gateway=azure_native.network.SubResourceArgs(id=gateway.id) if gateway and name == "apps" else None,
            route_table=azure_native.network.RouteTableArgs(id=routes.id) if routes and name == "apps" else None,
            delegations=_delegations(name),
            service_endpoints=_service_endpoints(context.spec, name),
            default_outbound_access=False,
            # security groups apply to private endpoints only with it
            private_endpoint_network_policies="Enabled",
            opts=scope.opts(depends_on=list(subnets.values())),
        )
    return subnets


def subnet_blocks(spec: Platform, plan: AzureAddressPlan) -> dict[Subnet, IPv4Network]:
    """Return the block of each subnet that the platform uses."""
    blocks: dict[Subnet, IPv4Network] = {"apps": plan.apps}
    if spec.database is not None:
        blocks["database"] = plan.database
    if spec.network.private_endpoints:
        blocks["endpoints"] = plan.endpoints
    if has_gateway(spec):
        blocks["gateway"] = plan.gateway
    return blocks


def _delegations(subnet: Subnet) -> Sequence[azure_native.network.DelegationArgs]:
    service = DELEGATIONS.get(subnet)
    return [azure_native.network.DelegationArgs(name=subnet, service_name=service)] if service else []


def _service_endpoints(
    spec: Platform, subnet: Subnet
) -> Sequence[azure_native.network.ServiceEndpointPropertiesFormatArgs]:
    """Service endpoints of a subnet; Azure adds the one of storage to the database's subnet, whose WAL goes there."""
    apps_services = APPS_SERVICE_ENDPOINTS if subnet == "apps" and not spec.network.private_endpoints else ()
    services = ("Microsoft.Storage",) if subnet == "database" else apps_services
    return [azure_native.network.ServiceEndpointPropertiesFormatArgs(service=service) for service in services]


def _security_group(
    scope: Scope, context: AzureContext, plan: AzureAddressPlan, subnet: Subnet, logs: AzureLogs
) -> azure_native.network.NetworkSecurityGroup:
    group = azure_native.network.NetworkSecurityGroup(
        scope.named(f"{subnet}-rules"),
        resource_group_name=context.group,
        security_rules=[_security_rule(rule) for rule in security_rules(context.spec, plan, subnet)],
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    send_to_logs(scope, logs, f"{subnet}-rules-diagnostics", group.id, metrics=None)
    return group


def _security_rule(rule: SecurityRule) -> azure_native.network.SecurityRuleArgs:
    ports: Sequence[pulumi.Input[str]] = list(rule.ports)
    several = len(ports) > 1
    return azure_native.network.SecurityRuleArgs(
        name=rule.name,
        priority=rule.priority,
        direction=rule.direction,
        access=rule.access,
        protocol=rule.protocol,
        source_address_prefix=None if rule.sources else rule.source,
        source_address_prefixes=list(rule.sources) or None,
        source_port_range="*",
        destination_address_prefix=rule.target,
        destination_port_range=None if several else ports[0],
        destination_port_ranges=ports if several else None,
    )
