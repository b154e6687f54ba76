"""Routes of Front Door over HTTPS, and the origin groups that they forward to.

The origin group of a service has the app of each region as an origin behind a private link. That of a region that does not
serve is disabled: its database is read-only, and Front Door must not choose it by its own probes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.entry.limits import (
    LINK_MESSAGE,
    LINK_SUBRESOURCE,
    link_location,
    path_patterns,
    probe_interval_seconds,
)
from providers.azure.network.flows import HTTPS_PORT
from providers.azure.workloads import AzureOrigin
from providers.contract.component import Scope

SAMPLE_SIZE = 4
SUCCESSFUL_SAMPLES = 3
ADDED_LATENCY_MILLISECONDS = 50
"""Origins within this latency of the fastest one share the requests."""
WEIGHT = 1000
HTTP_PORT = 80
HSTS = "max-age=31536000; includeSubDomains"
"""Browsers use HTTPS only, for a year."""

Profile = azure_native.cdn.Profile


@dataclass(frozen=True)
class OriginGroup:
    """Origin group, and its origins, which a route requires but does not refer to."""

    id: pulumi.Output[str]
    origins: list[azure_native.cdn.AFDOrigin]


def create_origin_group(
    scope: Scope, context: AzureContext, profile: Profile, service: str, regions: Mapping[str, AzureOrigin]
) -> OriginGroup:
    """Declare the origin group and the origins of the public service `service`."""
    cdn, health = azure_native.cdn, context.spec.services[service].health
    group = cdn.AFDOriginGroup(
        scope.named(f"{service}-origins"),
        resource_group_name=context.group,
        profile_name=profile.name,
        origin_group_name=service,
        session_affinity_state="Disabled",
        health_probe_settings=cdn.HealthProbeParametersArgs(
            probe_path=health.path or "/",
            probe_protocol=cdn.ProbeProtocol.HTTPS,
            # several web frameworks answer HEAD with 405
            probe_request_type=cdn.HealthProbeRequestType.GET,
            probe_interval_in_seconds=probe_interval_seconds(health.interval_seconds),
        ),
        load_balancing_settings=cdn.LoadBalancingSettingsParametersArgs(
            sample_size=SAMPLE_SIZE,
            successful_samples_required=SUCCESSFUL_SAMPLES,
            additional_latency_in_milliseconds=ADDED_LATENCY_MILLISECONDS,
        ),
        opts=scope.opts(delete_before_replace=True),
    )
    origins = [
        _origin(scope, context, group, profile, service, location, origin) for location, origin in regions.items()
    ]
    return OriginGroup(group.id, origins)


def create_headers(scope: Scope, context: AzureContext, profile: Profile) -> azure_native.cdn.RuleSet:
    """Declare the rule set that adds the Strict-Transport-Security header."""
    cdn = azure_native.cdn
    rules = cdn.RuleSet(
        scope.named("headers"),
        resource_group_name=context.group,
        profile_name=profile.name,
        # letters and digits only
        rule_set_name="headers",
        opts=scope.opts(delete_before_replace=True),
    )
    header = cdn.HeaderActionParametersArgs(
        header_action="Overwrite",
        header_name="Strict-Transport-Security",
        value=HSTS,
        type_name="DeliveryRuleHeaderActionParameters",
    )
    cdn.Rule(
        scope.named("hsts"),
        resource_group_name=context.group,
        profile_name=profile.name,
        rule_set_name=rules.name,
        rule_name="hsts",
        order=1,
        actions=[cdn.DeliveryRuleResponseHeaderActionArgs(name="ModifyResponseHeader", parameters=header)],
        match_processing_behavior="Continue",
        opts=scope.opts(delete_before_replace=True),
    )
    return rules


def create_route(
    scope: Scope,
    context: AzureContext,
    profile: Profile,
    endpoint: azure_native.cdn.AFDEndpoint,
    service: str,
    group: OriginGroup,
    domain: azure_native.cdn.AFDCustomDomain | None,
    headers: azure_native.cdn.RuleSet | None,
) -> azure_native.cdn.Route:
    """Declare the route of a public service, without caching so that responses can stream."""
    cdn = azure_native.cdn
    return cdn.Route(
        scope.named(service),
        resource_group_name=context.group,
        profile_name=profile.name,
        endpoint_name=endpoint.name,
        # fixed, because log queries refer to it
        route_name=service,
        enabled_state="Enabled",
        origin_group=cdn.ResourceReferenceArgs(id=group.id),
        patterns_to_match=path_patterns(context.spec.services[service].path or "/"),
        # the redirect requires both protocols
        supported_protocols=["Http", "Https"],
        https_redirect="Enabled",
        forwarding_protocol="HttpsOnly",
        link_to_default_domain="Disabled" if domain else "Enabled",
        custom_domains=[cdn.ActivatedResourceReferenceArgs(id=domain.id)] if domain else None,
        rule_sets=[cdn.ResourceReferenceArgs(id=headers.id)] if headers else None,
        # a route refers to the group only, and the API rejects it while the group is empty
        opts=scope.opts(depends_on=group.origins, delete_before_replace=True),
    )


def _origin(
    scope: Scope,
    context: AzureContext,
    group: azure_native.cdn.AFDOriginGroup,
    profile: Profile,
    service: str,
    location: str,
    origin: AzureOrigin,
) -> azure_native.cdn.AFDOrigin:
    host, serves = origin.hosts[service], location == context.spec.active_region
    return azure_native.cdn.AFDOrigin(
        scope.named(f"{service}-{location}"),
        resource_group_name=context.group,
        profile_name=profile.name,
        origin_group_name=group.name,
        origin_name=location,
        enabled_state="Enabled" if serves else "Disabled",
        host_name=host,
        # the environment selects the app by this name
        origin_host_header=host,
        http_port=HTTP_PORT,
        https_port=HTTPS_PORT,
        # required for private links
        enforce_certificate_name_check=True,
        priority=1 if serves else 2,
        weight=WEIGHT,
        shared_private_link_resource=azure_native.cdn.SharedPrivateLinkResourcePropertiesArgs(
            private_link=azure_native.cdn.ResourceReferenceArgs(id=origin.environment_id),
            group_id=LINK_SUBRESOURCE,
            private_link_location=link_location(location),
            request_message=LINK_MESSAGE,
        ),
        # the host name does not imply that the app exists, nor that a failover has moved what it needs; while the region does
        # not serve, a dependency would keep the update of that region alone from leaving out the home region and its entry
        opts=scope.opts(depends_on=[origin.apps[service], *origin.ready] if serves else [], delete_before_replace=True),
    )
