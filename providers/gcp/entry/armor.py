"""Admission: who may connect, how often, and what a request may not contain.

Cloud Armor tries rules by ascending priority and stops at the first that matches, and a rate rule that matches lets
the request in. So the inspections come first, then one rate rule for the addresses that may connect, and whoever no
rate rule takes is refused by the last.

Inspections run at the lowest sensitivity and look at the first 64 KB of a body: prompts are natural language and code,
which the higher ones take for an attack. `methodenforcement` is left out: it refuses PUT, PATCH and DELETE, which
agents' own interfaces use. What is refused stands in the load balancer's log, without the request's contents.
"""

from collections.abc import Sequence

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.entry.admission import admitted

SENSITIVITY = 1
INSPECTIONS: dict[int, str] = {
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
"""OWASP rule sets by priority, which never changes: Cloud Armor, "Preconfigured WAF rules"."""
KNOWN_EXPLOITS_PRIORITY = 1200
RATE_PRIORITY = 2000
LAST_PRIORITY = 2147483647
"""Priority of the rule that every policy must have."""
RATE_WINDOW_SECONDS = 60

Rule = gcp.compute.SecurityPolicyRuleArgs


def create_policy(scope: Scope, context: GcpContext) -> gcp.compute.SecurityPolicy:
    """The policy on every backend; without `waf` the rate limit and the allowed addresses alone."""
    waf = context.spec.ingress.waf
    return gcp.compute.SecurityPolicy(
        scope.named("policy"),
        project=context.project,
        type="CLOUD_ARMOR",
        rules=[*(_inspections() if waf else ()), *_rates(context), _refuse_others()],
        advanced_options_config=_inspection_options() if waf else None,
        adaptive_protection_config=_adaptive_protection() if waf else None,
        opts=scope.opts(),
    )


def _inspections() -> list[Rule]:
    owasp = {
        priority: f"evaluatePreconfiguredWaf('{rules}', {{'sensitivity': {SENSITIVITY}}})"
        for priority, rules in INSPECTIONS.items()
    }
    # without arguments, in the form that control CKV_GCP_73 (log4j) looks for
    expressions = {**owasp, KNOWN_EXPLOITS_PRIORITY: "evaluatePreconfiguredWaf('cve-canary')"}
    return [_inspection(priority, expression) for priority, expression in expressions.items()]


def _inspection(priority: int, expression: str) -> Rule:
    match = gcp.compute.SecurityPolicyRuleMatchArgs(
        expr=gcp.compute.SecurityPolicyRuleMatchExprArgs(expression=expression)
    )
    return Rule(
        priority=priority, action="deny(403)", match=match, description=f"refuse {expression.split(chr(39))[1]}"
    )


def _rates(context: GcpContext) -> list[Rule]:
    limit = context.spec.ingress.rate_limit_per_minute
    return [_rate(RATE_PRIORITY + n, limit, ranges) for n, ranges in enumerate(admitted(context.spec))]


def _rate(priority: int, limit: int, ranges: Sequence[str]) -> Rule:
    threshold = gcp.compute.SecurityPolicyRuleRateLimitOptionsRateLimitThresholdArgs(
        count=limit, interval_sec=RATE_WINDOW_SECONDS
    )
    return Rule(
        priority=priority,
        action="throttle",
        description="let in, up to the rate limit of an address",
        match=_from(ranges),
        rate_limit_options=gcp.compute.SecurityPolicyRuleRateLimitOptionsArgs(
            conform_action="allow", exceed_action="deny(429)", enforce_on_key="IP", rate_limit_threshold=threshold
        ),
    )


def _refuse_others() -> Rule:
    return Rule(priority=LAST_PRIORITY, action="deny(403)", match=_from(["*"]), description="refuse everybody else")


def _from(ranges: Sequence[str]) -> gcp.compute.SecurityPolicyRuleMatchArgs:
    return gcp.compute.SecurityPolicyRuleMatchArgs(
        versioned_expr="SRC_IPS_V1",
        config=gcp.compute.SecurityPolicyRuleMatchConfigArgs(src_ip_ranges=list(ranges)),
    )


def _inspection_options() -> gcp.compute.SecurityPolicyAdvancedOptionsConfigArgs:
    # a verbose log would keep the parts of prompts that a rule matched
    return gcp.compute.SecurityPolicyAdvancedOptionsConfigArgs(
        json_parsing="STANDARD", log_level="NORMAL", request_body_inspection_size="64KB"
    )


def _adaptive_protection() -> gcp.compute.SecurityPolicyAdaptiveProtectionConfigArgs:
    return gcp.compute.SecurityPolicyAdaptiveProtectionConfigArgs(
        layer7_ddos_defense_config=gcp.compute.SecurityPolicyAdaptiveProtectionConfigLayer7DdosDefenseConfigArgs(
            enable=True, rule_visibility="STANDARD"
        )
    )
