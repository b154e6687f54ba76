"""Public entry: alias records of the domain, and a web ACL with a rate limit on each region's load balancer.

The web ACL is regional and associated with the load balancer, so it also applies to requests that use the load
balancer's own DNS name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, source_condition
from providers.aws.context import AwsContext
from providers.aws.entry.certificate import zone_provider
from providers.aws.entry.ingress import AwsOrigin
from providers.aws.entry.web_acl import web_acl_rules
from providers.aws.naming import waf_log_group, web_acl_metric
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope
from providers.contract.results import Entry, Origin

REDACTED_HEADERS = ("authorization", "cookie", "proxy-authorization", "x-api-key")


@dataclass(frozen=True)
class AwsEntry(Entry):
    """Entry, and the name of the web ACL's log group in each region."""

    request_logs: Mapping[str, pulumi.Output[str]]


def create_entry(scope: Scope, context: AwsContext, origins: Mapping[str, Origin]) -> Entry:
    """Declare the alias record of the domain and one web ACL per region's load balancer; `origins` by region.

    The record has the name and the provider of the home region, and points to the load balancer of the region that serves.
    """
    balancers = {region: origin for region, origin in origins.items() if isinstance(origin, AwsOrigin)}
    request_logs = {
        region: _protect(scope, replace(context, region=region), balancer) for region, balancer in balancers.items()
    }
    active = balancers.get(context.spec.active_region)
    if active is not None:
        _alias(scope, context, context.region, active)
    return AwsEntry(url=_url(context, active), request_logs=request_logs)


def _url(context: AwsContext, active: AwsOrigin | None) -> pulumi.Output[str]:
    if active is None:
        return pulumi.Output.from_input("")
    if context.spec.ingress.domain is not None:
        return pulumi.Output.from_input(f"https://{context.spec.ingress.domain}")
    return pulumi.Output.concat("http://", active.host)


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
        # a failover moves requests last, and no Output expresses that
        opts=scope.opts(depends_on=balancer.ready, provider=zone_provider(scope, context)),
    )


def _options(scope: Scope, balancer: AwsOrigin, *after: pulumi.Resource) -> pulumi.ResourceOptions:
    """Options with the provider of a load balancer's region."""
    if balancer.provider is None:
        return scope.opts(depends_on=after)
    return scope.opts(depends_on=after, provider=balancer.provider)


def _protect(scope: Scope, context: AwsContext, balancer: AwsOrigin) -> pulumi.Output[str]:
    """Declare the web ACL of a load balancer and return the name of its log group."""
    region = context.region
    acl = aws.wafv2.WebAcl(
        scope.named(f"{region}-acl"),
        scope="REGIONAL",
        default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
        rules=web_acl_rules(context.spec),
        visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
            cloudwatch_metrics_enabled=True, metric_name=web_acl_metric(context.stack), sampled_requests_enabled=True
        ),
        opts=_options(scope, balancer),
    )
    aws.wafv2.WebAclAssociation(
        scope.named(f"{region}-acl-on-balancer"),
        resource_arn=balancer.arn,
        web_acl_arn=acl.arn,
        opts=_options(scope, balancer),
    )
    return _record_requests(scope, context, balancer, acl)


def _record_requests(
    scope: Scope, context: AwsContext, balancer: AwsOrigin, acl: aws.wafv2.WebAcl
) -> pulumi.Output[str]:
    """Log of the web ACL, without query strings and headers that identify a caller."""
    region, name = context.region, waf_log_group(context.stack)
    log_group = create_log_group(scope, f"{region}-log", context, balancer.telemetry_key, name, balancer.provider)
    delivery = aws.cloudwatch.LogResourcePolicy(
        scope.named(f"{region}-log-delivery"),
        policy_name=name,
        policy_document=document(_delivery(context, log_group)),
        opts=_options(scope, balancer),
    )
    aws.wafv2.WebAclLoggingConfiguration(
        scope.named(f"{region}-acl-log"),
        resource_arn=acl.arn,
        log_destination_configs=[log_group.arn],
        redacted_fields=_redacted_fields(),
        # without the permission to deliver, WAF writes an account-wide policy that no stack removes
        opts=_options(scope, balancer, delivery),
    )
    return log_group.name


def _redacted_fields() -> list[aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs]:
    field = aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs
    header = aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs
    query = aws.wafv2.WebAclLoggingConfigurationRedactedFieldQueryStringArgs()
    return [*(field(single_header=header(name=name)) for name in REDACTED_HEADERS), field(query_string=query)]


def _delivery(context: AwsContext, log_group: aws.cloudwatch.LogGroup) -> Statement:
    """Permission of the log delivery service to write to the web ACL's log group for this account."""
    return {
        **allow(["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(log_group.arn, ":*")),
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Condition": source_condition(context, f"arn:{context.partition}:logs:{context.region}:{context.account_id}:*"),
    }
