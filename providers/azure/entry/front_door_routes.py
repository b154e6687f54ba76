"""Which paths lead to which origin group, over HTTPS alone."""

import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.entry.origins import OriginGroup
from providers.azure.entry.routes import patterns
from providers.contract.component import Scope

HSTS = "max-age=31536000; includeSubDomains"
"""Browsers keep to HTTPS for a year."""


def create_headers(scope: Scope, context: AzureContext, profile: azure_native.cdn.Profile) -> azure_native.cdn.RuleSet:
    """The set of rules that tells browsers to keep to HTTPS."""
    cdn = azure_native.cdn
    rules = cdn.RuleSet(
        scope.named("headers"),
        resource_group_name=context.group,
        profile_name=profile.name,
        # letters and digits alone
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
    profile: azure_native.cdn.Profile,
    endpoint: azure_native.cdn.AFDEndpoint,
    service: str,
    group: OriginGroup,
    domain: azure_native.cdn.AFDCustomDomain | None,
    headers: azure_native.cdn.RuleSet | None,
) -> None:
    """The route of a public service: nothing is cached, so that answers stream."""
    cdn = azure_native.cdn
    cdn.Route(
        scope.named(service),
        resource_group_name=context.group,
        profile_name=profile.name,
        endpoint_name=endpoint.name,
        # fixed, because the questions to the logs name it
        route_name=service,
        enabled_state="Enabled",
        origin_group=cdn.ResourceReferenceArgs(id=group.id),
        patterns_to_match=patterns(context.spec.services[service].path or "/"),
        # the redirect works only where both are served
        supported_protocols=["Http", "Https"],
        https_redirect="Enabled",
        forwarding_protocol="HttpsOnly",
        link_to_default_domain="Disabled" if domain else "Enabled",
        custom_domains=[cdn.ActivatedResourceReferenceArgs(id=domain.id)] if domain else None,
        rule_sets=[cdn.ResourceReferenceArgs(id=headers.id)] if headers else None,
        # a route names the group alone, and is refused while that is empty
        opts=scope.opts(depends_on=group.origins, delete_before_replace=True),
    )
