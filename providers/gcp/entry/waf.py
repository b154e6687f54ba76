"""Cloud Armor security policy: WAF rules, rate limit and allowed addresses.

Cloud Armor evaluates rules by ascending priority and stops at the first match, and a matching rate rule admits the
request. So the WAF rules come first, then the rate rules for the allowed addresses; the last rule denies every other
address. Before all of them, closed paths are answered 404.

WAF rules run at the lowest sensitivity and inspect the first 64 KB of a body: prompts are natural language and code,
which higher sensitivities report as attacks. `methodenforcement` is not used: it denies PUT, PATCH and DELETE, which
agent APIs need. Denied requests are in the load balancer's log, without their content.
"""

import re
from collections.abc import Mapping, Sequence

import pulumi_gcp as gcp

from providers.contract.closed_paths import closed_paths, expressions
from providers.contract.component import Scope
from providers.contract.prompts import prompt_expressions
from providers.contract.spec import Platform, Waf
from providers.gcp.context import GcpContext
from providers.gcp.entry.limits import (
    MAX_EXPRESSION_CHARACTERS,
    MAX_SUBEXPRESSIONS,
    OWASP_RULES,
    PROMPT_EXPRESSION,
    allowed_ranges,
    path_ranges,
    set_of,
)

CLOSED_PATHS_PRIORITY = 500
PATH_EXPRESSION = "^/+({})(/|$)"
SENSITIVITY = 1
KNOWN_EXPLOITS, KNOWN_EXPLOITS_PRIORITY = "cve-canary", 1200
PROMPTS_PRIORITY = 1300
SETS_PER_RULE = MAX_SUBEXPRESSIONS - 1
PATH_RATE_PRIORITY, RATE_PRIORITY = 1900, 2000
LAST_PRIORITY = 2147483647
"""Priority of the default rule, which every policy has."""
RATE_WINDOW_SECONDS = 60

Rule = gcp.compute.SecurityPolicyRuleArgs


def create_security_policy(scope: Scope, context: GcpContext) -> gcp.compute.SecurityPolicy:
    """Create the policy of every backend; without `waf` it has no WAF rules, and all the others."""
    waf = context.spec.ingress.waf_settings
    return gcp.compute.SecurityPolicy(
        scope.named("policy"),
        project=context.project,
        type="CLOUD_ARMOR",
        rules=[
            *_closed_path_rules(context),
            *(_waf_rules(context.spec, waf) if waf else ()),
            *_rate_rules(context),
            _default_rule(),
        ],
        advanced_options_config=_inspection_options() if waf else None,
        adaptive_protection_config=_adaptive_protection() if waf else None,
        opts=scope.opts(),
    )


def _closed_path_rules(context: GcpContext) -> list[Rule]:
    conditions = path_conditions([closed.path for closed in closed_paths(context.spec)])
    return [
        Rule(
            priority=CLOSED_PATHS_PRIORITY + n,
            action="deny(404)",
            match=gcp.compute.SecurityPolicyRuleMatchArgs(
                expr=gcp.compute.SecurityPolicyRuleMatchExprArgs(expression=condition)
            ),
            description="closed to requests from outside",
        )
        for n, condition in enumerate(conditions)
    ]


def path_conditions(paths: Sequence[str]) -> list[str]:
    """Conditions on paths and everything below them, as servers decode them: `/%6Detrics` is `/metrics` too."""
    lower = [path.lower() for path in paths]
    patterns = expressions(lower, PATH_EXPRESSION, MAX_EXPRESSION_CHARACTERS)
    return [f"request.path.urlDecode().lower().matches('{pattern}')" for pattern in patterns]


def _waf_rules(spec: Platform, waf: Waf) -> list[Rule]:
    """Rules that inspect whole requests, and for the paths of prompts rules that inspect no body.

    An expression has five subexpressions, one of which is the path, so a rule of prompts has four sets.
    """
    sets = {priority: _evaluation(rules, waf) for priority, rules in OWASP_RULES.items()}
    # without arguments, the form that the checkov control CKV_GCP_73 (log4j) requires
    evaluations = {**sets, KNOWN_EXPLOITS_PRIORITY: f"evaluatePreconfiguredWaf('{KNOWN_EXPLOITS}')"}
    prompts = "".join(prompt_expressions(spec, PROMPT_EXPRESSION, MAX_EXPRESSION_CHARACTERS))
    if not prompts:
        return [_waf_rule(priority, each, waf) for priority, each in evaluations.items()]
    names = [*OWASP_RULES.values(), KNOWN_EXPLOITS]
    condition = f"request.path.matches('{prompts}')"
    groups = [names[first : first + SETS_PER_RULE] for first in range(0, len(names), SETS_PER_RULE)]
    by_name = dict(zip(names, evaluations.values(), strict=True))
    return [
        *(_waf_rule(priority, f"!{condition} && {each}", waf) for priority, each in evaluations.items()),
        *(
            _prompt_rule(PROMPTS_PRIORITY + n, condition, {name: by_name[name] for name in group}, waf)
            for n, group in enumerate(groups)
        ),
    ]


def _evaluation(rules: str, waf: Waf) -> str:
    """Expression that is true for a request that a set of rules matches, apart from excluded rules."""
    excluded = [name for name in waf.exclude_rules if set_of(name) == rules]
    opted_out = f", 'opt_out_rule_ids': [{', '.join(repr(name) for name in excluded)}]" if excluded else ""
    return f"evaluatePreconfiguredWaf('{rules}', {{'sensitivity': {SENSITIVITY}{opted_out}}})"


def _waf_rule(priority: int, expression: str, waf: Waf, exclusions: Sequence[str] = ()) -> Rule:
    match = gcp.compute.SecurityPolicyRuleMatchArgs(
        expr=gcp.compute.SecurityPolicyRuleMatchExprArgs(expression=expression)
    )
    sets = re.findall(r"evaluatePreconfiguredWaf\('([^']+)'", expression)
    return Rule(
        priority=priority,
        action="deny(403)",
        match=match,
        preview=True if waf.mode == "count" else None,
        preconfigured_waf_config=_without_bodies(exclusions) if exclusions else None,
        description=f"deny {', '.join(sets)}{' in prompts' if exclusions else ''}",
    )


def _prompt_rule(priority: int, condition: str, evaluations: Mapping[str, str], waf: Waf) -> Rule:
    return _waf_rule(priority, f"{condition} && ({' || '.join(evaluations.values())})", waf, tuple(evaluations))


def _without_bodies(sets: Sequence[str]) -> gcp.compute.SecurityPolicyRulePreconfiguredWafConfigArgs:
    """Exclusion of every field of the body: Cloud Armor documentation, "Exclude request fields from inspection"."""
    body = gcp.compute.SecurityPolicyRulePreconfiguredWafConfigExclusionRequestBodyArgs(operator="EQUALS_ANY")
    return gcp.compute.SecurityPolicyRulePreconfiguredWafConfigArgs(
        exclusions=[
            gcp.compute.SecurityPolicyRulePreconfiguredWafConfigExclusionArgs(
                target_rule_set=name, request_bodies=[body]
            )
            for name in sets
        ]
    )


def _rate_rules(context: GcpContext) -> list[Rule]:
    ingress = context.spec.ingress
    paths = [(limit, ranges) for limit in ingress.rate_limit.paths for ranges in path_ranges(context.spec)]
    return [
        # the rule of a path admits its requests, so it precedes that of all paths
        *(
            _rate_rule(PATH_RATE_PRIORITY + n, limit.per_address, _path_match(limit.prefix, ranges))
            for n, (limit, ranges) in enumerate(paths)
        ),
        *(
            _rate_rule(RATE_PRIORITY + n, ingress.requests_per_address, _source_match(ranges))
            for n, ranges in enumerate(allowed_ranges(context.spec))
        ),
    ]


def _path_match(prefix: str, ranges: Sequence[str]) -> gcp.compute.SecurityPolicyRuleMatchArgs:
    (condition,) = path_conditions([prefix])
    sources = " || ".join(f"inIpRange(origin.ip, '{cidr}')" for cidr in ranges)
    expression = f"{condition} && ({sources})" if sources else condition
    return gcp.compute.SecurityPolicyRuleMatchArgs(
        expr=gcp.compute.SecurityPolicyRuleMatchExprArgs(expression=expression)
    )


def _rate_rule(priority: int, limit: int, match: gcp.compute.SecurityPolicyRuleMatchArgs) -> Rule:
    threshold = gcp.compute.SecurityPolicyRuleRateLimitOptionsRateLimitThresholdArgs(
        count=limit, interval_sec=RATE_WINDOW_SECONDS
    )
    return Rule(
        priority=priority,
        action="throttle",
        description="allow, up to the rate limit per address",
        match=match,
        rate_limit_options=gcp.compute.SecurityPolicyRuleRateLimitOptionsArgs(
            conform_action="allow", exceed_action="deny(429)", enforce_on_key="IP", rate_limit_threshold=threshold
        ),
    )


def _default_rule() -> Rule:
    return Rule(
        priority=LAST_PRIORITY, action="deny(403)", match=_source_match(["*"]), description="deny every other address"
    )


def _source_match(ranges: Sequence[str]) -> gcp.compute.SecurityPolicyRuleMatchArgs:
    return gcp.compute.SecurityPolicyRuleMatchArgs(
        versioned_expr="SRC_IPS_V1",
        config=gcp.compute.SecurityPolicyRuleMatchConfigArgs(src_ip_ranges=list(ranges)),
    )


def _inspection_options() -> gcp.compute.SecurityPolicyAdvancedOptionsConfigArgs:
    # a verbose log contains the parts of prompts that a rule matched
    return gcp.compute.SecurityPolicyAdvancedOptionsConfigArgs(
        json_parsing="STANDARD", log_level="NORMAL", request_body_inspection_size="64KB"
    )


def _adaptive_protection() -> gcp.compute.SecurityPolicyAdaptiveProtectionConfigArgs:
    return gcp.compute.SecurityPolicyAdaptiveProtectionConfigArgs(
        layer7_ddos_defense_config=gcp.compute.SecurityPolicyAdaptiveProtectionConfigLayer7DdosDefenseConfigArgs(
            enable=True, rule_visibility="STANDARD"
        )
    )
