"""Rules of the web ACL: rate limits, managed rule groups and closed paths.

Two managed rules only count: one blocks bodies above 8 KB, but prompts are longer; one blocks hosting providers, but
callers of an agent are often servers. The rate limits are the first rules, so that excess requests do not reach the more
expensive inspections. A rate-based rule that is not exceeded decides nothing, so each of several limits applies.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi_aws as aws

from providers.aws.entry.routes import MANAGED_GROUPS
from providers.contract.closed_paths import closed_paths, expressions
from providers.contract.spec import Platform

COUNTED_RULES = {
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesAnonymousIpList": ("HostingProviderIPList",),
}
"""Rules of a group that count instead of block: long prompts, and callers in hosting providers."""
RATE_WINDOW_SECONDS = 60
"""Evaluation window; WAF offers 60, 120, 300 or 600 seconds and a minimum limit of 10."""
PATH_EXPRESSION = "^/+(?:{})(?:/|$)"
MAX_EXPRESSION_CHARACTERS = 200
"""Length of a regular expression: AWS WAF developer guide, "AWS WAF quotas"."""
KEY_HEADER = "authorization"
NOT_FOUND, TOO_MANY_REQUESTS = 404, 429

Statement = aws.wafv2.WebAclRuleStatementArgs
RateStatement = aws.wafv2.WebAclRuleStatementRateBasedStatementArgs
ScopeDown = aws.wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementArgs
Block = aws.wafv2.WebAclRuleActionBlockArgs


@dataclass(frozen=True)
class AclRule:
    """Rule that blocks what its statement matches; without `block`, the rules of a managed group decide themselves."""

    name: str
    statement: Statement
    block: Block | None = None

    def declare(self, priority: int) -> aws.wafv2.WebAclRuleArgs:
        """Rule with its place in the order of evaluation."""
        override = aws.wafv2.WebAclRuleOverrideActionArgs(none=aws.wafv2.WebAclRuleOverrideActionNoneArgs())
        return aws.wafv2.WebAclRuleArgs(
            name=self.name,
            priority=priority,
            action=aws.wafv2.WebAclRuleActionArgs(block=self.block) if self.block else None,
            override_action=None if self.block else override,
            statement=self.statement,
            visibility_config=aws.wafv2.WebAclRuleVisibilityConfigArgs(
                cloudwatch_metrics_enabled=True, metric_name=self.name, sampled_requests_enabled=True
            ),
        )


def web_acl_rules(spec: Platform) -> list[aws.wafv2.WebAclRuleArgs]:
    """Rules in the order of evaluation."""
    rules = (*_rate_rules(spec), *_managed_rules(spec), *_closed_paths_rules(spec))
    return [rule.declare(priority) for priority, rule in enumerate(rules)]


def _rate_rules(spec: Platform) -> Iterator[AclRule]:
    limits = spec.ingress.rate_limit
    yield _rate_rule("rate-limit", spec.ingress.requests_per_address)
    if limits.per_key is not None:
        yield _rate_rule("rate-limit-key", limits.per_key, aggregate_key_type="CUSTOM_KEYS", custom_keys=[_key()])
    for number, limit in enumerate(limits.paths, 1):
        yield _rate_rule(f"rate-limit-path-{number}", limit.per_address, scope_down_statement=_only_below(limit.prefix))


def _rate_rule(
    name: str,
    limit: int,
    aggregate_key_type: str = "IP",
    custom_keys: list[aws.wafv2.WebAclRuleStatementRateBasedStatementCustomKeyArgs] | None = None,
    scope_down_statement: ScopeDown | None = None,
) -> AclRule:
    statement = RateStatement(
        limit=limit,
        evaluation_window_sec=RATE_WINDOW_SECONDS,
        aggregate_key_type=aggregate_key_type,
        custom_keys=custom_keys,
        scope_down_statement=scope_down_statement,
    )
    wait = aws.wafv2.WebAclRuleActionBlockCustomResponseResponseHeaderArgs(
        name="Retry-After", value=str(RATE_WINDOW_SECONDS)
    )
    block = _answer(TOO_MANY_REQUESTS, [wait])
    return AclRule(name, Statement(rate_based_statement=statement), block)


def _only_below(prefix: str) -> ScopeDown:
    """Requests that a rate-based rule counts; the SDK has classes of its own for a part of such a rule."""
    waf = aws.wafv2
    (expression,) = expressions([prefix], PATH_EXPRESSION, MAX_EXPRESSION_CHARACTERS)
    match = waf.WebAclRuleStatementRateBasedStatementScopeDownStatementRegexMatchStatementArgs(
        regex_string=expression,
        field_to_match=waf.WebAclRuleStatementRateBasedStatementScopeDownStatementRegexMatchStatementFieldToMatchArgs(
            uri_path=waf.WebAclRuleStatementRateBasedStatementScopeDownStatementRegexMatchStatementFieldToMatchUriPathArgs()
        ),
        text_transformations=[
            waf.WebAclRuleStatementRateBasedStatementScopeDownStatementRegexMatchStatementTextTransformationArgs(
                priority=0, type="URL_DECODE"
            )
        ],
    )
    return ScopeDown(regex_match_statement=match)


def _key() -> aws.wafv2.WebAclRuleStatementRateBasedStatementCustomKeyArgs:
    """Header with the key of a client; requests without it are not counted by this rule."""
    header = aws.wafv2.WebAclRuleStatementRateBasedStatementCustomKeyHeaderArgs(
        name=KEY_HEADER,
        text_transformations=[
            aws.wafv2.WebAclRuleStatementRateBasedStatementCustomKeyHeaderTextTransformationArgs(
                priority=0, type="NONE"
            )
        ],
    )
    return aws.wafv2.WebAclRuleStatementRateBasedStatementCustomKeyArgs(header=header)


def _managed_rules(spec: Platform) -> Iterator[AclRule]:
    for group in MANAGED_GROUPS if spec.ingress.waf else ():
        statement = aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
            vendor_name="AWS",
            name=group,
            rule_action_overrides=[_counted(rule) for rule in COUNTED_RULES.get(group, ())] or None,
        )
        yield AclRule(group, Statement(managed_rule_group_statement=statement))


def _closed_paths_rules(spec: Platform) -> Iterator[AclRule]:
    """Answer 404 to paths that are not public, also when characters are percent-encoded, which servers decode.

    A regular expression for many paths takes 13 units of the web ACL's capacity, two matches of a text for each path 24.
    """
    paths = [each.path for each in closed_paths(spec)]
    statements = [_path_match(each) for each in expressions(paths, PATH_EXPRESSION, MAX_EXPRESSION_CHARACTERS)]
    if statements:
        yield AclRule("closed-paths", _any_of(statements), _answer(NOT_FOUND))


def _answer(
    status: int, headers: list[aws.wafv2.WebAclRuleActionBlockCustomResponseResponseHeaderArgs] | None = None
) -> Block:
    response = aws.wafv2.WebAclRuleActionBlockCustomResponseArgs(response_code=status, response_headers=headers)
    return Block(custom_response=response)


def _any_of(statements: list[Statement]) -> Statement:
    """Alternative of statements; WAF refuses one of a single statement."""
    if len(statements) == 1:
        return statements[0]
    return Statement(or_statement=aws.wafv2.WebAclRuleStatementOrStatementArgs(statements=statements))


def _path_match(expression: str) -> Statement:
    return Statement(
        regex_match_statement=aws.wafv2.WebAclRuleStatementRegexMatchStatementArgs(
            regex_string=expression,
            field_to_match=aws.wafv2.WebAclRuleStatementRegexMatchStatementFieldToMatchArgs(
                uri_path=aws.wafv2.WebAclRuleStatementRegexMatchStatementFieldToMatchUriPathArgs()
            ),
            text_transformations=[
                aws.wafv2.WebAclRuleStatementRegexMatchStatementTextTransformationArgs(priority=0, type="URL_DECODE")
            ],
        )
    )


def _counted(rule: str) -> aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs:
    return aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
        name=rule,
        action_to_use=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
            count=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
        ),
    )
