"""Network ACLs: one per tier, which limits traffic between tiers independently of security groups.

ACLs are stateless, so each direction needs its own rule, and responses arrive on ephemeral ports of the other side. They
do not filter the VPC's DNS, metadata and time services (Amazon VPC user guide, "Network ACL basics"). Rule numbers are
fixed, so that adding or removing a rule renumbers no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.network.cidr import TIERS, AwsAddressPlan, Tier
from providers.aws.network.flows import ANY_IPV4, CACHE_PORT, DATABASE_PORT, HTTP_PORT, HTTPS_PORT, client_ports
from providers.aws.network.subnets import Subnets
from providers.contract.component import Scope
from providers.contract.spec import Platform

DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED = 3, 4
"""ICMP type and code of "packet too large"; without it path MTU discovery fails and long responses stall."""
Ports = tuple[int, int]
ANY_PORT = (0, 65535)
EPHEMERAL_PORTS = (1024, 65535)
"""Ephemeral ports of clients, load balancers and NAT gateways."""
LINUX_EPHEMERAL_PORTS = (32768, 65535)
"""Ephemeral ports of Linux (net.ipv4.ip_local_port_range), on which a task receives responses."""
REMOTE_DESKTOP_PORT = 3389
"""Never open to the internet, not even as an ephemeral port: Security Hub EC2.21 checks the rule, not its use."""


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


def acl_rules(spec: Platform, address_plan: AwsAddressPlan) -> dict[Tier, tuple[NetworkAclRule, ...]]:
    """Rules of each tier; all other traffic is denied."""
    return {
        "public": _public(spec, str(address_plan.vpc)),
        "private": _private(str(address_plan.vpc)),
        "database": _database(spec, str(address_plan.block("private")), str(address_plan.block("database"))),
    }


def _public(spec: Platform, vpc: str) -> tuple[NetworkAclRule, ...]:
    """Clients connect to the load balancer; outbound requests of the private tier pass through NAT."""
    clients = client_ports(spec)
    through_nat = spec.network.egress != "none"
    rules = {
        NetworkAclRule("in-from-vpc", 100, False, vpc, ANY_PORT): True,
        NetworkAclRule("in-https", 110, False, ANY_IPV4, (HTTPS_PORT, HTTPS_PORT)): HTTPS_PORT in clients,
        NetworkAclRule("in-http", 120, False, ANY_IPV4, (HTTP_PORT, HTTP_PORT)): HTTP_PORT in clients,
        NetworkAclRule("in-low-answers", 130, False, ANY_IPV4, (1024, REMOTE_DESKTOP_PORT - 1)): through_nat,
        NetworkAclRule("in-high-answers", 140, False, ANY_IPV4, (REMOTE_DESKTOP_PORT + 1, 65535)): through_nat,
        NetworkAclRule("in-too-large", 150, False, ANY_IPV4, None): True,
        NetworkAclRule("out-to-vpc", 100, True, vpc, ANY_PORT): True,
        NetworkAclRule("out-https", 110, True, ANY_IPV4, (HTTPS_PORT, HTTPS_PORT)): through_nat,
        NetworkAclRule("out-answers", 120, True, ANY_IPV4, EPHEMERAL_PORTS): bool(clients),
        NetworkAclRule("out-too-large", 130, True, ANY_IPV4, None): True,
    }
    return tuple(rule for rule, needed in rules.items() if needed)


def _private(vpc: str) -> tuple[NetworkAclRule, ...]:
    """Private tier. S3 responds from public addresses even over its gateway endpoint, so responses from any address are allowed."""
    return (
        NetworkAclRule("in-from-vpc", 100, False, vpc, ANY_PORT),
        NetworkAclRule("in-answers", 110, False, ANY_IPV4, LINUX_EPHEMERAL_PORTS),
        NetworkAclRule("in-too-large", 120, False, ANY_IPV4, None),
        NetworkAclRule("out-to-vpc", 100, True, vpc, ANY_PORT),
        NetworkAclRule("out-https", 110, True, ANY_IPV4, (HTTPS_PORT, HTTPS_PORT)),
    )


def _database(spec: Platform, private: str, database: str) -> tuple[NetworkAclRule, ...]:
    """Only the private tier connects, and replicas copy from their primary inside the tier."""
    rules = {
        NetworkAclRule("in-database", 100, False, private, (DATABASE_PORT, DATABASE_PORT)): spec.database is not None,
        NetworkAclRule("in-cache", 110, False, private, (CACHE_PORT, CACHE_PORT)): spec.cache is not None,
        NetworkAclRule("in-replication", 120, False, database, EPHEMERAL_PORTS): True,
        NetworkAclRule("out-answers", 100, True, private, EPHEMERAL_PORTS): True,
        NetworkAclRule("out-replication", 110, True, database, EPHEMERAL_PORTS): True,
    }
    return tuple(rule for rule, needed in rules.items() if needed)
