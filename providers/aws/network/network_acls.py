"""One network ACL for each tier, its rules as resources of their own; a tier's rules are decided in `topology.filters`."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.network.acl_rules import FilterRule, filter_rules
from providers.aws.network.cidr import TIERS, AwsAddressPlan, Tier
from providers.aws.network.subnets import Subnets
from providers.contract.component import Scope
from providers.contract.spec import Platform

DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED = 3, 4
"""ICMP type and code by which a router says that a packet was too large; without it long answers stall."""


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
