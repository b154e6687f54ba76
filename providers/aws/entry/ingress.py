"""Ingress of the region: an application load balancer, its certificate, listeners and routes by path.

TLS ends at the load balancer; requests continue as HTTP inside the VPC, from the load balancer's security group to the
service's only. The listener answers 404 to paths without a route, and to closed paths. Without a domain there
is no certificate, so outside production (or with that risk accepted) the HTTP listener routes requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, source_condition
from providers.aws.base.resources import AwsBaseResources
from providers.aws.context import AwsContext
from providers.aws.entry.authentication import guarded_actions
from providers.aws.entry.certificate import create_certificate
from providers.aws.entry.routes import (
    SERVICE_HEADER,
    OpenRule,
    accepts_smoke_tests,
    closing_rules,
    deregistration_delay_seconds,
    open_rules,
    patterns,
    priority,
    smoke_paths,
    smoke_priority,
    weights,
)
from providers.aws.naming import load_balancer_name, target_group_name
from providers.aws.storage.bucket import ObjectLifecycle, SecureBucket, secure_bucket
from providers.contract.closed_paths import Routes
from providers.contract.component import Scope
from providers.contract.naming import next_part
from providers.contract.results import Origin
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import Health, Service

ACCESS_LOGS = "access"
CONNECTION_LOGS = "connection"
"""Prefixes in the log bucket."""
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.2 and 1.3 with post-quantum key exchange; the default of a listener is a policy of 2016."""
HSTS = "max-age=31536000; includeSubDomains"
"""Browsers use HTTPS only for a year."""
STICKY_SECONDS = 86_400
WeightedGroup = tuple[aws.lb.TargetGroup, int]


@dataclass(frozen=True)
class AwsOrigin(Origin):
    """Load balancer as an origin: `arn` for the web ACL, `zone_id` (its hosted zone) for alias records."""

    arn: pulumi.Output[str]
    zone_id: pulumi.Output[str]
    domain_zone_id: pulumi.Output[str] | None
    """Hosted zone of the domain; None without a domain."""
    telemetry_key: pulumi.Output[str]
    """Key of the region's logs, for the log of the web ACL."""
    ready: tuple[pulumi.Resource, ...] = ()
    """Database and services behind it, for which a record waits that a failover moves; empty without a standby region."""
    provider: pulumi.ProviderResource | None = None
    """Provider of the standby region; None in the home region, whose provider the entry has."""


@dataclass(frozen=True)
class AwsIngress:
    """Load balancer and, by public service, its target group and the listener rules that the service depends on.

    A service whose rollout has steps has another target group for its new revision. It is part of the rule all the time, so
    alarms can name it, and a rollout changes weights only.
    """

    origin: AwsOrigin
    arn_suffix: pulumi.Output[str]
    target_groups: Mapping[str, aws.lb.TargetGroup]
    next_groups: Mapping[str, aws.lb.TargetGroup]
    routes: Mapping[str, tuple[pulumi.Resource, ...]]
    smoke_rules: Mapping[str, aws.lb.ListenerRule]
    """Rules that send smoke tests to a new revision before its first step."""


def create_ingress(scope: Scope, base: AwsBaseResources, positions: Mapping[str, RolloutPosition]) -> AwsIngress | None:
    """Declare the application load balancer of the region; None when no service has a path."""
    public = base.spec.public
    if not public:
        return None
    balancer = create_load_balancer(scope, base)
    listener, domain_zone_id = create_listener(scope, base, balancer)
    closed = {path: close_path(scope, name, path, listener) for path, name in closing_rules(base.spec).items()}
    groups = {name: create_target_group(scope, base, name, service) for name, service in public.items()}
    added = {
        name: create_target_group(scope, base, next_part(name), service)
        for name, service in public.items()
        if service.rollout.in_steps
    }
    owners = Routes(base.spec)
    routes = {
        name: (
            *_routes(scope, base.context, name, listener, _split(groups[name], added.get(name), positions.get(name))),
            *(rule for path, rule in closed.items() if owners.service_at(path) == name),
        )
        for name, service in public.items()
    }
    smoke_rules = {
        name: _smoke_rule(scope, base, name, listener, added[name])
        for name in smoke_paths(base.spec)
        if accepts_smoke_tests(positions.get(name))
    }
    origin = AwsOrigin(
        host=balancer.dns_name,
        arn=balancer.arn,
        zone_id=balancer.zone_id,
        domain_zone_id=domain_zone_id,
        telemetry_key=base.keys.telemetry,
        provider=scope.providers[-1] if base.received else None,
    )
    return AwsIngress(origin, balancer.arn_suffix, groups, added, routes, smoke_rules)


def create_load_balancer(scope: Scope, base: AwsBaseResources) -> aws.lb.LoadBalancer:
    """Load balancer in the public subnets, with deletion protection in production."""
    context, network = base.context, base.network
    logs = _log_bucket(scope, context)
    return aws.lb.LoadBalancer(
        scope.named(),
        name=load_balancer_name(context.stack),
        load_balancer_type="application",
        internal=False,
        subnets=network.public_subnet_ids,
        security_groups=[network.groups.load_balancer.id],
        drop_invalid_header_fields=True,
        desync_mitigation_mode="defensive",
        enable_deletion_protection=context.production,
        enable_zonal_shift=True,
        idle_timeout=context.spec.ingress.idle_timeout_seconds,
        access_logs=aws.lb.LoadBalancerAccessLogsArgs(bucket=logs.name, prefix=ACCESS_LOGS, enabled=True),
        connection_logs=aws.lb.LoadBalancerConnectionLogsArgs(bucket=logs.name, prefix=CONNECTION_LOGS, enabled=True),
        # the load balancer writes a test object when logs are enabled, which the bucket's policy must allow
        opts=scope.opts(depends_on=[logs.policy], replacement_trigger=network.trigger(base.spec)),
    )


def _log_bucket(scope: Scope, context: AwsContext) -> SecureBucket:
    def deliveries(bucket_arn: pulumi.Output[str]) -> Sequence[Statement]:
        return [_delivery(context, bucket_arn, prefix) for prefix in (ACCESS_LOGS, CONNECTION_LOGS)]

    return secure_bucket(
        scope,
        "logs",
        # log delivery cannot write to a bucket with a KMS key: ELB user guide, "Access logs", bucket requirements
        encryption_key=None,
        # the load balancer writes to it at once, and S3 refuses to delete a bucket that contains objects
        lifecycle=ObjectLifecycle(
            versioning=True,
            expire_days=context.spec.monitoring.log_retention_days,
            disposable=not context.production,
        ),
        statements=deliveries,
    )


def _delivery(context: AwsContext, bucket_arn: pulumi.Output[str], prefix: str) -> Statement:
    """Permission of the log delivery service to write this account's load balancer logs under `prefix`."""
    return {
        "Sid": f"Deliver{prefix.capitalize()}Logs",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(bucket_arn, f"/{prefix}/AWSLogs/{context.account_id}/*"),
        "Condition": source_condition(context, context.arn("elasticloadbalancing", "loadbalancer/*")),
    }


def create_listener(
    scope: Scope, base: AwsBaseResources, balancer: aws.lb.LoadBalancer
) -> tuple[aws.lb.Listener, pulumi.Output[str] | None]:
    """Listener for the routes, and the hosted zone of the domain if there is one."""
    ingress = base.spec.ingress
    if ingress.domain is None or ingress.zone is None:
        return _plain(scope, balancer, [_not_found()]), None
    proven = base.received is not None
    zone_id, certificate_arn = create_certificate(scope, base.context, ingress.domain, ingress.zone, proven=proven)
    _plain(scope, balancer, [_to_https()])
    listener = aws.lb.Listener(
        scope.named("https"),
        load_balancer_arn=balancer.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy=TLS_POLICY,
        certificate_arn=certificate_arn,
        default_actions=[_not_found()],
        routing_http_response_strict_transport_security_header_value=HSTS,
        routing_http_response_server_enabled=False,
        opts=scope.opts(),
    )
    return listener, zone_id


def _plain(
    scope: Scope, balancer: aws.lb.LoadBalancer, actions: list[aws.lb.ListenerDefaultActionArgs]
) -> aws.lb.Listener:
    return aws.lb.Listener(
        scope.named("http"),
        load_balancer_arn=balancer.arn,
        port=80,
        protocol="HTTP",
        default_actions=actions,
        routing_http_response_server_enabled=False,
        opts=scope.opts(),
    )


def _to_https() -> aws.lb.ListenerDefaultActionArgs:
    redirect = aws.lb.ListenerDefaultActionRedirectArgs(protocol="HTTPS", port="443", status_code="HTTP_301")
    return aws.lb.ListenerDefaultActionArgs(type="redirect", redirect=redirect)


def _not_found() -> aws.lb.ListenerDefaultActionArgs:
    answer = aws.lb.ListenerDefaultActionFixedResponseArgs(
        content_type="text/plain", message_body="not found", status_code="404"
    )
    return aws.lb.ListenerDefaultActionArgs(type="fixed-response", fixed_response=answer)


def create_target_group(scope: Scope, base: AwsBaseResources, name: str, service: Service) -> aws.lb.TargetGroup:
    """Target group of a service with a port, with the service's health settings."""
    return aws.lb.TargetGroup(
        scope.named(name),
        name=target_group_name(base.context.stack, name, service.port or 0),
        target_type="ip",
        port=service.port,
        protocol="HTTP",
        protocol_version="HTTP1",
        vpc_id=base.network.vpc_id,
        deregistration_delay=deregistration_delay_seconds(base.spec.ingress),
        # agents take seconds to minutes per request: the target with the fewest open requests is the least busy
        load_balancing_algorithm_type="least_outstanding_requests",
        health_check=_health_check(service.health),
        stickiness=_stickiness(service),
        opts=scope.opts(),
    )


def _routes(
    scope: Scope, context: AwsContext, name: str, listener: aws.lb.Listener, split: Sequence[WeightedGroup]
) -> list[aws.lb.ListenerRule]:
    """Listener rules that forward a service's path and all below it, by the weights of the target groups.

    Before a route that checks clients come the rules of what is open.
    """
    spec = context.spec
    service = spec.public[name]
    actions = guarded_actions(context, service, _forward(split))
    route = _path_rule(scope, f"{name}-route", service.path or "/", listener, actions)
    opened = {part: rule for part, rule in open_rules(spec).items() if rule.service == name}
    return [route, *(_open_rule(scope, part, rule, listener, _forward(split)) for part, rule in opened.items())]


def _open_rule(
    scope: Scope, part: str, rule: OpenRule, listener: aws.lb.Listener, forward: aws.lb.ListenerRuleActionArgs
) -> aws.lb.ListenerRule:
    path = aws.lb.ListenerRuleConditionPathPatternArgs(values=list(rule.patterns))
    conditions = [aws.lb.ListenerRuleConditionArgs(path_pattern=path)]
    if rule.method is not None:
        method = aws.lb.ListenerRuleConditionHttpRequestMethodArgs(values=[rule.method])
        conditions.append(aws.lb.ListenerRuleConditionArgs(http_request_method=method))
    return aws.lb.ListenerRule(
        scope.named(part),
        listener_arn=listener.arn,
        priority=rule.priority,
        conditions=conditions,
        actions=[forward],
        opts=scope.opts(),
    )


def _split(
    group: aws.lb.TargetGroup, added: aws.lb.TargetGroup | None, position: RolloutPosition | None
) -> Sequence[WeightedGroup]:
    """Target groups of a service with their weights: the one of the stable revision, and that of a new one with steps."""
    if added is None:
        return [(group, 1)]
    return list(zip((group, added), weights(position), strict=True))


def _forward(split: Sequence[WeightedGroup]) -> aws.lb.ListenerRuleActionArgs:
    targets = [aws.lb.ListenerRuleActionForwardTargetGroupArgs(arn=group.arn, weight=weight) for group, weight in split]
    forward = aws.lb.ListenerRuleActionForwardArgs(target_groups=targets)
    return aws.lb.ListenerRuleActionArgs(type="forward", forward=forward)


def _smoke_rule(
    scope: Scope, base: AwsBaseResources, name: str, listener: aws.lb.Listener, group: aws.lb.TargetGroup
) -> aws.lb.ListenerRule:
    """Listener rule that sends requests with the header of a smoke test, for its path alone, to the new revision."""
    header = aws.lb.ListenerRuleConditionHttpHeaderArgs(http_header_name=SERVICE_HEADER, values=[name])
    path = aws.lb.ListenerRuleConditionPathPatternArgs(values=[smoke_paths(base.spec)[name]])
    return aws.lb.ListenerRule(
        scope.named(f"{next_part(name)}-test"),
        listener_arn=listener.arn,
        priority=smoke_priority(base.spec, name),
        conditions=[
            aws.lb.ListenerRuleConditionArgs(http_header=header),
            aws.lb.ListenerRuleConditionArgs(path_pattern=path),
        ],
        actions=[_forward([(group, 1)])],
        opts=scope.opts(),
    )


def close_path(scope: Scope, name: str, path: str, listener: aws.lb.Listener) -> aws.lb.ListenerRule:
    """Listener rule that answers 404 to a path that services serve inside the VPC only; evaluated before its route."""
    answer = aws.lb.ListenerRuleActionFixedResponseArgs(
        content_type="text/plain", message_body="not found", status_code="404"
    )
    action = aws.lb.ListenerRuleActionArgs(type="fixed-response", fixed_response=answer)
    return _path_rule(scope, name, path, listener, [action])


def _path_rule(
    scope: Scope, name: str, path: str, listener: aws.lb.Listener, actions: list[aws.lb.ListenerRuleActionArgs]
) -> aws.lb.ListenerRule:
    """Listener rule for a path and all below it, with the priority of the path."""
    values = aws.lb.ListenerRuleConditionPathPatternArgs(values=list(patterns(path)))
    return aws.lb.ListenerRule(
        scope.named(name),
        listener_arn=listener.arn,
        priority=priority(path),
        conditions=[aws.lb.ListenerRuleConditionArgs(path_pattern=values)],
        actions=actions,
        opts=scope.opts(),
    )


def _health_check(health: Health) -> aws.lb.TargetGroupHealthCheckArgs:
    return aws.lb.TargetGroupHealthCheckArgs(
        enabled=True,
        path=health.path,
        protocol="HTTP",
        port="traffic-port",
        matcher="200",
        interval=health.interval_seconds,
        timeout=health.timeout_seconds,
        healthy_threshold=health.healthy_threshold,
        unhealthy_threshold=health.unhealthy_threshold,
    )


def _stickiness(service: Service) -> aws.lb.TargetGroupStickinessArgs:
    """Session affinity for Streamlit, which keeps sessions in the memory of one replica."""
    return aws.lb.TargetGroupStickinessArgs(
        type="lb_cookie", enabled=service.app == "streamlit", cookie_duration=STICKY_SECONDS
    )
