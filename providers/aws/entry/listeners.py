"""Listeners: HTTPS with a redirect from HTTP where there is a domain, plain HTTP where there is none."""

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.entry.certificate import create_certificate
from providers.contract.component import Scope

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.2 and 1.3 with post-quantum key exchange; the default of a listener is a policy of 2016."""
HSTS = "max-age=31536000; includeSubDomains"
"""Browsers keep to HTTPS for a year."""


def create_listener(
    scope: Scope, base: AwsBaseResources, balancer: aws.lb.LoadBalancer
) -> tuple[aws.lb.Listener, pulumi.Output[str] | None]:
    """The listener that routes hang on, and the hosted zone of the domain where there is one."""
    ingress = base.spec.ingress
    if ingress.domain is None or ingress.zone is None:
        return _plain(scope, balancer, [_not_found()]), None
    zone_id, certificate_arn = create_certificate(scope, ingress.domain, ingress.zone)
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
