"""Checks of an existing VPC: what must be true of it, and the diagnostic of each property that is not. Pure.

Sources: Amazon VPC User Guide, "DNS attributes for your VPC" and "Subnet route tables"; Elastic Load Balancing, "Subnets for
your load balancer"; Amazon RDS User Guide, "Working with a DB instance in a VPC"; Amazon ECS Developer Guide, "Fargate task
networking".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from math import ceil

from providers.aws.network.cidr import SMALLEST_SUBNET_PREFIX, Tier
from providers.aws.network.existing_limits import (
    KEY,
    existing_vpc,
    shares_endpoints,
    subnet_ids,
    tier_key,
    used_tiers,
    vpc_key,
)
from providers.aws.network.flows import ANY_IPV4, private_services
from providers.aws.network.limits import tasks_at_peak
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.contract.spec import ExistingAwsNetwork, Platform

INTERNET_GATEWAY = "igw-"
LOAD_BALANCER_ADDRESSES = 8
"""Free addresses that an application load balancer needs in each subnet."""
ADDRESSES_PER_DATA_STORE = 2
"""A server and the one that replaces it."""


@dataclass(frozen=True)
class AwsSubnetFacts:
    """Subnet with its route table; `own` counts the interfaces that this platform has in it already."""

    id: str
    zone: str
    cidr: str
    free: int
    own: int
    ipv6_only: bool
    table: str
    default_target: str
    """ID of the gateway or interface that the default route leads to; empty without one."""


@dataclass(frozen=True)
class AwsVpcFacts:
    """VPC as AWS describes it, with the subnets of the tiers that the platform uses in the order of their zones."""

    id: str
    dns_support: bool
    dns_hostnames: bool
    subnets: Mapping[Tier, tuple[AwsSubnetFacts, ...]]
    s3_prefix_list: str
    groups: frozenset[str] = frozenset()
    """Those of the named security groups that belong to the VPC."""
    s3_tables: frozenset[str] = frozenset()
    """Route tables with a gateway endpoint of S3; only read where nothing else leads there."""


def only_vpc(spec: Platform, ids: Sequence[str]) -> str:
    """Return the VPC that was found; raises InvalidConfiguration unless it is exactly one."""
    block, region = _block(spec), spec.home_region
    if len(ids) == 1:
        return ids[0]
    if ids:
        problem, fix = f"{listed(sorted(ids), 'and')} have these tags", "add a tag that only one has, or use vpc_id"
    elif block.vpc_id is not None:
        problem, fix = f"{block.vpc_id} does not exist in {region} of this account", "correct the ID"
    else:
        problem, fix = f"no VPC in {region} of this account has these tags", "correct them, or use vpc_id"
    raise InvalidConfiguration([ConfigError(vpc_key(block), problem, fix)])


def check_found(spec: Platform, vpc_id: str, found: Mapping[Tier, Sequence[str]]) -> None:
    """Raise InvalidConfiguration for listed subnets that the VPC does not have, and for tags of too many or too few."""
    block, zones, errors = _block(spec), spec.network.zones, list[ConfigError]()
    for tier, ids in found.items():
        missing = [subnet for subnet in subnet_ids(block, tier) if subnet not in ids]
        if missing:
            problem = f"{listed(missing, 'and')} {'is' if len(missing) == 1 else 'are'} not in {vpc_id}"
            errors.append(ConfigError(tier_key(block, tier), problem, "list subnets of this VPC"))
        elif len(ids) != zones:
            problem = f"{len(ids)} subnets of {vpc_id} have these tags, and network.zones is {zones}"
            fix = "tag one subnet in each zone, or change network.zones"
            errors.append(ConfigError(tier_key(block, tier), problem, fix))
    if errors:
        raise InvalidConfiguration(errors)


def checked(spec: Platform, vpc: AwsVpcFacts) -> AwsVpcFacts:
    """Return the VPC; raises InvalidConfiguration with every property in which it does not fit the platform."""
    errors = list(vpc_errors(spec, vpc))
    if errors:
        raise InvalidConfiguration(errors)
    return vpc


def vpc_errors(spec: Platform, vpc: AwsVpcFacts) -> Iterator[ConfigError]:
    """Yield an error for each property of the VPC and of its subnets that does not fit the platform."""
    block = _block(spec)
    yield from _dns_errors(spec, vpc, vpc_key(block))
    group = block.endpoint_security_group_id
    if group is not None and group not in vpc.groups:
        yield ConfigError(f"{KEY}.endpoint_security_group_id", f"{group} is not in {vpc.id}", "use a group of this VPC")
    for tier in used_tiers(spec):
        subnets, key = vpc.subnets[tier], tier_key(block, tier)
        yield from _zone_errors(spec, subnets, key)
        for subnet in subnets:
            yield from _address_errors(spec, tier, subnet, key)
            yield from _route_errors(spec, tier, subnet, key)
        if tier == "private" and spec.network.egress == "none":
            yield from _s3_errors(vpc, key)
    yield from _unreached_zones(vpc, block)


def _dns_errors(spec: Platform, vpc: AwsVpcFacts, key: str) -> Iterator[ConfigError]:
    command = f"aws ec2 modify-vpc-attribute --region {spec.home_region} --vpc-id {vpc.id}"
    if not vpc.dns_support:
        problem = f"DNS support of {vpc.id} is off, so that no name resolves"
        yield ConfigError(key, problem, f"enable it with `{command} --enable-dns-support`")
    if spec.network.private_endpoints and not vpc.dns_hostnames:
        problem = f"DNS hostnames of {vpc.id} are off, without which endpoints have no private names"
        fix = f"enable them with `{command} --enable-dns-hostnames`, or set network.private_endpoints to false"
        yield ConfigError(key, problem, fix)


def _zone_errors(spec: Platform, subnets: Sequence[AwsSubnetFacts], key: str) -> Iterator[ConfigError]:
    zones = [subnet.zone for subnet in subnets]
    for subnet in subnets:
        if subnet.zone[:-1] != spec.home_region:
            problem = f"{subnet.id} is in {subnet.zone}, which is no availability zone of {spec.home_region}"
            yield ConfigError(key, problem, "use subnets in availability zones")
    for zone in sorted({zone for zone in zones if zones.count(zone) > 1}):
        same = listed([subnet.id for subnet in subnets if subnet.zone == zone], "and")
        yield ConfigError(key, f"{same} are both in {zone}", "use one subnet in each zone")


def _address_errors(spec: Platform, tier: Tier, subnet: AwsSubnetFacts, key: str) -> Iterator[ConfigError]:
    if subnet.ipv6_only:
        yield ConfigError(key, f"{subnet.id} has IPv6 addresses only", "use a subnet with IPv4, as the platform does")
        return
    if tier == "public" and IPv4Network(subnet.cidr).prefixlen > SMALLEST_SUBNET_PREFIX:
        problem = f"{subnet.id} is {subnet.cidr}, and a load balancer needs /{SMALLEST_SUBNET_PREFIX} or larger"
        yield ConfigError(key, problem, "use a larger subnet")
    needed = addresses_needed(spec, tier)
    if subnet.free + subnet.own < needed:
        own = f", besides {subnet.own} that the platform has" if subnet.own else ""
        problem = f"{subnet.id} has {subnet.free} free addresses{own}, and the platform needs {needed} at maximum scale"
        fix = "use a larger subnet" + (", or lower replicas.max" if tier == "private" else "")
        yield ConfigError(key, problem, fix)


def addresses_needed(spec: Platform, tier: Tier) -> int:
    """Return the addresses of a subnet that the platform uses at maximum scale, while a deployment runs."""
    if tier == "public":
        return LOAD_BALANCER_ADDRESSES
    if tier == "database":
        return ADDRESSES_PER_DATA_STORE * (int(spec.database is not None) + len(spec.all_caches))
    endpoints = 0 if shares_endpoints(spec) else len(private_services(spec))
    return ceil(tasks_at_peak(spec) / spec.network.zones) + endpoints


def _route_errors(spec: Platform, tier: Tier, subnet: AwsSubnetFacts, key: str) -> Iterator[ConfigError]:
    opens_internet = subnet.default_target.startswith(INTERNET_GATEWAY)
    if tier == "public" and not opens_internet:
        problem = f"{subnet.id} has no route for {ANY_IPV4} to an internet gateway, so that no client reaches it"
        yield ConfigError(key, problem, "add the route, or use a public subnet")
    elif tier == "database" and opens_internet:
        problem = f"{subnet.id} has a route to an internet gateway"
        yield ConfigError(key, problem, "use a subnet without it for data")
    elif tier == "private" and opens_internet:
        problem = f"{subnet.id} sends {ANY_IPV4} to an internet gateway, which serves no task without a public address"
        yield ConfigError(key, problem, "use a subnet with a route to a NAT gateway or a transit gateway")
    elif tier == "private" and spec.network.egress != "none" and not subnet.default_target:
        problem = f"{subnet.id} has no route for {ANY_IPV4}, and services connect to the internet"
        fix = "add a route to a NAT gateway or a transit gateway, or set network.egress to none"
        yield ConfigError(key, problem, fix)


def _s3_errors(vpc: AwsVpcFacts, key: str) -> Iterator[ConfigError]:
    """Require a gateway endpoint where nothing else leads to S3, which has the layers of every image in ECR."""
    without = [subnet for subnet in vpc.subnets["private"] if subnet.table not in vpc.s3_tables]
    for subnet in without:
        problem = f"{subnet.id} has no route to the gateway endpoint of S3, where ECR stores the layers of images"
        yield ConfigError(key, problem, f"associate the endpoint with {subnet.table}")


def _unreached_zones(vpc: AwsVpcFacts, block: ExistingAwsNetwork) -> Iterator[ConfigError]:
    """Require a public subnet in each zone of the services: a load balancer sends nothing to other zones."""
    public = {subnet.zone for subnet in vpc.subnets.get("public", ())}
    unreached = sorted({subnet.zone for subnet in vpc.subnets["private"]} - public) if public else []
    if unreached:
        problem = f"none is in {listed(unreached, 'and')}, where private subnets are"
        yield ConfigError(tier_key(block, "public"), problem, "use public and private subnets of the same zones")


def _block(spec: Platform) -> ExistingAwsNetwork:
    block = existing_vpc(spec)
    if block is None:
        raise ValueError("the platform creates its own network")
    return block
