"""Subnets, each with a security group of its own, made one after another.

Azure refuses two changes of one network at a time (AnotherOperationInProgress), so each subnet waits for the one
before. Delegation, group and gateway are there from the start: an environment cannot move to another subnet later.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.network.cidr import AzureAddressPlan
from providers.azure.network.security_rules import Rule, Subnet, rules
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.observability.logs import Logs
from providers.contract.component import Scope
from providers.contract.spec import Platform

Gateway = azure_native.network.NatGateway

DELEGATIONS: Mapping[Subnet, str] = {
    "apps": "Microsoft.App/environments",
    "database": "Microsoft.DBforPostgreSQL/flexibleServers",
}
OPEN_DOORS = ("Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.Storage")
"""Services that without private endpoints know the apps' subnet by its service endpoint."""


def create_subnets(
    scope: Scope,
    context: AzureContext,
    plan: AzureAddressPlan,
    network: azure_native.network.VirtualNetwork,
    gateway: Gateway | None,
    logs: Logs,
) -> Mapping[Subnet, azure_native.network.Subnet]:
    """The subnets that the platform has a use for."""
    made: dict[Subnet, azure_native.network.Subnet] = {}
    for name, block in wanted_subnets(context.spec, plan).items():
        group = _group(scope, context, plan, name, logs)
        made[name] = azure_native.network.Subnet(
            scope.named(name),
            resource_group_name=context.group,
            virtual_network_name=network.name,
            address_prefix=str(block),
            network_security_group=azure_native.network.NetworkSecurityGroupArgs(id=group.id),
            nat_gateway=azure_native.network.SubResourceArgs(id=gateway.id) if gateway and name == "apps" else None,
            delegations=_delegations(name),
            service_endpoints=_service_endpoints(context.spec, name),
            default_outbound_access=False,
            # without it the security group would not apply to private endpoints
            private_endpoint_network_policies="Enabled",
            opts=scope.opts(depends_on=list(made.values())),
        )
    return made


def wanted_subnets(spec: Platform, plan: AzureAddressPlan) -> dict[Subnet, IPv4Network]:
    """Block of each subnet that something will stand in."""
    wanted: dict[Subnet, IPv4Network] = {"apps": plan.apps}
    if spec.database is not None:
        wanted["database"] = plan.database
    if spec.network.private_endpoints:
        wanted["endpoints"] = plan.endpoints
    return wanted


def _delegations(subnet: Subnet) -> Sequence[azure_native.network.DelegationArgs]:
    service = DELEGATIONS.get(subnet)
    return [azure_native.network.DelegationArgs(name=subnet, service_name=service)] if service else []


def _service_endpoints(
    spec: Platform, subnet: Subnet
) -> Sequence[azure_native.network.ServiceEndpointPropertiesFormatArgs]:
    """The database's endpoint of storage is put there by Azure itself and must stay: its log goes through it."""
    open_doors = OPEN_DOORS if subnet == "apps" and not spec.network.private_endpoints else ()
    services = ("Microsoft.Storage",) if subnet == "database" else open_doors
    return [azure_native.network.ServiceEndpointPropertiesFormatArgs(service=service) for service in services]


def _group(
    scope: Scope, context: AzureContext, plan: AzureAddressPlan, subnet: Subnet, logs: Logs
) -> azure_native.network.NetworkSecurityGroup:
    group = azure_native.network.NetworkSecurityGroup(
        scope.named(f"{subnet}-rules"),
        resource_group_name=context.group,
        security_rules=[_rule(rule) for rule in rules(context.spec, plan, subnet)],
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    send_to_logs(scope, logs, f"{subnet}-rules-diagnostics", group.id, metrics=None)
    return group


def _rule(rule: Rule) -> azure_native.network.SecurityRuleArgs:
    ports: Sequence[pulumi.Input[str]] = list(rule.ports)
    several = len(ports) > 1
    return azure_native.network.SecurityRuleArgs(
        name=rule.name,
        priority=rule.priority,
        direction=rule.direction,
        access=rule.access,
        protocol=rule.protocol,
        source_address_prefix=rule.source,
        source_port_range="*",
        destination_address_prefix=rule.target,
        destination_port_range=None if several else ports[0],
        destination_port_ranges=ports if several else None,
    )
