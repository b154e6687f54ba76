"""Calls between services: Service Connect, a proxy in each task that finds the callee's copies and balances over them.

Only services that call or are called join. A callee publishes its port under its own name; a caller joins the namespace
and publishes nothing. Who may reach whom is decided by the security groups, not here.
"""

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.cluster import Cluster, namespace_arn
from providers.aws.compute.containers import log_options
from providers.aws.compute.start_order import connected

PROXY_STREAM = "proxy"
NO_LIMIT = 0


def service_connect(
    base: AwsBaseResources, cluster: Cluster, name: str, log_group: pulumi.Output[str]
) -> aws.ecs.ServiceServiceConnectConfigurationArgs | None:
    """How a service joins the namespace; None for one that neither calls nor is called."""
    if not connected(base.spec, name):
        return None
    return aws.ecs.ServiceServiceConnectConfigurationArgs(
        enabled=True,
        namespace=namespace_arn(cluster),
        services=[_published(base, name)] if base.spec.callers_of(name) else None,
        log_configuration=aws.ecs.ServiceServiceConnectConfigurationLogConfigurationArgs(
            log_driver="awslogs", options=log_options(base, PROXY_STREAM, log_group)
        ),
        access_log_configuration=aws.ecs.ServiceServiceConnectConfigurationAccessLogConfigurationArgs(format="JSON"),
    )


def _published(base: AwsBaseResources, name: str) -> aws.ecs.ServiceServiceConnectConfigurationServiceArgs:
    port = base.spec.services[name].port or 0
    return aws.ecs.ServiceServiceConnectConfigurationServiceArgs(
        port_name=name,
        discovery_name=name,
        client_alias=[aws.ecs.ServiceServiceConnectConfigurationServiceClientAliasArgs(port=port, dns_name=name)],
        timeout=aws.ecs.ServiceServiceConnectConfigurationServiceTimeoutArgs(
            # the proxy ends a request after 15 seconds unless told otherwise, in the middle of an agent's answer
            per_request_timeout_seconds=NO_LIMIT,
            idle_timeout_seconds=base.spec.ingress.idle_timeout_seconds,
        ),
    )
