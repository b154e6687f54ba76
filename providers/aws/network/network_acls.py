"""Network ACLs: one per tier, which limits traffic between tiers independently of security groups.

ACLs are stateless, so each direction needs its own rule, and responses arrive on ephemeral ports of the other side.
They do not filter the VPC's DNS, metadata and time services (Amazon VPC user guide, "Network ACL basics"). Rule numbers
are fixed, so that adding or removing a rule renumbers no other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.network.cidr import TIERS, AwsAddressPlan, Tier
from providers.aws.network.flows import (
    ANY_IPV4,
    CACHE_PORT,
    DATABASE_PORT,
    HTTP_PORT,
    HTTPS_PORT,
    calls_identity_provider,
    client_ports,
)
from providers.aws.network.subnets import Subnets
from providers.contract.component import Scope
from providers.contract.egress import other_ports
from providers.contract.spec import Platform

DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED = 3, 4
"""ICMP type and code of "packet too large"; without it path MTU discovery fails and long responses stall."""
Ports = tuple[int, int]
ANY_PORT = (0, 65535)
HTTPS = (HTTPS_PORT, HTTPS_PORT)
HTTP = (HTTP_PORT, HTTP_PORT)
POSTGRESQL = (DATABASE_PORT, DATABASE_PORT)
REDIS = (CACHE_PORT, CACHE_PORT)
EPHEMERAL_PORTS = (1024, 65535)
"""Ephemeral ports of clients, load balancers and NAT gateways."""
LINUX_EPHEMERAL_PORTS = (32768, 65535)
"""Ephemeral ports of Linux (net.ipv4.ip_local_port_range), on which a task receives responses."""
LOW_ANSWERS, HIGH_ANSWERS = (1024, 3389), (3390, 65535)
"""Source ports of a NAT gateway are 1024 to 65535 (Amazon VPC user guide, "NAT gateways"), so 3389 is one of them. Without
it one connection in 64,512 receives no answer. Security Hub EC2.21 reports the rule, because it checks ports, not their use:
in the public tier nothing listens on 3389.
"""
LISTED_NUMBERS = range(1000, 31_000)
"""Numbers of the rules for ports that services list, after those of every stack."""


@dataclass(frozen=True)
class NetworkAclRule:
    """Rule that allows TCP, or without `ports` the ICMP message "packet too large"."""

    part: str
    number: int
    egress: bool
    cidr: str
    ports: Ports | None


def create_network_acls(
    scope: Scope, spec: Platform, plan: AwsAddressPlan, vpc: aws.ec2.Vpc, subnets: Subnets
) -> tuple[pulumi.Resource, ...]:
    """Declare the ACLs of the tiers that have subnets; returns their rules."""
    rules = acl_rules(spec, plan)
    declared = (_network_acl(scope, vpc, tier, subnets[tier], rules[tier]) for tier in TIERS if subnets[tier])
    return tuple(rule for tier_rules in declared for rule in tier_rules)


def _network_acl(
    scope: Scope, vpc: aws.ec2.Vpc, tier: Tier, subnets: Sequence[aws.ec2.Subnet], rules: Sequence[NetworkAclRule]
) -> tuple[pulumi.Resource, ...]:
    acl = aws.ec2.NetworkAcl(
        scope.named(f"{tier}-filter"), vpc_id=vpc.id, subnet_ids=[subnet.id for subnet in subnets], opts=scope.opts()
    )
    return tuple(_acl_rule(scope, tier, acl, rule) for rule in rules)


def _acl_rule(scope: Scope, tier: Tier, acl: aws.ec2.NetworkAcl, rule: NetworkAclRule) -> aws.ec2.NetworkAclRule:
    from_port, to_port = rule.ports or (None, None)
    return aws.ec2.NetworkAclRule(
        scope.named(f"{tier}-filter-{rule.part}"),
        network_acl_id=acl.id,
        rule_number=rule.number,
        rule_action="allow",
        egress=rule.egress,
        cidr_block=rule.cidr,
        protocol="tcp" if rule.ports else "icmp",
        from_port=from_port,
        to_port=to_port,
        icmp_type=None if rule.ports else DESTINATION_UNREACHABLE,
        icmp_code=None if rule.ports else FRAGMENTATION_NEEDED,
        opts=scope.opts(),
    )


def acl_rules(spec: Platform, plan: AwsAddressPlan) -> dict[Tier, tuple[NetworkAclRule, ...]]:
    """Rules of each tier; all other traffic is denied."""
    return {
        "public": _public(spec, str(plan.vpc)),
        "private": _private(spec, str(plan.vpc)),
        "database": _database(spec, str(plan.block("private")), str(plan.block("database"))),
    }


def _public(spec: Platform, vpc: str) -> tuple[NetworkAclRule, ...]:
    """Clients connect to the load balancer, which may call an identity provider; requests of the private tier pass through NAT."""
    clients = client_ports(spec)
    outbound = spec.network.egress != "none" or calls_identity_provider(spec)
    rules = (
        (_inbound("in-from-vpc", number=100, cidr=vpc, ports=ANY_PORT), True),
        (_inbound("in-https", number=110, cidr=ANY_IPV4, ports=HTTPS), HTTPS_PORT in clients),
        (_inbound("in-http", number=120, cidr=ANY_IPV4, ports=HTTP), HTTP_PORT in clients),
        (_inbound("in-low-answers", number=130, cidr=ANY_IPV4, ports=LOW_ANSWERS), outbound),
        (_inbound("in-high-answers", number=140, cidr=ANY_IPV4, ports=HIGH_ANSWERS), outbound),
        (_inbound("in-too-large", number=150, cidr=ANY_IPV4, ports=None), True),
        (_outbound("out-to-vpc", number=100, cidr=vpc, ports=ANY_PORT), True),
        (_outbound("out-https", number=110, cidr=ANY_IPV4, ports=HTTPS), outbound),
        (_outbound("out-answers", number=120, cidr=ANY_IPV4, ports=EPHEMERAL_PORTS), bool(clients)),
        (_outbound("out-too-large", number=130, cidr=ANY_IPV4, ports=None), True),
    )
    return (*(rule for rule, needed in rules if needed), *_listed_ports(spec))


def _listed_ports(spec: Platform) -> Iterator[NetworkAclRule]:
    """One rule for each port of a host outside that a service lists; its number follows from the port, unless that one is taken."""
    numbers: set[int] = set()
    for port in other_ports(spec):
        candidates = (LISTED_NUMBERS.start + (port + step) % len(LISTED_NUMBERS) for step in range(len(LISTED_NUMBERS)))
        number = next(number for number in candidates if number not in numbers)
        numbers.add(number)
        yield _outbound(f"out-{port}", number=number, cidr=ANY_IPV4, ports=(port, port))


def _private(spec: Platform, vpc: str) -> tuple[NetworkAclRule, ...]:
    """S3 responds from public addresses even over its gateway endpoint, so responses from any address are allowed."""
    return (
        _inbound("in-from-vpc", number=100, cidr=vpc, ports=ANY_PORT),
        _inbound("in-answers", number=110, cidr=ANY_IPV4, ports=LINUX_EPHEMERAL_PORTS),
        _inbound("in-too-large", number=120, cidr=ANY_IPV4, ports=None),
        _outbound("out-to-vpc", number=100, cidr=vpc, ports=ANY_PORT),
        _outbound("out-https", number=110, cidr=ANY_IPV4, ports=HTTPS),
        *_listed_ports(spec),
    )


def _database(spec: Platform, private: str, database: str) -> tuple[NetworkAclRule, ...]:
    """Only the private tier connects, and replicas copy from their primary inside the tier."""
    rules = (
        (_inbound("in-database", number=100, cidr=private, ports=POSTGRESQL), spec.database is not None),
        (_inbound("in-cache", number=110, cidr=private, ports=REDIS), bool(spec.all_caches)),
        (_inbound("in-replication", number=120, cidr=database, ports=EPHEMERAL_PORTS), True),
        (_outbound("out-answers", number=100, cidr=private, ports=EPHEMERAL_PORTS), True),
        (_outbound("out-replication", number=110, cidr=database, ports=EPHEMERAL_PORTS), True),
    )
    return tuple(rule for rule, needed in rules if needed)


def _inbound(part: str, *, number: int, cidr: str, ports: Ports | None) -> NetworkAclRule:
    return NetworkAclRule(part, number, egress=False, cidr=cidr, ports=ports)


def _outbound(part: str, *, number: int, cidr: str, ports: Ports | None) -> NetworkAclRule:
    return NetworkAclRule(part, number, egress=True, cidr=cidr, ports=ports)
