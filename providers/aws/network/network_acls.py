"""One network ACL for each tier, its rules as resources of their own; a tier's rules are decided in `topology.filters`."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.network.cidr import TIERS, AwsAddressPlan, Tier
from providers.aws.network.flows import CACHE_PORT, DATABASE_PORT, HTTP_PORT, HTTPS_PORT, WORLD, client_ports
from providers.aws.network.subnets import Subnets
from providers.contract.component import Scope
from providers.contract.spec import Platform

DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED = 3, 4
"""ICMP type and code by which a router says that a packet was too large; without it long answers stall."""
Ports = tuple[int, int]
ANY_PORT = (0, 65535)
ANSWER_PORTS = (1024, 65535)
"""Ports that clients, load balancers and NAT gateways choose for themselves."""
LINUX_ANSWER_PORTS = (32768, 65535)
"""Ports that Linux chooses (net.ipv4.ip_local_port_range), so those on which a task gets its answers."""
REMOTE_DESKTOP_PORT = 3389
"""Never open to the world, not even as a port for answers: Security Hub EC2.21 looks at the rule, not at its use."""


@dataclass(frozen=True)
class FilterRule:
    """One rule that lets TCP through, or without `ports` the ICMP message that a packet was too large."""

    part: str
    number: int
    egress: bool
    cidr: str
    ports: Ports | None


def create_filters(
    scope: Scope, spec: Platform, plan: AwsAddressPlan, vpc: aws.ec2.Vpc, subnets: Subnets
) -> tuple[pulumi.Resource, ...]:
    """The ACLs of the tiers that have subnets; returns their rules."""
    decided = filter_rules(spec, plan)
    made = (_filter(scope, vpc, tier, subnets[tier], decided[tier]) for tier in TIERS if subnets[tier])
    return tuple(rule for rules in made for rule in rules)


def _filter(
    scope: Scope, vpc: aws.ec2.Vpc, tier: Tier, subnets: Sequence[aws.ec2.Subnet], rules: Sequence[FilterRule]
) -> tuple[pulumi.Resource, ...]:
    acl = aws.ec2.NetworkAcl(
        scope.named(f"{tier}-filter"), vpc_id=vpc.id, subnet_ids=[subnet.id for subnet in subnets], opts=scope.opts()
    )
    return tuple(_rule(scope, tier, acl, rule) for rule in rules)


def _rule(scope: Scope, tier: Tier, acl: aws.ec2.NetworkAcl, rule: FilterRule) -> aws.ec2.NetworkAclRule:
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


def filter_rules(spec: Platform, layout: AwsAddressPlan) -> dict[Tier, tuple[FilterRule, ...]]:
    """The rules of each tier; what none lets through is dropped."""
    return {
        "public": _public(spec, str(layout.vpc)),
        "private": _private(str(layout.vpc)),
        "database": _database(spec, str(layout.block("private")), str(layout.block("database"))),
    }


def _public(spec: Platform, vpc: str) -> tuple[FilterRule, ...]:
    """Clients come in to the load balancer; what the private tier asks of the world goes out through NAT."""
    clients = client_ports(spec)
    through_nat = spec.network.egress != "none"
    rules = {
        FilterRule("in-from-vpc", 100, False, vpc, ANY_PORT): True,
        FilterRule("in-https", 110, False, WORLD, (HTTPS_PORT, HTTPS_PORT)): HTTPS_PORT in clients,
        FilterRule("in-http", 120, False, WORLD, (HTTP_PORT, HTTP_PORT)): HTTP_PORT in clients,
        FilterRule("in-low-answers", 130, False, WORLD, (1024, REMOTE_DESKTOP_PORT - 1)): through_nat,
        FilterRule("in-high-answers", 140, False, WORLD, (REMOTE_DESKTOP_PORT + 1, 65535)): through_nat,
        FilterRule("in-too-large", 150, False, WORLD, None): True,
        FilterRule("out-to-vpc", 100, True, vpc, ANY_PORT): True,
        FilterRule("out-https", 110, True, WORLD, (HTTPS_PORT, HTTPS_PORT)): through_nat,
        FilterRule("out-answers", 120, True, WORLD, ANSWER_PORTS): bool(clients),
        FilterRule("out-too-large", 130, True, WORLD, None): True,
    }
    return tuple(rule for rule, wanted in rules.items() if wanted)


def _private(vpc: str) -> tuple[FilterRule, ...]:
    """S3 answers from public addresses even over its gateway endpoint, so the world's answers always come in."""
    return (
        FilterRule("in-from-vpc", 100, False, vpc, ANY_PORT),
        FilterRule("in-answers", 110, False, WORLD, LINUX_ANSWER_PORTS),
        FilterRule("in-too-large", 120, False, WORLD, None),
        FilterRule("out-to-vpc", 100, True, vpc, ANY_PORT),
        FilterRule("out-https", 110, True, WORLD, (HTTPS_PORT, HTTPS_PORT)),
    )


def _database(spec: Platform, private: str, database: str) -> tuple[FilterRule, ...]:
    """Only the private tier asks, and replicas copy from their primary inside the tier."""
    rules = {
        FilterRule("in-database", 100, False, private, (DATABASE_PORT, DATABASE_PORT)): spec.database is not None,
        FilterRule("in-cache", 110, False, private, (CACHE_PORT, CACHE_PORT)): spec.cache is not None,
        FilterRule("in-replication", 120, False, database, ANSWER_PORTS): True,
        FilterRule("out-answers", 100, True, private, ANSWER_PORTS): True,
        FilterRule("out-replication", 110, True, database, ANSWER_PORTS): True,
    }
    return tuple(rule for rule, wanted in rules.items() if wanted)
