"""WAF policy of Front Door: the own rules of `waf_rules.py` and Microsoft's managed rule sets."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import GLOBAL, AzureContext
from providers.azure.entry.limits import PROMPT_ARGUMENTS
from providers.azure.entry.log_rules import firewall_scrubbing
from providers.azure.entry.waf_rules import (
    BOT_RULE_SET,
    DEFAULT_RULE_SET,
    WafCondition,
    WafRule,
    disabled_rules,
    waf_rules,
)
from providers.azure.naming import firewall_name
from providers.contract.component import Scope
from providers.contract.prompts import prompt_paths
from providers.contract.spec import Waf

VARIABLES: Mapping[str, str] = {
    "address": "SocketAddr",
    "uri": "RequestUri",
    "method": "RequestMethod",
    "header": "RequestHeader",
}
OPERATORS: Mapping[str, str] = {"ip": "IPMatch", "regex": "RegEx", "equal": "Equal", "contains": "Contains"}

CustomRule = azure_native.frontdoor.CustomRuleArgs
Condition = azure_native.frontdoor.MatchConditionArgs


def create_firewall(scope: Scope, context: AzureContext, sku: str) -> azure_native.frontdoor.Policy:
    """Declare the policy; without `waf` it has only the rate limit, allowed addresses and closed paths."""
    frontdoor, waf = azure_native.frontdoor, context.spec.ingress.waf_settings
    return frontdoor.Policy(
        scope.named("firewall"),
        resource_group_name=context.group,
        policy_name=firewall_name(context.stack),
        location=GLOBAL,
        # must be the profile's tier
        sku=frontdoor.SkuArgs(name=sku),
        policy_settings=frontdoor.PolicySettingsArgs(
            enabled_state="Enabled",
            mode="Prevention",
            request_body_check="Enabled" if waf else "Disabled",
            state="Enabled",
            scrubbing_rules=firewall_scrubbing(),
        ),
        custom_rules=frontdoor.CustomRuleListArgs(rules=_custom_rules(context)),
        managed_rules=frontdoor.ManagedRuleSetListArgs(
            managed_rule_sets=_managed_rule_sets(context, waf) if waf else []
        ),
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )


def attach_firewall(
    scope: Scope,
    context: AzureContext,
    profile: azure_native.cdn.Profile,
    firewall: azure_native.frontdoor.Policy,
    domains: Sequence[pulumi.Output[str]],
) -> None:
    """Associate the policy with every domain of Front Door; a domain that is not listed has no WAF."""
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


def _custom_rules(context: AzureContext) -> list[CustomRule]:
    return [_custom_rule(rule) for rule in waf_rules(context.spec)]


def _custom_rule(rule: WafRule) -> CustomRule:
    limited = rule.per_minute is not None
    return CustomRule(
        name=rule.name,
        priority=rule.priority,
        rule_type="RateLimitRule" if limited else "MatchRule",
        action=rule.action,
        rate_limit_duration_in_minutes=1 if limited else None,
        rate_limit_threshold=rule.per_minute,
        group_by=[azure_native.frontdoor.GroupByVariableArgs(variable_name="SocketAddr")] if limited else None,
        match_conditions=[_condition(condition) for condition in rule.conditions],
    )


def _condition(condition: WafCondition) -> Condition:
    return Condition(
        match_variable=VARIABLES[condition.variable],
        selector=condition.header,
        operator=OPERATORS[condition.operator],
        match_value=list(condition.values),
        transforms=list(condition.transforms) or None,
        # false is written on addresses only, as released
        negate_condition=condition.negated or (False if condition.variable == "address" else None),
    )


def _managed_rule_sets(context: AzureContext, waf: Waf) -> list[azure_native.frontdoor.ManagedRuleSetArgs]:
    frontdoor = azure_native.frontdoor
    exclusions = [
        frontdoor.ManagedRuleExclusionArgs(match_variable=variable, selector_match_operator="Equals", selector=argument)
        for argument in PROMPT_ARGUMENTS
        for variable in ("RequestBodyJsonArgNames", "RequestBodyPostArgNames")
    ]
    # where the paths of prompts are known, bodies of all others are inspected as a whole
    excluded = None if prompt_paths(context.spec).paths else exclusions
    return [
        frontdoor.ManagedRuleSetArgs(
            rule_set_type=name,
            rule_set_version=version,
            rule_set_action="Log" if waf.mode == "count" else "Block",
            # the bot rules do not inspect the body
            exclusions=excluded if (name, version) == DEFAULT_RULE_SET else None,
            rule_group_overrides=_disabled(waf) or None if (name, version) == DEFAULT_RULE_SET else None,
        )
        for name, version in (DEFAULT_RULE_SET, BOT_RULE_SET)
    ]


def _disabled(waf: Waf) -> list[azure_native.frontdoor.ManagedRuleGroupOverrideArgs]:
    frontdoor = azure_native.frontdoor
    return [
        frontdoor.ManagedRuleGroupOverrideArgs(
            rule_group_name=group,
            rules=[frontdoor.ManagedRuleOverrideArgs(rule_id=rule, enabled_state="Disabled") for rule in rules],
        )
        for group, rules in disabled_rules(waf).items()
    ]
