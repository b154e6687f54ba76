"""Public entry: alias records of the domain, and a web ACL with a rate limit on each region's load balancer.

The web ACL is regional and associated with the load balancer, so it also applies to requests that use the load
balancer's own DNS name. Two managed rules only count: one blocks bodies above 8 KB, but prompts are longer; one blocks
hosting providers, but callers of an agent are often servers. The rate limit is the first rule, so that excess requests
do not reach the more expensive inspections.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, source_condition
from providers.aws.context import AwsContext
from providers.aws.entry.ingress import AwsOrigin
from providers.aws.naming import waf_log_group
from providers.aws.observability.logs import create_log_group
from providers.contract.closed_paths import closed_paths, expressions
from providers.contract.component import Scope
from providers.contract.results import Entry, Origin

MANAGED_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesAnonymousIpList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesCommonRuleSet",
)
"""Cheapest first: address lists before content inspection."""
COUNTED_RULES = {
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesAnonymousIpList": ("HostingProviderIPList",),
}
"""Rules of a group that count instead of block: long prompts, and callers in hosting providers."""
CLOSED_PATHS_PRIORITY = len(MANAGED_GROUPS) + 1
RATE_WINDOW_SECONDS = 60
"""Evaluation window; WAF offers 60, 120, 300 or 600 seconds and a minimum limit of 10."""
CLOSED_PATH_EXPRESSION = "^/+(?:{})(?:/|$)"
MAX_EXPRESSION_CHARACTERS = 200
"""Length of a regular expression: AWS WAF developer guide, "AWS WAF quotas"."""
REDACTED_HEADERS = ("authorization", "cookie")


def create_entry(scope: Scope, context: AwsContext, origins: Mapping[str, Origin]) -> Entry:
    """Declare alias records of the domain and one web ACL per region's load balancer; `origins` by region."""
    balancers = {region: origin for region, origin in origins.items() if isinstance(origin, AwsOrigin)}
    for region, balancer in balancers.items():
        _protect(scope, context, region, balancer)
        _alias(scope, context, region, balancer)
    return Entry(url=_url(context, balancers))


def _url(context: AwsContext, balancers: Mapping[str, AwsOrigin]) -> pulumi.Output[str]:
    if context.spec.ingress.domain is not None:
        return pulumi.Output.from_input(f"https://{context.spec.ingress.domain}")
    hosts = [balancer.host for balancer in balancers.values()]
    return pulumi.Output.concat("http://", hosts[0]) if hosts else pulumi.Output.from_input("")


def _alias(scope: Scope, context: AwsContext, region: str, balancer: AwsOrigin) -> None:
    if context.spec.ingress.domain is None or balancer.domain_zone_id is None:
        return
    alias = aws.route53.RecordAliasArgs(name=balancer.host, zone_id=balancer.zone_id, evaluate_target_health=True)
    aws.route53.Record(
        scope.named(f"{region}-name"),
        zone_id=balancer.domain_zone_id,
        name=context.spec.ingress.domain,
        type="A",
        aliases=[alias],
        opts=scope.opts(),
    )


def _protect(scope: Scope, context: AwsContext, region: str, balancer: AwsOrigin) -> None:
    ingress = context.spec.ingress
    groups = MANAGED_GROUPS if ingress.waf else ()
    acl = aws.wafv2.WebAcl(
        scope.named(f"{region}-acl"),
        scope="REGIONAL",
        default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
        rules=[
            _rate_rule(ingress.rate_limit_per_minute),
            *(_managed_rule(group, n) for n, group in enumerate(groups, 1)),
            *_closed_paths_rule([each.path for each in closed_paths(context.spec)]),
        ],
        visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
            cloudwatch_metrics_enabled=True, metric_name=scope.named("acl"), sampled_requests_enabled=True
        ),
        opts=scope.opts(),
    )
    aws.wafv2.WebAclAssociation(
        scope.named(f"{region}-acl-on-balancer"),
        resource_arn=balancer.arn,
        web_acl_arn=acl.arn,
        opts=scope.opts(),
    )
    _record_requests(scope, context, region, balancer, acl)


def _rate_rule(limit: int) -> aws.wafv2.WebAclRuleArgs:
    return aws.wafv2.WebAclRuleArgs(
        name="rate-limit",
        priority=0,
        action=aws.wafv2.WebAclRuleActionArgs(block=aws.wafv2.WebAclRuleActionBlockArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                limit=limit, evaluation_window_sec=RATE_WINDOW_SECONDS, aggregate_key_type="IP"
            )
        ),
        visibility_config=_visible("rate-limit"),
    )


def _managed_rule(group: str, priority: int) -> aws.wafv2.WebAclRuleArgs:
    statement = aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
        vendor_name="AWS",
        name=group,
        rule_action_overrides=[_counted(rule) for rule in COUNTED_RULES.get(group, ())] or None,
    )
    return aws.wafv2.WebAclRuleArgs(
        name=group,
        priority=priority,
        override_action=aws.wafv2.WebAclRuleOverrideActionArgs(none=aws.wafv2.WebAclRuleOverrideActionNoneArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(managed_rule_group_statement=statement),
        visibility_config=_visible(group),
    )


def _closed_paths_rule(paths: Sequence[str]) -> list[aws.wafv2.WebAclRuleArgs]:
    """Answer 404 to paths that are not public, also when characters are percent-encoded, which servers decode.

    A regular expression for many paths takes 13 units of the web ACL's capacity, two matches of a text for each path 24.
    """
    statements = [
        _path_match(expression) for expression in expressions(paths, CLOSED_PATH_EXPRESSION, MAX_EXPRESSION_CHARACTERS)
    ]
    if not statements:
        return []
    response = aws.wafv2.WebAclRuleActionBlockCustomResponseArgs(response_code=404)
    block = aws.wafv2.WebAclRuleActionBlockArgs(custom_response=response)
    return [
        aws.wafv2.WebAclRuleArgs(
            name="closed-paths",
            priority=CLOSED_PATHS_PRIORITY,
            action=aws.wafv2.WebAclRuleActionArgs(block=block),
            statement=_any_of(statements),
            visibility_config=_visible("closed-paths"),
        )
    ]


def _any_of(statements: list[aws.wafv2.WebAclRuleStatementArgs]) -> aws.wafv2.WebAclRuleStatementArgs:
    """Alternative of statements; WAF refuses one of a single statement."""
    if len(statements) == 1:
        return statements[0]
    return aws.wafv2.WebAclRuleStatementArgs(
        or_statement=aws.wafv2.WebAclRuleStatementOrStatementArgs(statements=statements)
    )


def _path_match(expression: str) -> aws.wafv2.WebAclRuleStatementArgs:
    return aws.wafv2.WebAclRuleStatementArgs(
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


def _visible(metric: str) -> aws.wafv2.WebAclRuleVisibilityConfigArgs:
    return aws.wafv2.WebAclRuleVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=True
    )


def _record_requests(
    scope: Scope, context: AwsContext, region: str, balancer: AwsOrigin, acl: aws.wafv2.WebAcl
) -> None:
    """Log of the web ACL, without headers that identify a caller."""
    log_group = create_log_group(scope, f"{region}-log", context, balancer.telemetry_key, waf_log_group(context.stack))
    delivery = aws.cloudwatch.LogResourcePolicy(
        scope.named(f"{region}-log-delivery"),
        policy_name=waf_log_group(context.stack),
        policy_document=document(_delivery(context, region, log_group)),
        opts=scope.opts(),
    )
    aws.wafv2.WebAclLoggingConfiguration(
        scope.named(f"{region}-acl-log"),
        resource_arn=acl.arn,
        log_destination_configs=[log_group.arn],
        redacted_fields=[
            aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs(
                single_header=aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name=header)
            )
            for header in REDACTED_HEADERS
        ],
        # without the permission to deliver, WAF writes an account-wide policy that no stack removes
        opts=scope.opts(depends_on=[delivery]),
    )


def _delivery(context: AwsContext, region: str, log_group: aws.cloudwatch.LogGroup) -> Statement:
    """Permission of the log delivery service to write to the web ACL's log group for this account."""
    return {
        **allow(["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(log_group.arn, ":*")),
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Condition": source_condition(context, f"arn:{context.partition}:logs:{region}:{context.account_id}:*"),
    }
