"""Values that the logs of the entry show as asterisks: of the query, and of headers that identify a caller.

Microsoft Learn, "Azure Front Door access logs: scrub sensitive data" and "Web Application Firewall: sensitive data protection".
The access log of Front Door has no headers, and that of Application Gateway cannot be scrubbed.
"""

from collections.abc import Mapping

import pulumi_azure_native as azure_native

CREDENTIAL_HEADERS = ("Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key")
ANY, ONE = "EqualsAny", "Equals"
FIREWALL_FIELDS: tuple[tuple[str, str | None], ...] = (
    ("QueryStringArgNames", None),
    ("RequestCookieNames", None),
    *(("RequestHeaderNames", name) for name in CREDENTIAL_HEADERS),
)
"""Fields of Front Door's firewall log, each with a name or for all names."""
GATEWAY_NAMES: Mapping[str, str] = {"QueryStringArgNames": "RequestArgNames"}
"""Names of fields that differ in the firewall of Application Gateway."""


def profile_scrubbing() -> azure_native.cdn.ProfileLogScrubbingArgs:
    """Return the rule of Front Door's access log: every value of a query."""
    rule = azure_native.cdn.ProfileScrubbingRulesArgs(
        match_variable="QueryStringArgNames", selector_match_operator=ANY, state="Enabled"
    )
    return azure_native.cdn.ProfileLogScrubbingArgs(state="Enabled", scrubbing_rules=[rule])


def firewall_scrubbing() -> list[azure_native.frontdoor.WebApplicationFirewallScrubbingRulesArgs]:
    """Return the rules of Front Door's firewall log."""
    rule = azure_native.frontdoor.WebApplicationFirewallScrubbingRulesArgs
    return [
        rule(match_variable=field, selector=name, selector_match_operator=ONE if name else ANY, state="Enabled")
        for field, name in FIREWALL_FIELDS
    ]


def gateway_scrubbing() -> azure_native.network.PolicySettingsLogScrubbingArgs:
    """Return the rules of Application Gateway's firewall log."""
    rule = azure_native.network.WebApplicationFirewallScrubbingRulesArgs
    rules = [
        rule(
            match_variable=GATEWAY_NAMES.get(field, field),
            selector=name,
            selector_match_operator=ONE if name else ANY,
            state="Enabled",
        )
        for field, name in FIREWALL_FIELDS
    ]
    return azure_native.network.PolicySettingsLogScrubbingArgs(state="Enabled", scrubbing_rules=rules)
