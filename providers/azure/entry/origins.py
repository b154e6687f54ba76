"""Where requests for one service go: a group with the app of each region behind a private link."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.entry.ingress import AzureOrigin
from providers.azure.entry.private_link import GROUP, MESSAGE
from providers.azure.entry.routes import link_location, probe_seconds
from providers.azure.ports import HTTPS_PORT
from providers.contract.component import Scope

SAMPLE_SIZE = 4
SUCCESSFUL_SAMPLES = 3
ADDED_LATENCY_MILLISECONDS = 50
"""Origins within so much of the quickest share the requests."""
WEIGHT = 1000
HTTP_PORT = 80


@dataclass(frozen=True)
class OriginGroup:
    """The group, and its origins, which a route needs to stand and does not name."""

    id: pulumi.Output[str]
    origins: list[azure_native.cdn.AFDOrigin]


def create_origin_group(
    scope: Scope,
    context: AzureContext,
    profile: azure_native.cdn.Profile,
    service: str,
    regions: Mapping[str, AzureOrigin],
) -> OriginGroup:
    """Group and origins of the public service `service`."""
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
            # frameworks of interfaces often answer 405 to HEAD
            probe_request_type=cdn.HealthProbeRequestType.GET,
            probe_interval_in_seconds=probe_seconds(health.interval_seconds),
        ),
        load_balancing_settings=cdn.LoadBalancingSettingsParametersArgs(
            sample_size=SAMPLE_SIZE,
            successful_samples_required=SUCCESSFUL_SAMPLES,
            additional_latency_in_milliseconds=ADDED_LATENCY_MILLISECONDS,
        ),
        opts=scope.opts(delete_before_replace=True),
    )
    places = enumerate(regions.items(), start=1)
    return OriginGroup(
        group.id, [_origin(scope, context, group, profile, service, place, region) for place, region in places]
    )


def _origin(
    scope: Scope,
    context: AzureContext,
    group: azure_native.cdn.AFDOriginGroup,
    profile: azure_native.cdn.Profile,
    service: str,
    priority: int,
    region: tuple[str, AzureOrigin],
) -> azure_native.cdn.AFDOrigin:
    location, origin = region
    host = origin.hosts[service]
    return azure_native.cdn.AFDOrigin(
        scope.named(f"{service}-{location}"),
        resource_group_name=context.group,
        profile_name=profile.name,
        origin_group_name=group.name,
        origin_name=location,
        enabled_state="Enabled",
        host_name=host,
        # the environment tells its apps apart by this name
        origin_host_header=host,
        http_port=HTTP_PORT,
        https_port=HTTPS_PORT,
        # a private link is refused without it
        enforce_certificate_name_check=True,
        priority=priority,
        weight=WEIGHT,
        shared_private_link_resource=azure_native.cdn.SharedPrivateLinkResourcePropertiesArgs(
            private_link=azure_native.cdn.ResourceReferenceArgs(id=origin.environment_id),
            group_id=GROUP,
            private_link_location=link_location(location),
            request_message=MESSAGE,
        ),
        # its host name does not tell that the app stands
        opts=scope.opts(depends_on=[origin.apps[service]], delete_before_replace=True),
    )
