"""What each subnet's security group lets through; everything else is dropped. Pure.

Rules name subnets and Azure's service tags, never addresses of machines. Priorities are fixed, so that a rule that comes
or goes moves none. Azure's own DNS (168.63.129.16) is always let through: nothing in the network resolves without it.
Out of the apps' subnet only what Container Apps itself needs is open, what the platform has, and, unless `egress` is
none, port 443 of the world.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from providers.azure.network.cidr import AzureAddressPlan
from providers.azure.ports import CACHE_PORT, DATABASE_PORT, DNS_PORT, HTTPS_PORT, POOLER_PORT
from providers.contract.spec import Platform

Subnet = Literal["apps", "database", "endpoints"]
Direction = Literal["Inbound", "Outbound"]
ANY = "*"
WORLD = "Internet"
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
"""What an environment cannot do without: Microsoft Learn, "Securing a custom VNET in Azure Container Apps"."""
DENY_PRIORITY = 4000


@dataclass(frozen=True)
class Rule:
    """One rule of a security group; `source` and `target` are blocks, service tags or `*`."""

    name: str
    priority: int
    direction: Direction
    source: str
    target: str
    ports: tuple[str, ...]
    protocol: str = "Tcp"
    access: Literal["Allow", "Deny"] = "Allow"


def rules(spec: Platform, layout: AzureAddressPlan, subnet: Subnet) -> tuple[Rule, ...]:
    """Every rule of a subnet's security group, inbound ones first."""
    made = {"apps": _apps, "database": _database, "endpoints": _endpoints}[subnet](spec, layout)
    return (*made, _refused("in-rest", "Inbound", ANY, ANY), _refused("out-world", "Outbound", ANY, WORLD))


def _apps(spec: Platform, layout: AzureAddressPlan) -> Iterator[Rule]:
    """Front Door has no rule of its own: its private endpoint stands in a network of its own, and no address here is its.

    Microsoft asks for none, neither in "Create a private link to an Azure Container App with Azure Front Door" nor in
    "Securing a custom VNET in Azure Container Apps". "Use Azure Front Door Premium with a custom virtual network" lets the
    requests pass the endpoints' subnet, which `in-endpoints` admits. Not tried on a subscription: should an approved link
    answer 504, the flow logs name the source that `in-rest` dropped.
    """
    apps, endpoints = str(layout.apps), str(layout.endpoints)
    yield Rule("in-endpoints", 100, "Inbound", endpoints, apps, EDGE_PORTS)
    yield Rule("in-health", 110, "Inbound", "AzureLoadBalancer", apps, HEALTH_PORTS)
    yield Rule("in-self", 120, "Inbound", apps, apps, (ANY,), ANY)
    for place, (name, tag) in enumerate(PLATFORM_TAGS.items()):
        yield Rule(f"out-{name}", 100 + 10 * place, "Outbound", apps, tag, (str(HTTPS_PORT),))
    if spec.network.private_endpoints:
        yield Rule("out-endpoints", 140, "Outbound", apps, endpoints, (str(HTTPS_PORT), str(CACHE_PORT)))
    if spec.database is not None:
        yield Rule("out-database", 150, "Outbound", apps, str(layout.database), DATABASE_PORTS)
    yield Rule("out-self", 160, "Outbound", apps, apps, (ANY,), ANY)
    yield Rule("out-dns", 170, "Outbound", apps, AZURE_DNS, (str(DNS_PORT),), ANY)
    if spec.network.egress != "none":
        yield Rule("out-https", 180, "Outbound", apps, WORLD, (str(HTTPS_PORT),))
    if spec.cache is not None and not spec.network.private_endpoints:
        yield Rule("out-cache", 190, "Outbound", apps, "AzureCloud", (str(CACHE_PORT),))


def _database(_spec: Platform, layout: AzureAddressPlan) -> Iterator[Rule]:
    """The apps ask; the standby copies inside the subnet; the log goes to storage and logins to the directory."""
    apps, database = str(layout.apps), str(layout.database)
    yield Rule("in-apps", 100, "Inbound", apps, database, DATABASE_PORTS)
    yield Rule("in-self", 110, "Inbound", database, database, DATABASE_PORTS)
    yield Rule("out-self", 100, "Outbound", database, database, DATABASE_PORTS)
    for place, tag in enumerate(("Storage", "AzureActiveDirectory", "AzureMonitor"), start=1):
        yield Rule(f"out-{tag.lower()}", 100 + 10 * place, "Outbound", database, tag, (str(HTTPS_PORT),))


def _endpoints(_spec: Platform, layout: AzureAddressPlan) -> Iterator[Rule]:
    ports = (str(HTTPS_PORT), str(CACHE_PORT))
    yield Rule("in-apps", 100, "Inbound", str(layout.apps), str(layout.endpoints), ports)


def _refused(name: str, direction: Direction, source: str, target: str) -> Rule:
    return Rule(name, DENY_PRIORITY, direction, source, target, (ANY,), ANY, "Deny")
