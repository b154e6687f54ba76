"""Settings of existing subnets that the stack file alone shows to be wrong, and what their owner decides. Pure."""

from collections.abc import Iterator, Mapping

from providers.azure.entry.limits import has_gateway
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported
from providers.contract.egress import checks_names, listed_hosts
from providers.contract.region_specs import unused_range_errors
from providers.contract.spec import ExistingAzureNetwork, Platform

KEY = "network.existing.azure"
FIELDS: Mapping[str, str] = {
    "apps": "container_apps_subnet_id",
    "database": "database_subnet_id",
    "endpoints": "private_endpoint_subnet_id",
    "gateway": "gateway_subnet_id",
}
"""Field of the subnet by its use."""
USERS: Mapping[str, str] = {
    "apps": "the apps",
    "database": "the database server",
    "endpoints": "private endpoints",
    "gateway": "the Application Gateway",
}


def existing_network(spec: Platform) -> ExistingAzureNetwork | None:
    """Return the subnets that the platform uses; None where it creates its own network."""
    return spec.network.existing.azure if spec.network.existing is not None else None


def subnet_id(block: ExistingAzureNetwork, use: str) -> str | None:
    """Return the ID of the subnet for a use."""
    ids = (
        block.container_apps_subnet_id,
        block.database_subnet_id,
        block.private_endpoint_subnet_id,
        block.gateway_subnet_id,
    )
    return dict(zip(FIELDS, ids, strict=True))[use]


def used_subnets(spec: Platform) -> tuple[str, ...]:
    """Return the uses for which the platform needs a subnet."""
    needed = {
        "apps": True,
        "database": spec.database is not None,
        "endpoints": spec.network.private_endpoints,
        "gateway": has_gateway(spec),
    }
    return tuple(use for use, is_needed in needed.items() if is_needed)


def vnet_of(subnet: str) -> str:
    """Return the ID of the VNet of a subnet."""
    return subnet.partition("/subnets/")[0]


def existing_refusals(spec: Platform) -> list[Diagnostic]:
    """Subnets that are missing, of two VNets or of another subscription, and settings of a network of the platform."""
    block = existing_network(spec)
    if block is None:
        return []
    return [*_missing(spec, block), *_places(spec, block), *_unused_zones(spec, block), *_own_settings(spec)]


def _missing(spec: Platform, block: ExistingAzureNetwork) -> Iterator[Diagnostic]:
    for use in used_subnets(spec):
        if subnet_id(block, use) is None:
            problem = (
                f"missing; {USERS[use]} of the platform need{'' if use in ('apps', 'endpoints') else 's'} a subnet"
            )
            yield ConfigError(f"{KEY}.{FIELDS[use]}", problem, "set the ID of a subnet for this use alone")


def _places(spec: Platform, block: ExistingAzureNetwork) -> Iterator[Diagnostic]:
    subscription = spec.azure.subscription_id if spec.azure is not None else ""
    named = {use: subnet for use in FIELDS if (subnet := subnet_id(block, use)) is not None}
    first = next(iter(named.values()), "")
    seen: set[str] = set()
    for use, subnet in named.items():
        key = f"{KEY}.{FIELDS[use]}"
        if subnet.split("/")[2].lower() != subscription.lower():
            yield ConfigError(key, "it is in another subscription than azure.subscription_id", "use one of this one")
        elif vnet_of(subnet).lower() != vnet_of(first).lower():
            yield ConfigError(key, "it is in another VNet than the first subnet", "use subnets of one VNet")
        elif subnet.lower() in seen:
            yield ConfigError(key, "the subnet has another use already", "use a subnet for each")
        seen.add(subnet.lower())


def _unused_zones(spec: Platform, block: ExistingAzureNetwork) -> Iterator[Diagnostic]:
    if block.private_dns_group_id is not None and not spec.network.private_endpoints:
        problem = "no effect with `network.private_endpoints: false`, which needs no privatelink zones"
        yield ConfigError(f"{KEY}.private_dns_group_id", problem, "set network.private_endpoints to true, or remove it")


def _own_settings(spec: Platform) -> Iterator[Diagnostic]:
    yield from unused_range_errors(spec, "whose subnets have their own ranges")
    if checks_names(spec):
        problem = "names: the platform creates no firewall and no route in a network of others"
        yield Unsupported("azure", "network.egress_control", problem, "use ports, or remove network.existing")


def existing_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what is checked in the subscription, what the owner of the subnets decides, and subnets without use."""
    block = existing_network(spec)
    return [] if block is None else [*_owner_decides(spec, block), *_without_use(spec, block)]


def _owner_decides(spec: Platform, block: ExistingAzureNetwork) -> Iterator[Adjustment]:
    reason = (
        "the update reads the VNet and the subnets before it creates anything in them, and stops unless location, delegations, "
        "sizes and gateways are as docs/existing.md says; the plan has no subscription and checks none of it. Security groups and "
        "routes of the subnets are those of their owner"
    )
    yield Adjustment("network.existing", sorted(block.model_fields_set), Effect.PARTIAL, reason)
    reason = "the security groups and the gateway of the existing subnet decide where apps connect to; none is declared"
    yield Adjustment("network.egress", spec.network.egress, Effect.ADJUSTED, reason)
    for name in spec.services:
        hosts = [rule.host for rule in spec.services[name].egress]
        if hosts and listed_hosts(spec):
            reason = "the security group of the existing subnet must allow them; no rule is declared"
            yield Adjustment(f"services.{name}.egress", hosts, Effect.IGNORED, reason)
    if spec.network.flow_logs:
        reason = "connections of the used subnets are logged, and none of the rest of the VNet"
        yield Adjustment("network.flow_logs", True, Effect.PARTIAL, reason)


def _without_use(spec: Platform, block: ExistingAzureNetwork) -> Iterator[Adjustment]:
    for use, name in FIELDS.items():
        if use not in used_subnets(spec) and subnet_id(block, use) is not None:
            reason = f"the platform has no use for it: {USERS[use]} would be there"
            yield Adjustment(f"{KEY}.{name}", "a subnet", Effect.IGNORED, reason)
