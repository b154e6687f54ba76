"""Public name, admission and protection: Front Door Premium over private links.

Requests are taken near the client, inspected there, and carried over Microsoft's own network to the environment of the
nearest region that stands. Each public service has a route, an origin group and in it one origin a region; the routes
stay as they are when a second region adds origins. The link to an environment must be approved once: see
`providers/azure/entry/private_link.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import GLOBAL, AzureContext
from providers.azure.entry.domain import create_domain, point_to
from providers.azure.entry.firewall import create_firewall, protect
from providers.azure.entry.front_door_routes import create_headers, create_route
from providers.azure.entry.ingress import AzureOrigin
from providers.azure.entry.origins import create_origin_group
from providers.azure.entry.routes import wait_seconds
from providers.azure.naming import profile_name
from providers.azure.observability.diagnostics import send_to_logs
from providers.contract.component import Scope
from providers.contract.results import Entry, Origin

SKU = "Premium_AzureFrontDoor"
"""The only tier with private links and managed rules."""


@dataclass(frozen=True)
class AzureEntry(Entry):
    """`profile_id` names Front Door in metrics."""

    profile_id: pulumi.Output[str]


def create_entry(scope: Scope, context: AzureContext, origins: Mapping[str, Origin]) -> Entry:
    """Front Door over the regions' environments; `origins` by region are `AzureOrigin`s."""
    regions = {region: origin for region, origin in origins.items() if isinstance(origin, AzureOrigin)}
    profile = _profile(scope, context)
    for region, origin in regions.items():
        send_to_logs(scope, origin.logs, f"diagnostics-{region}", profile.id)
    endpoint = _endpoint(scope, context, profile)
    domain = create_domain(scope, context, profile) if context.spec.ingress.domain else None
    headers = create_headers(scope, context, profile) if domain else None
    for name in context.spec.public:
        group = create_origin_group(scope, context, profile, name, regions)
        create_route(scope, context, profile, endpoint, name, group, domain, headers)
    firewall = create_firewall(scope, context, SKU)
    protect(scope, context, profile, firewall, [endpoint.id, *([domain.id] if domain else [])])
    if domain is None:
        return AzureEntry(url=pulumi.Output.concat("https://", endpoint.host_name), profile_id=profile.id)
    point_to(scope, context, endpoint)
    return AzureEntry(url=pulumi.Output.from_input(f"https://{context.spec.ingress.domain}"), profile_id=profile.id)


def _profile(scope: Scope, context: AzureContext) -> azure_native.cdn.Profile:
    return azure_native.cdn.Profile(
        scope.named(),
        resource_group_name=context.group,
        # fixed, because the questions to the logs name it
        profile_name=profile_name(context.stack),
        location=GLOBAL,
        sku=azure_native.cdn.SkuArgs(name=SKU),
        origin_response_timeout_seconds=wait_seconds(context.spec),
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True, protect=context.production),
    )


def _endpoint(scope: Scope, context: AzureContext, profile: azure_native.cdn.Profile) -> azure_native.cdn.AFDEndpoint:
    return azure_native.cdn.AFDEndpoint(
        scope.named("endpoint"),
        resource_group_name=context.group,
        profile_name=profile.name,
        location=GLOBAL,
        enabled_state="Enabled",
        auto_generated_domain_name_label_scope="TenantReuse",
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
