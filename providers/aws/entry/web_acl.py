"""Rules of the web ACL: rate limits, managed rule groups, bodies and closed paths.

Two managed rules only count: one blocks bodies above 8 KB, but prompts are longer; one blocks hosting providers, but
callers of an agent are often servers. The rate limits are the first rules, so that excess requests do not reach the more
expensive inspections. A rate-based rule that is not exceeded decides nothing, so each of several limits applies.

A managed rule has no condition on the path. So the rules that inspect bodies only count, and one rule after the groups blocks
requests with their labels, except on the paths of prompts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi_aws as aws

from providers.aws.entry.managed_rules import COUNTED_RULES, MANAGED_RULES, body_label, body_rules, judges_bodies
from providers.contract.closed_paths import closed_paths, expressions
from providers.contract.prompts import prompt_expressions, prompt_paths
from providers.contract.spec import Platform, Waf

PATH_EXPRESSION = "^/+(?:{})(?:/|$)"
RATE_WINDOW_SECONDS = 60
"""Evaluation window; WAF offers 60, 120, 300 or 600 seconds and a minimum limit of 10."""
PROMPT_EXPRESSION = "^/(?:{})(?:/|$)"
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
    """Rule that blocks what its statement matches; without `block`, the rules of a managed group decide themselves.

    With `count`, it only counts what it would block.
    """

    name: str
    statement: Statement
    block: Block | None = None
    count: bool = False

    def declare(self, priority: int) -> aws.wafv2.WebAclRuleArgs:
        """Rule with its place in the order of evaluation."""
        waf, own = aws.wafv2, self.block is not None
        count = waf.WebAclRuleActionArgs(count=waf.WebAclRuleActionCountArgs())
        block = waf.WebAclRuleActionArgs(block=self.block)
        counted = waf.WebAclRuleOverrideActionArgs(count=waf.WebAclRuleOverrideActionCountArgs())
        as_they_are = waf.WebAclRuleOverrideActionArgs(none=waf.WebAclRuleOverrideActionNoneArgs())
        return waf.WebAclRuleArgs(
            name=self.name,
            priority=priority,
            action=(count if self.count else block) if own else None,
            override_action=None if own else counted if self.count else as_they_are,
            statement=self.statement,
            visibility_config=waf.WebAclRuleVisibilityConfigArgs(
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
    """Requests that a rate-based rule counts; the SDK has separate classes for a part of such a rule."""
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
    waf = spec.ingress.waf_settings
    if waf is None:
        return
    tuned = bool(prompt_paths(spec).paths)
    for group, rules in MANAGED_RULES.items():
        counted = {*COUNTED_RULES.get(group, ()), *waf.exclude_rules, *(body_rules(group) if tuned else ())}
        statement = aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
            vendor_name="AWS",
            name=group,
            rule_action_overrides=[_counted(rule) for rule in rules if rule in counted] or None,
        )
        yield AclRule(group, Statement(managed_rule_group_statement=statement), count=waf.mode == "count")
    if judges_bodies(spec):
        yield AclRule("bodies", _bodies_elsewhere(spec, waf), Block(), count=waf.mode == "count")


def _bodies_elsewhere(spec: Platform, waf: Waf) -> Statement:
    """Requests with a label of a body rule, except those to the paths of prompts."""
    labels = [
        aws.wafv2.WebAclRuleStatementLabelMatchStatementArgs(scope="LABEL", key=body_label(group, rule))
        for group in MANAGED_RULES
        for rule in body_rules(group)
        if rule not in waf.exclude_rules
    ]
    prompts = prompt_expressions(spec, PROMPT_EXPRESSION, MAX_EXPRESSION_CHARACTERS)
    # without decoding: a path in another spelling is not one of a client that sends prompts
    elsewhere = aws.wafv2.WebAclRuleStatementNotStatementArgs(
        statement=_any_of([_path_match(each, transformation="NONE") for each in prompts])
    )
    return Statement(
        and_statement=aws.wafv2.WebAclRuleStatementAndStatementArgs(
            statements=[
                _any_of([Statement(label_match_statement=label) for label in labels]),
                Statement(not_statement=elsewhere),
            ]
        )
    )


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


def _path_match(expression: str, transformation: str = "URL_DECODE") -> Statement:
    return Statement(
        regex_match_statement=aws.wafv2.WebAclRuleStatementRegexMatchStatementArgs(
            regex_string=expression,
            field_to_match=aws.wafv2.WebAclRuleStatementRegexMatchStatementFieldToMatchArgs(
                uri_path=aws.wafv2.WebAclRuleStatementRegexMatchStatementFieldToMatchUriPathArgs()
            ),
            text_transformations=[
                aws.wafv2.WebAclRuleStatementRegexMatchStatementTextTransformationArgs(priority=0, type=transformation)
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
