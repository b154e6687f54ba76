"""Azure Firewall in front of the apps' subnet: with `network.egress_control: names`, apps reach the listed hosts alone.

A route table sends what leaves the network to the firewall, which allows the dependencies of Container Apps by their service
tags, hosts with port 443 by the name in the TLS handshake, and other ports by the addresses of the host's name. The NAT gateway
is on the firewall's subnet too, so the outbound address stays the same. The tier Standard resolves names in rules for other
ports; Basic does not. Rules have the apps' subnet as source, because apps share it.

The apps' subnet has an empty route table until the firewall is ready, so a standing platform changes over in one step.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.limits import ZONES
from providers.azure.context import AzureContext
from providers.azure.network.cidr import AzureAddressPlan
from providers.azure.network.flows import HTTPS_PORT, PLATFORM_TAGS
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.contract.component import Scope
from providers.contract.egress import hosts_by_port

SUBNET_NAME = "AzureFirewallSubnet"
"""Required name: Microsoft Learn, "Azure Firewall FAQ"."""
REQUIRED_HOSTS = ("acs-mirror.azureedge.net", "packages.aks.azure.com")
"""Microsoft Learn, "Azure Container Apps environment integration with Azure Firewall", all scenarios; others have tags."""
RULES_PRIORITY, NETWORK_PRIORITY, APPLICATION_PRIORITY = 100, 100, 200


@dataclass(frozen=True)
class FirewallRule:
    """Allowed connections of the apps: `kind` says how `targets` are compared."""

    name: str
    kind: Literal["tag", "address", "handshake"]
    targets: tuple[str, ...]
    port: int


def firewall_rules(context: AzureContext) -> Iterator[FirewallRule]:
    """Yield every rule of the firewall; all other connections are denied. Pure."""
    for name, tag in PLATFORM_TAGS.items():
        yield FirewallRule(name, "tag", (tag,), HTTPS_PORT)
    yield FirewallRule("container-apps", "handshake", REQUIRED_HOSTS, HTTPS_PORT)
    for port, hosts in hosts_by_port(context.spec).items():
        yield FirewallRule(f"hosts-{port}", "handshake" if port == HTTPS_PORT else "address", hosts, port)


def create_route_table(scope: Scope, context: AzureContext) -> "azure_native.network.RouteTable":
    """Declare the route table of the apps' subnet, without a route."""
    return azure_native.network.RouteTable(
        scope.named("names-routes"), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )


def create_firewall(
    scope: Scope,
    context: AzureContext,
    plan: AzureAddressPlan,
    network: azure_native.network.VirtualNetwork,
    gateway: azure_native.network.NatGateway | None,
    routes: "azure_native.network.RouteTable",
    logs: AzureLogs,
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Declare the firewall with its subnet, address and rules; return the route to it, which apps depend on."""
    subnet = azure_native.network.Subnet(
        scope.named("names"),
        resource_group_name=context.group,
        virtual_network_name=network.name,
        subnet_name=SUBNET_NAME,
        address_prefix=str(plan.firewall),
        nat_gateway=azure_native.network.SubResourceArgs(id=gateway.id) if gateway else None,
        default_outbound_access=False,
        # Azure rejects concurrent changes of a network
        opts=scope.opts(depends_on=after),
    )
    policy, rules = _policy(scope, context, plan)
    firewall = azure_native.network.AzureFirewall(
        scope.named("names"),
        resource_group_name=context.group,
        sku=azure_native.network.AzureFirewallSkuArgs(name="AZFW_VNet", tier="Standard"),
        firewall_policy=azure_native.network.SubResourceArgs(id=policy.id),
        ip_configurations=[
            azure_native.network.AzureFirewallIPConfigurationArgs(
                name="names",
                subnet=azure_native.network.SubResourceArgs(id=subnet.id),
                public_ip_address=azure_native.network.SubResourceArgs(id=_address(scope, context, logs).id),
            )
        ],
        zones=list(ZONES) if context.zonal else None,
        tags=dict(scope.tags),
        # a firewall without its rules would cut off a running platform
        opts=scope.opts(depends_on=[rules]),
    )
    send_to_logs(scope, logs, "names-diagnostics", firewall.id)
    return azure_native.network.Route(
        scope.named("names-route"),
        resource_group_name=context.group,
        route_table_name=routes.name,
        address_prefix="0.0.0.0/0",
        next_hop_type="VirtualAppliance",
        next_hop_ip_address=firewall.ip_configurations.apply(
            lambda configurations: (configurations[0].private_ip_address or "") if configurations else ""
        ),
        opts=scope.opts(),
    )


def _address(scope: Scope, context: AzureContext, logs: AzureLogs) -> azure_native.network.PublicIPAddress:
    """Address that a firewall must have; connections leave through the NAT gateway."""
    address = azure_native.network.PublicIPAddress(
        scope.named("names-address"),
        resource_group_name=context.group,
        sku=azure_native.network.PublicIPAddressSkuArgs(name="Standard"),
        public_ip_allocation_method="Static",
        zones=list(ZONES) if context.zonal else None,
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    send_to_logs(scope, logs, "names-address-diagnostics", address.id)
    return address


def _policy(
    scope: Scope, context: AzureContext, plan: AzureAddressPlan
) -> tuple["azure_native.network.FirewallPolicy", pulumi.Resource]:
    policy = azure_native.network.FirewallPolicy(
        scope.named("names"),
        resource_group_name=context.group,
        sku=azure_native.network.FirewallPolicySkuArgs(tier="Standard"),
        # rules with the addresses of names need it: Microsoft Learn, "Use FQDN filtering in network rules"
        dns_settings=azure_native.network.DnsSettingsArgs(enable_proxy=True),
        threat_intel_mode="Deny",
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    declared = tuple(firewall_rules(context))
    in_handshakes = [rule for rule in declared if rule.kind == "handshake"]
    others = [rule for rule in declared if rule.kind != "handshake"]
    source = str(plan.apps)
    group = azure_native.network.FirewallPolicyRuleCollectionGroup(
        scope.named("names-rules"),
        resource_group_name=context.group,
        firewall_policy_name=policy.name,
        priority=RULES_PRIORITY,
        rule_collections=[
            _collection("network", NETWORK_PRIORITY, [_network_rule(rule, source) for rule in others]),
            _collection(
                "application", APPLICATION_PRIORITY, [_application_rule(rule, source) for rule in in_handshakes]
            ),
        ],
        opts=scope.opts(),
    )
    return policy, group


def _collection(
    name: str,
    priority: int,
    rules: Sequence[azure_native.network.NetworkRuleArgs | azure_native.network.ApplicationRuleArgs],
) -> azure_native.network.FirewallPolicyFilterRuleCollectionArgs:
    return azure_native.network.FirewallPolicyFilterRuleCollectionArgs(
        rule_collection_type="FirewallPolicyFilterRuleCollection",
        name=name,
        priority=priority,
        action=azure_native.network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
        rules=list(rules),
    )


def _network_rule(rule: FirewallRule, source: str) -> azure_native.network.NetworkRuleArgs:
    targets: Mapping[str, list[pulumi.Input[str]]] = {
        "destination_addresses" if rule.kind == "tag" else "destination_fqdns": list(rule.targets)
    }
    return azure_native.network.NetworkRuleArgs(
        rule_type="NetworkRule",
        name=rule.name,
        ip_protocols=["TCP"],
        source_addresses=[source],
        destination_ports=[str(rule.port)],
        destination_addresses=targets.get("destination_addresses"),
        destination_fqdns=targets.get("destination_fqdns"),
    )


def _application_rule(rule: FirewallRule, source: str) -> azure_native.network.ApplicationRuleArgs:
    protocol = azure_native.network.FirewallPolicyRuleApplicationProtocolArgs(protocol_type="Https", port=rule.port)
    return azure_native.network.ApplicationRuleArgs(
        rule_type="ApplicationRule",
        name=rule.name,
        protocols=[protocol],
        source_addresses=[source],
        target_fqdns=list(rule.targets),
    )
