"""Target groups of services, and the listener rules that route paths to them."""

import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.entry.routes import patterns, priority
from providers.aws.naming import target_group_name
from providers.contract.component import Scope
from providers.contract.spec import Health, Service

DEREGISTRATION_DELAY_SECONDS = 60
"""Seconds in which a deregistered task may finish requests; below the stop timeout of its container."""
STICKY_SECONDS = 86_400


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
        deregistration_delay=DEREGISTRATION_DELAY_SECONDS,
        # agents take seconds to minutes per request: the target with the fewest open requests is the least busy
        load_balancing_algorithm_type="least_outstanding_requests",
        health_check=_health_check(service.health),
        stickiness=_stickiness(service),
        opts=scope.opts(),
    )


def create_route(
    scope: Scope, name: str, service: Service, listener: aws.lb.Listener, group: aws.lb.TargetGroup
) -> aws.lb.ListenerRule:
    """Listener rule that forwards a service's path and all below it."""
    path = service.path or "/"
    target = aws.lb.ListenerRuleActionForwardTargetGroupArgs(arn=group.arn, weight=1)
    return aws.lb.ListenerRule(
        scope.named(f"{name}-route"),
        listener_arn=listener.arn,
        priority=priority(path),
        conditions=[
            aws.lb.ListenerRuleConditionArgs(
                path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=list(patterns(path)))
            )
        ],
        actions=[
            aws.lb.ListenerRuleActionArgs(
                type="forward", forward=aws.lb.ListenerRuleActionForwardArgs(target_groups=[target])
            )
        ],
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
