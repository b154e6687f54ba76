"""The region's way in: an application load balancer, its certificate, and routes by path.

TLS ends at the load balancer; behind it requests travel as HTTP inside the VPC, from the load balancer's security
group to the service's and no other way. What no route takes is answered 404 by the listener itself. Without a domain
there is no certificate, so outside production (or with that risk accepted) the plain listener serves directly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.entry.listeners import create_listener
from providers.aws.entry.load_balancer import create_load_balancer
from providers.aws.entry.target_groups import create_route, create_target_group
from providers.contract.component import Scope
from providers.contract.results import Origin


@dataclass(frozen=True)
class AwsOrigin(Origin):
    """`arn` is the load balancer's, for the web ACL; `zone_id` its hosted zone, for alias records."""

    arn: pulumi.Output[str]
    zone_id: pulumi.Output[str]
    domain_zone_id: pulumi.Output[str] | None
    """Hosted zone that holds the domain; None without a domain."""
    telemetry_key: pulumi.Output[str]
    """Key of the region's logs, for the web ACL's."""


@dataclass(frozen=True)
class AwsIngress:
    """The load balancer and, by public service, its target group and the listener rules services must wait for."""

    origin: AwsOrigin
    arn_suffix: pulumi.Output[str]
    target_groups: Mapping[str, aws.lb.TargetGroup]
    routes: Mapping[str, tuple[pulumi.Resource, ...]]


def create_ingress(scope: Scope, base: AwsBaseResources) -> AwsIngress | None:
    """The application load balancer of the region; None when no service has a path."""
    public = base.spec.public
    if not public:
        return None
    balancer = create_load_balancer(scope, base)
    listener, domain_zone_id = create_listener(scope, base, balancer)
    groups = {name: create_target_group(scope, base, name, service) for name, service in public.items()}
    routes = {name: (create_route(scope, name, service, listener, groups[name]),) for name, service in public.items()}
    origin = AwsOrigin(
        host=balancer.dns_name,
        arn=balancer.arn,
        zone_id=balancer.zone_id,
        domain_zone_id=domain_zone_id,
        telemetry_key=base.keys.telemetry,
    )
    return AwsIngress(origin, balancer.arn_suffix, groups, routes)
