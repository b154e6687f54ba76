"""WAF policy of Front Door: allowed addresses, rate limit and Microsoft's managed rule sets.

Rules are evaluated by priority: addresses that are not allowed are blocked, requests for closed paths as well, then addresses
above the rate limit, then the managed rule sets inspect the request. Prompts are natural language and code, which these
rules match, so a last rule lets the requests with prompts pass before them.
"""

from collections.abc import Iterator, Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import GLOBAL, AzureContext
from providers.azure.entry.limits import (
    MAX_VALUE_CHARACTERS,
    PROMPT_ARGUMENTS,
    PROMPT_EXPRESSION,
    SCANNERS,
    allows_any_address,
    path_expressions,
    rule_group,
)
from providers.azure.naming import firewall_name
from providers.contract.closed_paths import closed_paths
from providers.contract.component import Scope
from providers.contract.prompts import prompt_expressions, prompt_paths
from providers.contract.spec import Waf

DEFAULT_RULE_SET = ("Microsoft_DefaultRuleSet", "2.1")
"""OWASP rules and known exploits, Log4j among them (CKV_AZURE_133)."""
BOT_RULE_SET = ("Microsoft_BotManagerRuleSet", "1.1")
ALL_ADDRESSES = ("0.0.0.0/0", "::/0")

RATE_PRIORITY, PROMPTS_PRIORITY = 20, 100
SUSPICIOUS_HEADER = "[<>(){}$`']|--|[.][.]/"
"""Characters of a header that attacks need; what has them is for the managed rules."""

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
            enabled_state="Enabled", mode="Prevention", request_body_check="Enabled" if waf else "Disabled"
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
    addresses = [] if allows_any_address(context.spec) else [_block_other_addresses(context)]
    paths = path_expressions(closed.path for closed in closed_paths(context.spec))
    return [
        *addresses,
        *([_block_closed_paths(paths)] if paths else []),
        *_rate_limits(context),
        *_allow_prompts(context),
    ]


def _block_other_addresses(context: AzureContext) -> CustomRule:
    return CustomRule(
        name="allowed",
        priority=10,
        rule_type="MatchRule",
        action="Block",
        match_conditions=[_match_addresses(context.spec.ingress.allowed_cidrs, negate=True)],
    )


def _block_closed_paths(values: Sequence[str]) -> CustomRule:
    return CustomRule(
        name="closed",
        priority=15,
        rule_type="MatchRule",
        action="Block",
        match_conditions=[_match_paths(values)],
    )


def _match_paths(values: Sequence[str]) -> Condition:
    return Condition(
        match_variable="RequestUri",
        operator="RegEx",
        match_value=list(values),
        transforms=["UrlDecode", "Lowercase"],
    )


def _rate_limits(context: AzureContext) -> Iterator[CustomRule]:
    """Rule for all paths, and one for each path with its own limit; a request counts in every one that it matches."""
    ingress = context.spec.ingress
    yield _rate_limit("rate", RATE_PRIORITY, ingress.requests_per_address, _match_addresses(ALL_ADDRESSES))
    for number, limit in enumerate(ingress.rate_limit.paths, 1):
        paths = _match_paths(path_expressions([limit.prefix]))
        yield _rate_limit(f"rate{number}", RATE_PRIORITY + number, limit.per_address, paths)


def _allow_prompts(context: AzureContext) -> Iterator[CustomRule]:
    """Rule after all others that lets prompts pass without the managed rules.

    Some managed rules read the raw body, and no exclusion reaches these. A query with other characters than those of plain
    names and numbers, or the user agent of a scanner, is for the managed rules.
    """
    values = prompt_expressions(context.spec, PROMPT_EXPRESSION, MAX_VALUE_CHARACTERS)
    if not values:
        return
    yield CustomRule(
        name="prompts",
        priority=PROMPTS_PRIORITY,
        rule_type="MatchRule",
        action="Allow",
        match_conditions=[
            Condition(match_variable="RequestMethod", operator="Equal", match_value=["POST"]),
            Condition(match_variable="RequestUri", operator="RegEx", match_value=values),
            _header_without("User-Agent", "Contains", SCANNERS),
            *(_header_without(name, "RegEx", [SUSPICIOUS_HEADER]) for name in ("User-Agent", "Referer", "Cookie")),
        ],
    )


def _header_without(name: str, operator: str, values: Sequence[str]) -> Condition:
    return Condition(
        match_variable="RequestHeader",
        selector=name,
        operator=operator,
        match_value=list(values),
        transforms=["UrlDecode", "Lowercase"],
        negate_condition=True,
    )


def _rate_limit(name: str, priority: int, threshold: int, condition: Condition) -> CustomRule:
    return CustomRule(
        name=name,
        priority=priority,
        rule_type="RateLimitRule",
        action="Block",
        rate_limit_duration_in_minutes=1,
        rate_limit_threshold=threshold,
        group_by=[azure_native.frontdoor.GroupByVariableArgs(variable_name="SocketAddr")],
        match_conditions=[condition],
    )


def _match_addresses(ranges: Sequence[str], *, negate: bool = False) -> Condition:
    """Condition on the address of the TCP connection; clients can forge a header."""
    return Condition(match_variable="SocketAddr", operator="IPMatch", match_value=list(ranges), negate_condition=negate)


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
    rules: dict[str, list[azure_native.frontdoor.ManagedRuleOverrideArgs]] = {}
    for name in waf.exclude_rules:
        rule = frontdoor.ManagedRuleOverrideArgs(rule_id=name, enabled_state="Disabled")
        rules.setdefault(rule_group(name) or "", []).append(rule)
    return [frontdoor.ManagedRuleGroupOverrideArgs(rule_group_name=group, rules=each) for group, each in rules.items()]
