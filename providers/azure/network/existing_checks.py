"""Checks of existing subnets: what must be true of them, and the diagnostic of each property that is not. Pure.

Sources: Microsoft Learn, Container Apps, "Subnet" and "Subnet address range restrictions"; Azure Database for PostgreSQL,
"Networking with private access"; "Application Gateway infrastructure configuration"; "Default outbound access".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from providers.azure.network.cidr import RESERVED_BLOCKS, max_replicas
from providers.azure.network.existing_limits import FIELDS, KEY, existing_network, subnet_id, used_subnets
from providers.azure.network.flows import APPS_SERVICE_ENDPOINTS, DELEGATIONS
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.contract.spec import Platform

MAX_PREFIX: Mapping[str, int] = {"apps": 27, "database": 28, "endpoints": 28, "gateway": 26}
"""Smallest subnet for each use; that of private endpoints has 11 addresses for the 6 of a platform."""


@dataclass(frozen=True)
class AzureSubnetFacts:
    """Subnet as its subscription describes it."""

    prefixes: tuple[str, ...]
    delegations: tuple[str, ...]
    service_endpoints: tuple[str, ...]
    has_way_out: bool
    """True with a NAT gateway or a route table."""


@dataclass(frozen=True)
class AzureVnetFacts:
    """VNet and the subnets that the platform uses, by their use."""

    location: str
    subnets: Mapping[str, AzureSubnetFacts]


def checked(spec: Platform, vnet: AzureVnetFacts) -> AzureVnetFacts:
    """Return the VNet; raises InvalidConfiguration with every property in which it does not fit the platform."""
    errors = list(vnet_errors(spec, vnet))
    if errors:
        raise InvalidConfiguration(errors)
    return vnet


def vnet_errors(spec: Platform, vnet: AzureVnetFacts) -> Iterator[ConfigError]:
    """Yield an error for each property of the VNet and of its subnets that does not fit the platform."""
    if vnet.location.replace(" ", "").lower() != spec.home_region:
        problem = f"its VNet is in {vnet.location}, and azure.location is {spec.home_region}"
        yield ConfigError(f"{KEY}.{FIELDS['apps']}", problem, f"use subnets in {spec.home_region}")
    for use in used_subnets(spec):
        subnet, name = vnet.subnets[use], _name(spec, use)
        key = f"{KEY}.{FIELDS[use]}"
        yield from _delegation_errors(use, subnet, key, name)
        yield from _address_errors(spec, use, subnet, key, name)
        if use == "apps":
            yield from _apps_errors(spec, subnet, key, name)


def _delegation_errors(use: str, subnet: AzureSubnetFacts, key: str, name: str) -> Iterator[ConfigError]:
    needed = {str(subnet): service for subnet, service in DELEGATIONS.items()}.get(use)
    if needed is not None and needed not in subnet.delegations:
        yield ConfigError(key, f"{name} is not delegated to {needed}", "add the delegation")
    elif needed is None and subnet.delegations:
        problem = f"{name} is delegated to {listed(subnet.delegations, 'and')}"
        yield ConfigError(key, problem, "use a subnet without delegation")


def _address_errors(spec: Platform, use: str, subnet: AzureSubnetFacts, key: str, name: str) -> Iterator[ConfigError]:
    blocks = [IPv4Network(prefix) for prefix in subnet.prefixes if ":" not in prefix]
    if not blocks:
        yield ConfigError(key, f"{name} has no IPv4 addresses", "use a subnet with IPv4, as the platform does")
        return
    block = min(blocks, key=lambda each: each.prefixlen)
    if block.prefixlen > MAX_PREFIX[use]:
        problem = f"{name} is {block}, and this use needs /{MAX_PREFIX[use]} or larger"
        yield ConfigError(key, problem, "use a larger subnet")
    elif use == "apps":
        yield from _size_errors(spec, block, key, name)


def _size_errors(spec: Platform, block: IPv4Network, key: str, name: str) -> Iterator[ConfigError]:
    replicas = sum(service.replicas.max for service in spec.services.values())
    if replicas > max_replicas(block):
        problem = (
            f"{name} is {block} with addresses for {max_replicas(block)} replicas during a rollout, and the services may run "
            f"{replicas}"
        )
        yield ConfigError(key, problem, "use a larger subnet, or lower replicas.max")
    reserved = [str(each) for each in RESERVED_BLOCKS if each.overlaps(block)]
    if reserved:
        yield ConfigError(key, f"{name} overlaps {reserved[0]}, which Container Apps reserves", "use another subnet")


def _apps_errors(spec: Platform, subnet: AzureSubnetFacts, key: str, name: str) -> Iterator[ConfigError]:
    if spec.network.egress != "none" and not subnet.has_way_out:
        problem = f"{name} has neither a NAT gateway nor a route table, and apps connect to the internet"
        yield ConfigError(key, problem, "associate one with it, or set network.egress to none")
    missing = [service for service in APPS_SERVICE_ENDPOINTS if service not in subnet.service_endpoints]
    if missing and not spec.network.private_endpoints:
        problem = f"{name} has no service endpoints of {listed(missing, 'and')}"
        yield ConfigError(key, problem, "add them, or set network.private_endpoints to true")


def _name(spec: Platform, use: str) -> str:
    block = existing_network(spec)
    identity = subnet_id(block, use) if block is not None else None
    return (identity or "").rpartition("/")[2]


def names_of(identity: str) -> Sequence[str]:
    """Return resource group, VNet and subnet of the ID of a subnet."""
    parts = identity.split("/")
    return parts[4], parts[8], parts[10]
