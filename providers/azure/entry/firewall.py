"""Admission: who may connect, how often, and what a request may not contain.

Rules are tried by priority: addresses that may not connect are refused, then those that ask too often, then Microsoft's
managed sets inspect what is left. A prompt is natural language and code, which the SQL rules take for an attack, so the
body arguments that carry one are left out of the inspection; the sets themselves are never switched off.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import GLOBAL, AzureContext
from providers.azure.entry.routes import open_to_all
from providers.azure.naming import firewall_name
from providers.contract.component import Scope

MANAGED_SETS = (("Microsoft_DefaultRuleSet", "2.1"), ("Microsoft_BotManagerRuleSet", "1.1"))
"""OWASP and known exploits, Log4j among them (CKV_AZURE_133); bots."""
PROMPT_ARGUMENTS = ("message", "messages", "prompt", "input")
"""Fields in which agents' interfaces take text."""
EVERYBODY = ("0.0.0.0/0", "::/0")

Rule = azure_native.frontdoor.CustomRuleArgs


def create_firewall(scope: Scope, context: AzureContext, sku: str) -> azure_native.frontdoor.Policy:
    """The policy; without `waf` the rate limit and the allowed addresses alone."""
    frontdoor, waf = azure_native.frontdoor, context.spec.ingress.waf
    return frontdoor.Policy(
        scope.named("firewall"),
        resource_group_name=context.group,
        policy_name=firewall_name(context.stack),
        location=GLOBAL,
        # another tier than the profile's is refused when the two are joined
        sku=frontdoor.SkuArgs(name=sku),
        policy_settings=frontdoor.PolicySettingsArgs(
            enabled_state="Enabled", mode="Prevention", request_body_check="Enabled" if waf else "Disabled"
        ),
        custom_rules=frontdoor.CustomRuleListArgs(rules=_rules(context)),
        managed_rules=frontdoor.ManagedRuleSetListArgs(managed_rule_sets=_managed() if waf else []),
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )


def protect(
    scope: Scope,
    context: AzureContext,
    profile: azure_native.cdn.Profile,
    firewall: azure_native.frontdoor.Policy,
    domains: Sequence[pulumi.Output[str]],
) -> None:
    """Lay the policy over every name that Front Door answers to: one left out would have none."""
    cdn = azure_native.cdn
    association = cdn.SecurityPolicyWebApplicationFirewallAssociationArgs(
        domains=[cdn.ActivatedResourceReferenceArgs(id=domain) for domain in domains], patterns_to_match=["/*"]
    )
    cdn.SecurityPolicy(
        scope.named("protection"),
        resource_group_name=context.group,
        profile_name=profile.name,
        parameters=cdn.SecurityPolicyWebApplicationFirewallParametersArgs(
            type="WebApplicationFirewall",
            waf_policy=cdn.ResourceReferenceArgs(id=firewall.id),
            associations=[association],
        ),
        opts=scope.opts(),
    )


def _rules(context: AzureContext) -> list[Rule]:
    return [_rate(context)] if open_to_all(context.spec) else [_refuse_others(context), _rate(context)]


def _refuse_others(context: AzureContext) -> Rule:
    return Rule(
        name="allowed",
        priority=10,
        rule_type="MatchRule",
        action="Block",
        match_conditions=[_from(context.spec.ingress.allowed_cidrs, negate=True)],
    )


def _rate(context: AzureContext) -> Rule:
    return Rule(
        name="rate",
        priority=20,
        rule_type="RateLimitRule",
        action="Block",
        rate_limit_duration_in_minutes=1,
        rate_limit_threshold=context.spec.ingress.rate_limit_per_minute,
        group_by=[azure_native.frontdoor.GroupByVariableArgs(variable_name="SocketAddr")],
        match_conditions=[_from(EVERYBODY)],
    )


def _from(ranges: Sequence[str], *, negate: bool = False) -> azure_native.frontdoor.MatchConditionArgs:
    """By the address that connects; a header could be forged."""
    return azure_native.frontdoor.MatchConditionArgs(
        match_variable="SocketAddr", operator="IPMatch", match_value=list(ranges), negate_condition=negate
    )


def _managed() -> list[azure_native.frontdoor.ManagedRuleSetArgs]:
    frontdoor = azure_native.frontdoor
    exclusions = [
        frontdoor.ManagedRuleExclusionArgs(match_variable=variable, selector_match_operator="Equals", selector=argument)
        for argument in PROMPT_ARGUMENTS
        for variable in ("RequestBodyJsonArgNames", "RequestBodyPostArgNames")
    ]
    return [
        frontdoor.ManagedRuleSetArgs(
            rule_set_type=name,
            rule_set_version=version,
            rule_set_action="Block",
            # the bots' set looks at no body
            exclusions=exclusions if name == MANAGED_SETS[0][0] else None,
        )
        for name, version in MANAGED_SETS
    ]
