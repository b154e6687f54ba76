"""Connections that each subnet's security group allows; everything else is denied. Pure.

Rules refer to subnets and service tags, never to addresses of machines. Priorities are fixed, so that an added or
removed rule changes no other one. Azure DNS (168.63.129.16) is always allowed, because name resolution depends on it.
Outbound, the apps' subnet reaches what Container Apps requires, what the platform declares and, unless
`network.egress` is none, port 443 of the internet and the ports of the hosts under `services.<name>.egress`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from providers.azure.entry.limits import allows_any_address, has_gateway
from providers.azure.network.cidr import AzureAddressPlan, address_plan
from providers.contract.egress import HTTPS_PORT as HTTPS_PORT
from providers.contract.egress import checks_names, other_ports, services_by_port
from providers.contract.existing_stores import store_ports
from providers.contract.region_specs import is_warm, standby_cidr
from providers.contract.spec import Platform

Subnet = Literal["apps", "database", "endpoints", "gateway"]
Direction = Literal["Inbound", "Outbound"]
DELEGATIONS: Mapping[Subnet, str] = {
    "apps": "Microsoft.App/environments",
    "database": "Microsoft.DBforPostgreSQL/flexibleServers",
}
APPS_SERVICE_ENDPOINTS = ("Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.Storage")
"""Services that restrict access to the apps' subnet by its service endpoints when there are no private endpoints."""

DATABASE_PORT = 5432
POOLER_PORT = 6432
"""PgBouncer, which a flexible server includes."""
CACHE_PORT = 10000
DNS_PORT = 53

ANY = "*"
INTERNET = "Internet"
VIRTUAL_NETWORK = "VirtualNetwork"
"""Tag of the network, its peers, and what is reached over its gateways."""
CLIENT_PORTS = ("80", str(HTTPS_PORT))
GATEWAY_MANAGER_PORTS = ("65200-65535",)
"""Ports at which Azure manages an Application Gateway; it accepts only Azure's certificates there."""
AZURE_DNS = "168.63.129.16"
EDGE_PORTS = (str(HTTPS_PORT), "31443")
"""TLS of the environment, and of its proxies behind the internal load balancer."""
HEALTH_PORTS = ("30000-32767",)
DATABASE_PORTS = (str(DATABASE_PORT), str(POOLER_PORT))
PLATFORM_TAGS = {
    "registry": "MicrosoftContainerRegistry",
    "registry-front": "AzureFrontDoor.FirstParty",
    "directory": "AzureActiveDirectory",
    "monitor": "AzureMonitor",
}
"""Dependencies of an environment: Microsoft Learn, "Securing a custom VNET in Azure Container Apps"."""
DENY_PRIORITY = 4000


@dataclass(frozen=True)
class SecurityRule:
    """One rule of a network security group; `source` and `target` are blocks, service tags or `*`."""

    name: str
    priority: int
    direction: Direction
    source: str
    target: str
    ports: tuple[str, ...]
    protocol: str = "Tcp"
    access: Literal["Allow", "Deny"] = "Allow"
    sources: tuple[str, ...] = ()
    """Several blocks in place of `source`."""


def security_rules(spec: Platform, plan: AzureAddressPlan, subnet: Subnet) -> tuple[SecurityRule, ...]:
    """Return every rule of a subnet's security group, inbound rules first."""
    if subnet == "gateway":
        # Microsoft requires outbound access without a denial: "Application Gateway infrastructure configuration"
        return (*_gateway(spec, plan), _deny("in-rest", "Inbound", ANY, ANY))
    allowed = {"apps": _apps, "database": _database, "endpoints": _endpoints}[subnet](spec, plan)
    return (*allowed, _deny("in-rest", "Inbound", ANY, ANY), _deny("out-world", "Outbound", ANY, INTERNET))


def _apps(spec: Platform, plan: AzureAddressPlan) -> Iterator[SecurityRule]:
    """Rules of the apps' subnet; Front Door has none, because its private endpoint is in a network of Microsoft.

    Microsoft requires none, neither in "Create a private link to an Azure Container App with Azure Front Door" nor in
    "Securing a custom VNET in Azure Container Apps". "Use Azure Front Door Premium with a custom virtual network" routes
    requests through the endpoints' subnet, which `in-endpoints` allows. Not yet verified on a subscription: if an
    approved link answers 504, the flow logs name the source that `in-rest` denied.
    """
    apps, endpoints = str(plan.apps), str(plan.endpoints)
    yield SecurityRule("in-endpoints", 100, "Inbound", endpoints, apps, EDGE_PORTS)
    yield SecurityRule("in-health", 110, "Inbound", "AzureLoadBalancer", apps, HEALTH_PORTS)
    yield SecurityRule("in-self", 120, "Inbound", apps, apps, (ANY,), ANY)
    if has_gateway(spec):
        yield SecurityRule("in-gateway", 130, "Inbound", str(plan.gateway), apps, EDGE_PORTS)
    for index, (name, tag) in enumerate(PLATFORM_TAGS.items()):
        yield SecurityRule(f"out-{name}", 100 + 10 * index, "Outbound", apps, tag, (str(HTTPS_PORT),))
    if spec.network.private_endpoints:
        yield SecurityRule("out-endpoints", 140, "Outbound", apps, endpoints, (str(HTTPS_PORT), str(CACHE_PORT)))
    if spec.database is not None:
        yield SecurityRule("out-database", 150, "Outbound", apps, str(plan.database), DATABASE_PORTS)
    yield SecurityRule("out-self", 160, "Outbound", apps, apps, (ANY,), ANY)
    yield SecurityRule("out-dns", 170, "Outbound", apps, AZURE_DNS, (str(DNS_PORT),), ANY)
    if spec.network.egress != "none":
        yield SecurityRule("out-https", 180, "Outbound", apps, INTERNET, (str(HTTPS_PORT),))
    if spec.all_caches and not spec.network.private_endpoints:
        yield SecurityRule("out-cache", 190, "Outbound", apps, "AzureCloud", (str(CACHE_PORT),))
    stores = sorted({port for name in spec.services for port in store_ports(spec, name)})
    if stores:
        # the tag Internet leaves out the network and its peers, in which an existing store may be
        yield SecurityRule("out-stores", 195, "Outbound", apps, VIRTUAL_NETWORK, tuple(map(str, stores)))
    listed = tuple(map(str, other_ports(spec)))
    if listed:
        yield SecurityRule("out-listed", 200, "Outbound", apps, INTERNET, listed)


def internet_ports(spec: Platform) -> tuple[int, ...]:
    """Ports of the internet that every app may connect to."""
    if checks_names(spec):
        return tuple(services_by_port(spec))
    return tuple(sorted((HTTPS_PORT, *other_ports(spec)))) if spec.network.egress != "none" else ()


def _database(spec: Platform, plan: AzureAddressPlan) -> Iterator[SecurityRule]:
    """Connections from the apps, replication inside the subnet, WAL to storage, logins with Microsoft Entra ID.

    With services in two locations, the servers of both replicate in either direction (Microsoft Learn, "Replication across
    Azure regions and virtual networks with private networking").
    """
    apps, database = str(plan.apps), str(plan.database)
    yield SecurityRule("in-apps", 100, "Inbound", apps, database, DATABASE_PORTS)
    yield SecurityRule("in-self", 110, "Inbound", database, database, DATABASE_PORTS)
    yield SecurityRule("out-self", 100, "Outbound", database, database, DATABASE_PORTS)
    for index, tag in enumerate(("Storage", "AzureActiveDirectory", "AzureMonitor"), start=1):
        yield SecurityRule(f"out-{tag.lower()}", 100 + 10 * index, "Outbound", database, tag, (str(HTTPS_PORT),))
    if is_warm(spec):
        other = str(address_plan(standby_cidr(spec)).database)
        yield SecurityRule("in-replication", 120, "Inbound", other, database, (str(DATABASE_PORT),))
        yield SecurityRule("out-replication", 140, "Outbound", database, other, (str(DATABASE_PORT),))


def _endpoints(_spec: Platform, plan: AzureAddressPlan) -> Iterator[SecurityRule]:
    ports = (str(HTTPS_PORT), str(CACHE_PORT))
    yield SecurityRule("in-apps", 100, "Inbound", str(plan.apps), str(plan.endpoints), ports)


def _gateway(spec: Platform, plan: AzureAddressPlan) -> Iterator[SecurityRule]:
    """Rules of the gateway's subnet: its clients, and what Azure needs to run it."""
    gateway = str(plan.gateway)
    clients = () if allows_any_address(spec) else spec.ingress.allowed_cidrs
    yield SecurityRule("in-clients", 100, "Inbound", INTERNET, gateway, CLIENT_PORTS, sources=clients)
    yield SecurityRule("in-manager", 110, "Inbound", "GatewayManager", ANY, GATEWAY_MANAGER_PORTS)
    yield SecurityRule("in-balancer", 120, "Inbound", "AzureLoadBalancer", ANY, (ANY,), ANY)


def _deny(name: str, direction: Direction, source: str, target: str) -> SecurityRule:
    return SecurityRule(name, DENY_PRIORITY, direction, source, target, (ANY,), ANY, "Deny")
