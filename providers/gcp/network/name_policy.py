"""Network firewall policy: with `network.egress_control: names`, listed hosts are the only ones outside that answer.

The policy is evaluated before the firewall rules of the network. It lets connections inside the network, to Google APIs and
to the addresses of listed hosts continue to these rules, which decide by the tags of services, and denies every other one.
So a service reaches a host only if it lists one with that port. Policies know neither tags nor identities of Cloud Run, so
services with the same port must list the same hosts (`limits.py`). Cloud NGFW resolves each name and follows its changes.
"""

from collections.abc import Iterator

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.egress import checks_names, hosts_by_port
from providers.gcp.context import GcpContext
from providers.gcp.network.cidr import PRIVATE_BLOCKS
from providers.gcp.network.flows import GOOGLE_APIS, INTERNET

INSIDE_PRIORITY, DENY_PRIORITY = 100, 100_000
PORT_PRIORITY = 1000
"""Added to a port it is the priority of the rule for its hosts, so that an added port changes no other rule."""
BEFORE, AFTER = "BEFORE_CLASSIC_FIREWALL", "AFTER_CLASSIC_FIREWALL"


def enforcement_order(context: GcpContext) -> str:
    """Return when policies are evaluated: before the rules of the network where names are checked."""
    return BEFORE if checks_names(context.spec) else AFTER


def create_name_policy(scope: Scope, context: GcpContext, network: gcp.compute.Network) -> tuple[pulumi.Resource, ...]:
    """Create the policy of the network; return what services depend on, nothing unless names are checked."""
    if not checks_names(context.spec):
        return ()
    policy = gcp.compute.NetworkFirewallPolicy(
        scope.named("names"),
        project=context.project,
        description=f"Hosts outside that services of the stack {context.stack} list",
        opts=scope.opts(),
    )
    rules = tuple(_rules(scope, context, policy))
    association = gcp.compute.NetworkFirewallPolicyAssociation(
        scope.named("names"),
        project=context.project,
        firewall_policy=policy.name,
        attachment_target=network.id,
        # a policy without its first rules would cut off a running platform
        opts=scope.opts(depends_on=rules),
    )
    return (association,)


def _rules(
    scope: Scope, context: GcpContext, policy: "gcp.compute.NetworkFirewallPolicy"
) -> Iterator["gcp.compute.NetworkFirewallPolicyRule"]:
    match, layer4 = gcp.compute.NetworkFirewallPolicyRuleMatchArgs, _layer4
    inside = [*map(str, PRIVATE_BLOCKS), GOOGLE_APIS]
    goto, deny = "goto_next", "deny"
    yield _rule(
        scope, context, policy, "inside", INSIDE_PRIORITY, goto, match(dest_ip_ranges=inside, layer4_configs=layer4())
    )
    for port, hosts in hosts_by_port(context.spec).items():
        listed = match(dest_fqdns=list(hosts), layer4_configs=layer4(port))
        yield _rule(scope, context, policy, f"hosts-{port}", PORT_PRIORITY + port, goto, listed)
    rest = match(dest_ip_ranges=[INTERNET], layer4_configs=layer4())
    yield _rule(scope, context, policy, "rest", DENY_PRIORITY, deny, rest)


def _layer4(port: int | None = None) -> list[gcp.compute.NetworkFirewallPolicyRuleMatchLayer4ConfigArgs]:
    config = gcp.compute.NetworkFirewallPolicyRuleMatchLayer4ConfigArgs
    return [config(ip_protocol="all") if port is None else config(ip_protocol="tcp", ports=[str(port)])]


def _rule(
    scope: Scope,
    context: GcpContext,
    policy: "gcp.compute.NetworkFirewallPolicy",
    part: str,
    priority: int,
    action: str,
    match: gcp.compute.NetworkFirewallPolicyRuleMatchArgs,
) -> "gcp.compute.NetworkFirewallPolicyRule":
    return gcp.compute.NetworkFirewallPolicyRule(
        scope.named(f"names-{part}"),
        project=context.project,
        firewall_policy=policy.name,
        direction="EGRESS",
        priority=priority,
        action=action,
        match=match,
        # a rule that continues cannot log: Cloud NGFW documentation, "Firewall policy rules logging"
        enable_logging=context.spec.network.flow_logs if action == "deny" else None,
        opts=scope.opts(),
    )
