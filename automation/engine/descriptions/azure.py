"""Existing VNet and registry as the Azure CLI describes them."""

from collections.abc import Iterator

from pydantic import BaseModel

from automation.engine.descriptions import Reader
from automation.stack.document import Stack
from providers.azure.base.existing_registry import KEY, registry_of_others
from providers.azure.network.existing_checks import AzureSubnetFacts, AzureVnetFacts, names_of, vnet_errors
from providers.azure.network.existing_limits import FIELDS, existing_network, subnet_id, used_subnets, vnet_of
from providers.azure.network.existing_limits import KEY as NETWORK_KEY
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

ABAC = "AbacRepositoryPermissions"
"""Mode in which a registry ignores AcrPull: Microsoft Learn, "Azure attribute-based access control for repository permissions"."""


class _Delegation(BaseModel):
    serviceName: str | None = None


class _ServiceEndpoint(BaseModel):
    service: str | None = None


class _Reference(BaseModel):
    id: str


class _VnetSubnet(BaseModel):
    name: str
    addressPrefix: str | None = None
    addressPrefixes: list[str] | None = None
    delegations: list[_Delegation] | None = None
    serviceEndpoints: list[_ServiceEndpoint] | None = None
    natGateway: _Reference | None = None
    routeTable: _Reference | None = None


class _Vnet(BaseModel):
    location: str
    subnets: list[_VnetSubnet] = []


class _Sku(BaseModel):
    name: str = ""


class _Registry(BaseModel):
    loginServer: str = ""
    sku: _Sku = _Sku()
    roleAssignmentMode: str | None = None


def network_errors(reader: Reader, stack: Stack) -> Iterator[ConfigError]:
    """Yield an error for each property of the existing subnets that does not fit; raises NotRead and InvalidConfiguration."""
    block = existing_network(stack.spec)
    ids = {use: subnet_id(block, use) for use in used_subnets(stack.spec)} if block is not None else {}
    named = {use: identity for use, identity in ids.items() if identity is not None}
    if not named:
        return
    vnet = reader.read(_Vnet, "az", "network", "vnet", "show", "--ids", vnet_of(named["apps"]), "--output", "json")
    found = {each.name.lower(): each for each in vnet.subnets}
    missing = {
        use: names_of(identity)[2] for use, identity in named.items() if names_of(identity)[2].lower() not in found
    }
    if missing:
        raise InvalidConfiguration(
            ConfigError(f"{NETWORK_KEY}.{FIELDS[use]}", f"the VNet has no subnet {name}", "correct the ID")
            for use, name in missing.items()
        )
    subnets = {use: _facts(found[names_of(identity)[2].lower()]) for use, identity in named.items()}
    yield from vnet_errors(stack.spec, AzureVnetFacts(vnet.location, subnets))


def registry_errors(reader: Reader, stack: Stack) -> Iterator[ConfigError]:
    """Yield an error for each property of the existing registry that does not fit; raises NotRead."""
    registry = registry_of_others(stack.spec)
    if registry is None:
        return
    command = ("az", "acr", "show", "--name", registry.name, "--subscription", registry.subscription_id)
    found = reader.read(_Registry, *command, "--output", "json")
    if found.loginServer.lower() != registry.login_server:
        problem = f"the login server of {registry.name} is {found.loginServer}"
        yield ConfigError(f"{KEY}.login_server", problem, f"set it to {found.loginServer.lower()}")
    if registry.private and found.sku.name != "Premium":
        problem = f"{registry.name} has the tier {found.sku.name}, and a private endpoint needs Premium"
        yield ConfigError(f"{KEY}.private_endpoint", problem, "set it to false, or use a registry of tier Premium")
    if found.roleAssignmentMode == ABAC:
        problem = (
            f"{registry.name} has ABAC repository permissions, so that it ignores the role AcrPull of the platform"
        )
        yield ConfigError(f"{KEY}.registry_id", problem, "use a registry with RBAC registry permissions")


def _facts(subnet: _VnetSubnet) -> AzureSubnetFacts:
    return AzureSubnetFacts(
        prefixes=tuple(subnet.addressPrefixes or filter(None, [subnet.addressPrefix])),
        delegations=tuple(each.serviceName or "" for each in subnet.delegations or ()),
        service_endpoints=tuple(each.service or "" for each in subnet.serviceEndpoints or ()),
        has_way_out=subnet.natGateway is not None or subnet.routeTable is not None,
    )
