"""Cloud Armor security policy: WAF rules, rate limit and allowed addresses.

Cloud Armor evaluates rules by ascending priority and stops at the first match, and a matching rate rule admits the
request. So the WAF rules come first, then the rate rules for the allowed addresses; the last rule denies every other
address. Before all of them, closed paths are answered 404.

WAF rules run at the lowest sensitivity and inspect the first 64 KB of a body: prompts are natural language and code,
which higher sensitivities report as attacks. `methodenforcement` is not used: it denies PUT, PATCH and DELETE, which
agent APIs need. Denied requests are in the load balancer's log, without their content.
"""

from collections.abc import Sequence

import pulumi_gcp as gcp

from providers.contract.closed_paths import closed_paths, expressions
from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.entry.limits import allowed_ranges, path_ranges

CLOSED_PATHS_PRIORITY = 500
PATH_EXPRESSION = "^/+({})(/|$)"
MAX_EXPRESSION_CHARACTERS = 1024
"""Length of a subexpression of a rule: Cloud Armor documentation, "Quotas and limits"."""
SENSITIVITY = 1
OWASP_RULES: dict[int, str] = {
    1000: "sqli-v422-stable",
    1010: "xss-v422-stable",
    1020: "lfi-v422-stable",
    1030: "rfi-v422-stable",
    1040: "rce-v422-stable",
    1050: "scannerdetection-v422-stable",
    1060: "protocolattack-v422-stable",
    1070: "sessionfixation-v422-stable",
    1080: "nodejs-v422-stable",
    1090: "java-v422-stable",
    1100: "php-v422-stable",
}
"""OWASP rule sets by priority, which never changes: Cloud Armor documentation, "Preconfigured WAF rules"."""
KNOWN_EXPLOITS_PRIORITY = 1200
PATH_RATE_PRIORITY, RATE_PRIORITY = 1900, 2000
LAST_PRIORITY = 2147483647
"""Priority of the default rule, which every policy has."""
RATE_WINDOW_SECONDS = 60

Rule = gcp.compute.SecurityPolicyRuleArgs


def create_security_policy(scope: Scope, context: GcpContext) -> gcp.compute.SecurityPolicy:
    """Create the policy of every backend; without `waf` it has no WAF rules, and all the others."""
    waf = context.spec.ingress.waf
    return gcp.compute.SecurityPolicy(
        scope.named("policy"),
        project=context.project,
        type="CLOUD_ARMOR",
        rules=[*_closed_path_rules(context), *(_waf_rules() if waf else ()), *_rate_rules(context), _default_rule()],
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
    patterns = expressions(lower, PATH_EXPRESSION, MAX_EXPRESSION_CHARACTERS - 50)
    return [f"request.path.urlDecode().lower().matches('{pattern}')" for pattern in patterns]


def _waf_rules() -> list[Rule]:
    owasp = {
        priority: f"evaluatePreconfiguredWaf('{rules}', {{'sensitivity': {SENSITIVITY}}})"
        for priority, rules in OWASP_RULES.items()
    }
    # without arguments, the form that the checkov control CKV_GCP_73 (log4j) requires
    expressions = {**owasp, KNOWN_EXPLOITS_PRIORITY: "evaluatePreconfiguredWaf('cve-canary')"}
    return [_waf_rule(priority, expression) for priority, expression in expressions.items()]


def _waf_rule(priority: int, expression: str) -> Rule:
    match = gcp.compute.SecurityPolicyRuleMatchArgs(
        expr=gcp.compute.SecurityPolicyRuleMatchExprArgs(expression=expression)
    )
    return Rule(priority=priority, action="deny(403)", match=match, description=f"deny {expression.split(chr(39))[1]}")


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
