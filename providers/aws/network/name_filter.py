"""DNS Firewall of the VPC: with `network.egress_control: names`, only the listed hosts and the names of AWS resolve.

It was chosen over Network Firewall, which reads the name of a TLS handshake only: PostgreSQL and SMTP begin without TLS
(docs/adr/0046-open-egress-by-port-and-check-names-in-dns.md). It applies to the whole VPC. The answer to any other name is
NXDOMAIN; without the firewall's own answer no name resolves, because it does not fail open.
"""

from collections.abc import Iterator

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.network.allowed_names import allowed_names
from providers.contract.component import Scope
from providers.contract.egress import checks_names

EVERY_NAME = "*."
"""Written with the dot: the API returns it so, and `*` is drift in every refresh."""
ALLOW_PRIORITY, BLOCK_PRIORITY = 100, 200
ASSOCIATION_PRIORITY = 101
"""Lowest priority of an association; those up to 100 and from 9900 are of Firewall Manager: Route 53 Resolver API."""


def create_name_filter(scope: Scope, context: AwsContext, vpc_id: pulumi.Output[str]) -> tuple[pulumi.Resource, ...]:
    """Declare the DNS Firewall of the VPC; returns what services depend on, nothing unless names are checked."""
    if not checks_names(context.spec):
        return ()
    config = aws.route53.ResolverFirewallConfig(
        scope.named("names"), resource_id=vpc_id, firewall_fail_open="DISABLED", opts=scope.opts()
    )
    group = aws.route53.ResolverFirewallRuleGroup(scope.named("names"), tags=dict(scope.tags), opts=scope.opts())
    rules = tuple(_rules(scope, context, group))
    association = aws.route53.ResolverFirewallRuleGroupAssociation(
        scope.named("names"),
        firewall_rule_group_id=group.id,
        vpc_id=vpc_id,
        priority=ASSOCIATION_PRIORITY,
        tags=dict(scope.tags),
        # a group without its first rule would block the names of a running platform
        opts=scope.opts(depends_on=[*rules, config]),
    )
    return (association,)


def _rules(
    scope: Scope, context: AwsContext, group: "aws.route53.ResolverFirewallRuleGroup"
) -> Iterator["aws.route53.ResolverFirewallRule"]:
    names = {"listed-names": allowed_names(context.spec, context.region), "every-name": (EVERY_NAME,)}
    lists = {
        part: aws.route53.ResolverFirewallDomainList(
            scope.named(part), domains=list(domains), tags=dict(scope.tags), opts=scope.opts()
        )
        for part, domains in names.items()
    }
    yield aws.route53.ResolverFirewallRule(
        scope.named("listed-names"),
        firewall_rule_group_id=group.id,
        firewall_domain_list_id=lists["listed-names"].id,
        priority=ALLOW_PRIORITY,
        action="ALLOW",
        # the aliases behind a listed host belong to its vendor and change without notice
        firewall_domain_redirection_action="TRUST_REDIRECTION_DOMAIN",
        opts=scope.opts(),
    )
    yield aws.route53.ResolverFirewallRule(
        scope.named("every-name"),
        firewall_rule_group_id=group.id,
        firewall_domain_list_id=lists["every-name"].id,
        priority=BLOCK_PRIORITY,
        action="BLOCK",
        block_response="NXDOMAIN",
        opts=scope.opts(),
    )
