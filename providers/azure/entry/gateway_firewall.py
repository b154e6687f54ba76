"""WAF policy of an Application Gateway: the own rules of `waf_rules.py` and Microsoft's managed rule sets."""

from collections.abc import Mapping

import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.entry.gateway_limits import BODY_INSPECTION_KIB, unrouted_expressions
from providers.azure.entry.limits import PROMPT_ARGUMENTS, RULE_GROUPS
from providers.azure.entry.log_rules import gateway_scrubbing
from providers.azure.entry.waf_rules import (
    ALL_ADDRESSES,
    BOT_RULE_SET,
    DEFAULT_RULE_SET,
    WafCondition,
    WafRule,
    disabled_rules,
    paths_condition,
    waf_rules,
)
from providers.contract.component import Scope
from providers.contract.prompts import prompt_paths
from providers.contract.spec import Waf

VARIABLES: Mapping[str, str] = {
    "address": "RemoteAddr",
    "uri": "RequestUri",
    "method": "RequestMethod",
    "header": "RequestHeaders",
}
OPERATORS: Mapping[str, str] = {"ip": "IPMatch", "regex": "Regex", "equal": "Equal", "contains": "Contains"}
NO_ADDRESS = "255.255.255.255/32"
"""No client has it, so every request is from another one: Microsoft Learn, "Create rate limiting custom rules for Application
Gateway WAF v2"."""
UNROUTED_PRIORITY = 14
GENERAL_GROUP = "General"
"""Group of the rules that parse bodies, whose numbers (200002, 200003) no setting excludes."""

CustomRule = azure_native.network.WebApplicationFirewallCustomRuleArgs
Condition = azure_native.network.MatchConditionArgs
Override = azure_native.network.ManagedRuleGroupOverrideArgs


def create_gateway_firewall(scope: Scope, context: AzureContext) -> "azure_native.network.WebApplicationFirewallPolicy":
    """Declare the policy; without `waf` it has only the rate limit, allowed addresses and closed paths."""
    waf = context.spec.ingress.waf_settings
    return azure_native.network.WebApplicationFirewallPolicy(
        scope.named("policy"),
        resource_group_name=context.group,
        policy_settings=azure_native.network.PolicySettingsArgs(
            state="Enabled",
            mode="Prevention",
            request_body_check=waf is not None,
            # larger bodies pass after the inspection of their beginning, as at Front Door
            request_body_inspect_limit_in_kb=BODY_INSPECTION_KIB,
            request_body_enforcement=False,
            file_upload_enforcement=False,
            log_scrubbing=gateway_scrubbing(),
        ),
        custom_rules=[_custom_rule(rule) for rule in (*_unrouted(context), *waf_rules(context.spec))],
        managed_rules=_managed_rules(context, waf),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _unrouted(context: AzureContext) -> list[WafRule]:
    """Rule against paths of no service, which the default of the path map would forward."""
    values = unrouted_expressions(context.spec)
    condition = paths_condition(values, negated=True)
    return [WafRule("unrouted", UNROUTED_PRIORITY, "Block", (condition,))] if values else []


def _custom_rule(rule: WafRule) -> CustomRule:
    network, limited = azure_native.network, rule.per_minute is not None
    client = network.GroupByUserSessionArgs(
        group_by_variables=[network.GroupByVariableArgs(variable_name="ClientAddr")]
    )
    return CustomRule(
        name=rule.name,
        priority=rule.priority,
        state="Enabled",
        rule_type="RateLimitRule" if limited else "MatchRule",
        action=rule.action,
        rate_limit_duration="OneMin" if limited else None,
        rate_limit_threshold=rule.per_minute,
        group_by_user_session=[client] if limited else None,
        match_conditions=[_condition(condition) for condition in rule.conditions],
    )


def _condition(condition: WafCondition) -> Condition:
    everything = condition.values == ALL_ADDRESSES
    variable = azure_native.network.MatchVariableArgs(
        variable_name=VARIABLES[condition.variable], selector=condition.header
    )
    return Condition(
        match_variables=[variable],
        operator=OPERATORS[condition.operator],
        match_values=[NO_ADDRESS] if everything else list(condition.values),
        transforms=list(condition.transforms) or None,
        # the SDK keeps a misspelling of the API
        negation_conditon=condition.negated != everything,
    )


def _managed_rules(context: AzureContext, waf: Waf | None) -> azure_native.network.ManagedRulesDefinitionArgs:
    network = azure_native.network
    if waf is None:
        # the API requires a rule set; a group without named rules is disabled as a whole
        groups = [Override(rule_group_name=group) for group in (GENERAL_GROUP, *dict.fromkeys(RULE_GROUPS.values()))]
        return network.ManagedRulesDefinitionArgs(managed_rule_sets=[_rule_set(DEFAULT_RULE_SET, groups)])
    exclusions = [
        network.OwaspCrsExclusionEntryArgs(
            match_variable="RequestArgNames", selector_match_operator="Equals", selector=argument
        )
        for argument in PROMPT_ARGUMENTS
    ]
    return network.ManagedRulesDefinitionArgs(
        managed_rule_sets=[_rule_set(DEFAULT_RULE_SET, _disabled(waf)), _rule_set(BOT_RULE_SET, [])],
        # where the paths of prompts are known, bodies of all others are inspected as a whole
        exclusions=None if prompt_paths(context.spec).paths else exclusions,
    )


def _rule_set(rule_set: tuple[str, str], overrides: list[Override]) -> azure_native.network.ManagedRuleSetArgs:
    name, version = rule_set
    return azure_native.network.ManagedRuleSetArgs(
        rule_set_type=name, rule_set_version=version, rule_group_overrides=overrides or None
    )


def _disabled(waf: Waf) -> list[Override]:
    rule = azure_native.network.ManagedRuleOverrideArgs
    return [
        Override(rule_group_name=group, rules=[rule(rule_id=name, state="Disabled") for name in rules])
        for group, rules in disabled_rules(waf).items()
    ]
