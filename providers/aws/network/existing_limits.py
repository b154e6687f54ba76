"""Settings of an existing VPC that the stack file alone shows to be wrong, and settings that a VPC of others decides. Pure."""

from collections.abc import Iterator, Mapping

from providers.aws.network.cidr import TIERS, Tier
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, listed
from providers.contract.egress import checks_names
from providers.contract.region_specs import unused_range_errors
from providers.contract.spec import ExistingAwsNetwork, Platform

KEY = "network.existing.aws"
USERS: Mapping[Tier, str] = {
    "public": "the load balancer",
    "private": "the services",
    "database": "database and cache",
}
"""Parts of a platform that are in each tier."""


def existing_vpc(spec: Platform) -> ExistingAwsNetwork | None:
    """Return the VPC that the platform uses; None where it creates its own."""
    return spec.network.existing.aws if spec.network.existing is not None else None


def shares_endpoints(spec: Platform) -> bool:
    """Return whether services use the interface endpoints of an existing VPC."""
    block = existing_vpc(spec)
    return block is not None and block.endpoint_security_group_id is not None


def subnet_ids(block: ExistingAwsNetwork, tier: Tier) -> tuple[str, ...]:
    """Return the listed subnets of a tier; none where they are found by tags."""
    return {
        "public": block.public_subnet_ids,
        "private": block.private_subnet_ids,
        "database": block.database_subnet_ids,
    }[tier]


def subnet_tags(block: ExistingAwsNetwork, tier: Tier) -> Mapping[str, str]:
    """Return the tags by which the subnets of a tier are found; none where they are listed."""
    return {
        "public": block.public_subnet_tags,
        "private": block.private_subnet_tags,
        "database": block.database_subnet_tags,
    }[tier]


def tier_key(block: ExistingAwsNetwork, tier: Tier) -> str:
    """Return the key that names the subnets of a tier."""
    return f"{KEY}.{tier}_subnet_{'tags' if subnet_tags(block, tier) else 'ids'}"


def vpc_key(block: ExistingAwsNetwork) -> str:
    """Return the key that names the VPC."""
    return f"{KEY}.{'vpc_tags' if block.vpc_tags else 'vpc_id'}"


def used_tiers(spec: Platform) -> tuple[Tier, ...]:
    """Return the tiers of an existing VPC that the platform uses; the gateways of its owner are not the platform's."""
    used = {"public": bool(spec.public), "private": True, "database": bool(spec.database or spec.all_caches)}
    return tuple(tier for tier in TIERS if used[tier])


def existing_refusals(spec: Platform) -> list[Diagnostic]:
    """VPC and subnets that are missing, named twice or not one for each zone, and settings of a VPC of the platform."""
    block = existing_vpc(spec)
    if block is None:
        return []
    tiers = used_tiers(spec)
    return [
        *_vpc(block),
        *(refusal for tier in TIERS for refusal in _subnets(spec, block, tier, needed=tier in tiers)),
        *_repeated(block),
        *_endpoints(spec, block),
        *_own_settings(spec),
    ]


def _vpc(block: ExistingAwsNetwork) -> Iterator[Diagnostic]:
    if block.vpc_id is None and not block.vpc_tags:
        yield ConfigError(f"{KEY}.vpc_id", "missing", "set the ID of the VPC, or vpc_tags that only this VPC has")
    elif block.vpc_id is not None and block.vpc_tags:
        yield ConfigError(f"{KEY}.vpc_tags", "vpc_id names the VPC already", "keep one of the two")


def _subnets(spec: Platform, block: ExistingAwsNetwork, tier: Tier, *, needed: bool) -> Iterator[Diagnostic]:
    ids, zones = subnet_ids(block, tier), spec.network.zones
    key = f"{KEY}.{tier}_subnet_ids"
    if ids and subnet_tags(block, tier):
        yield ConfigError(
            f"{KEY}.{tier}_subnet_tags", f"{tier}_subnet_ids lists subnets already", "keep one of the two"
        )
    elif needed and not ids and not subnet_tags(block, tier):
        fix = f"list {zones} of the VPC, one in each zone, or set {tier}_subnet_tags"
        yield ConfigError(key, f"missing; the platform needs subnets for {USERS[tier]}", fix)
    elif needed and ids and len(ids) != zones:
        problem = f"{len(ids)} {'subnet is' if len(ids) == 1 else 'subnets are'} listed, and network.zones is {zones}"
        yield ConfigError(key, problem, "list one subnet in each zone, or change network.zones")


def _repeated(block: ExistingAwsNetwork) -> Iterator[Diagnostic]:
    """Refuse a subnet in two places: the tiers differ in their routes."""
    seen: set[str] = set()
    for tier in TIERS:
        for subnet in subnet_ids(block, tier):
            if subnet in seen:
                yield ConfigError(f"{KEY}.{tier}_subnet_ids", f"{subnet} is listed twice", "list another subnet")
            seen.add(subnet)


def _endpoints(spec: Platform, block: ExistingAwsNetwork) -> Iterator[Diagnostic]:
    if block.endpoint_security_group_id is not None and not spec.network.private_endpoints:
        problem = "no effect with `network.private_endpoints: false`, which uses no endpoints"
        fix = "set network.private_endpoints to true, or remove this key"
        yield ConfigError(f"{KEY}.endpoint_security_group_id", problem, fix)


def _own_settings(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse settings of a VPC that the platform creates."""
    yield from unused_range_errors(spec, "whose VPC has its own range")
    if spec.aws is not None and spec.aws.zone_names:
        problem = "no effect with `network.existing`, whose subnets are in their zones already"
        yield ConfigError("aws.zone_names", problem, "remove it")
    if checks_names(spec):
        problem = "names: DNS Firewall applies to the whole VPC, and would block the names of others in an existing one"
        yield Unsupported("aws", "network.egress_control", problem, "use ports, or remove network.existing")


def existing_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what is checked in the account, what the owner of the VPC decides, and subnets without use."""
    block = existing_vpc(spec)
    return [] if block is None else [*_owner_decides(spec, block), *_without_use(spec, block)]


def _owner_decides(spec: Platform, block: ExistingAwsNetwork) -> Iterator[Adjustment]:
    reason = (
        "the update reads the VPC before it creates anything, and stops unless its DNS settings, and the zones, routes and free "
        "addresses of the subnets are as docs/existing.md says; the plan has no account and checks none of it. No subnets, "
        "routes, gateways and network ACLs are declared"
    )
    yield Adjustment("network.existing", sorted(block.model_fields_set), Effect.PARTIAL, reason)
    if spec.network.egress != "none":
        reason = "the routes of the existing subnets decide; no NAT gateway is declared"
        yield Adjustment("network.egress", spec.network.egress, Effect.ADJUSTED, reason)
    if spec.network.flow_logs:
        reason = (
            f"connections of the {listed(used_tiers(spec), 'and')} subnets are logged, and none of the rest of the VPC"
        )
        yield Adjustment("network.flow_logs", True, Effect.PARTIAL, reason)


def _without_use(spec: Platform, block: ExistingAwsNetwork) -> Iterator[Adjustment]:
    for tier in TIERS:
        if tier not in used_tiers(spec) and (subnet_ids(block, tier) or subnet_tags(block, tier)):
            reason = f"the platform has no use for them: {USERS[tier]} would be there"
            yield Adjustment(tier_key(block, tier), "subnets", Effect.IGNORED, reason)
