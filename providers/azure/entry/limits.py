"""Paths and addresses of both entries, timeouts and private links of Front Door, and the settings that it refuses or adjusts. Pure.

A route matches its path or, with a trailing `/*`, every path below it; the longest match applies. Paths are
case-insensitive. Requests that match no route are answered with 404.

Front Door requests the private link to the environment when its first origin is created, under a generated name, and an
owner of the environment must approve it. No resource can: the connection exists before the program could declare it,
and the API rejects both its creation and the approval of an approved connection. So `agent-platform up` runs commands
after the update (`providers/azure/cli.py`), and the plan prints them for users who run the engine directly.
"""

from collections.abc import Iterable, Iterator

from providers.contract.closed_paths import closed_paths, expressions
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, listed
from providers.contract.prompts import prompt_expressions, prompt_paths
from providers.contract.spec import IngressSpec, Platform

ANY_ADDRESS = "0.0.0.0/0"
MAX_RANGES = 600
"""Ranges of one match condition: Microsoft Learn, "Azure Front Door limits", WAF IP match values."""
URI_EXPRESSION = "^(?:https?://[^/]+)?/+(?:{})(?:[/?]|$)"
MAX_VALUE_CHARACTERS, MAX_VALUES = 256, 10
"""Length and number of the values of a match condition on text, same page."""
MAX_RULES_OF_A_KIND = 5
"""Rules over closed paths, and over prompts; their priorities are reserved."""
MAX_EXPRESSIONS = MAX_RULES_OF_A_KIND * MAX_VALUES
MAX_PATH_LIMITS = 50
"""Limits of paths: a policy has up to 100 custom rules, same page."""
MIN_COUNTED_PER_MINUTE = 200
"""Requests per minute below which the count is not exact: Microsoft Learn, "Rate limiting for Azure Front Door WAF"."""
PROMPT_EXPRESSION = "^(?:https?://[^/]+)?/(?:{})(?:/[A-Za-z0-9_~-]+)*/?(?:[?][A-Za-z0-9_.~=&-]*)?$"
"""Path of prompts with plain segments below it, without a query or with one that has no character that attacks need."""
SCANNERS = ("sqlmap", "nikto", "masscan", "nuclei", "zgrab", "jndi:")
"""Parts of the user agents of scanners and exploits."""
RULE_GROUPS = {
    "911": "METHOD-ENFORCEMENT",
    "920": "PROTOCOL-ENFORCEMENT",
    "921": "PROTOCOL-ATTACK",
    "930": "LFI",
    "931": "RFI",
    "932": "RCE",
    "933": "PHP",
    "934": "NODEJS",
    "941": "XSS",
    "942": "SQLI",
    "943": "FIX",
    "944": "JAVA",
    "99001": "MS-ThreatIntel-CVEs",
    "99005": "MS-ThreatIntel-WebShells",
    "99030": "MS-ThreatIntel-AppSec",
    "99031": "MS-ThreatIntel-SQLI",
}
"""Groups of the default rule set by the first digits of a rule: Microsoft Learn, "DRS rule groups and rules"."""
MIN_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS = 16, 240
"""Bounds of a profile's origin response timeout: Microsoft Learn, "Azure Front Door limits"."""
MIN_PROBE_SECONDS, MAX_PROBE_SECONDS = 5, 255
"""Bounds of an origin group's probe interval: Azure CDN API, `HealthProbeParameters`."""

PROMPT_ARGUMENTS = ("message", "messages", "prompt", "input")
"""Body fields in which the agents' APIs accept text."""

LINK_SUBRESOURCE = "managedEnvironments"
LINK_MESSAGE = "agent-platform asks for the environment"
"""Identifies the platform's pending connection; a changed message would not match existing connections."""
APPROVAL_MESSAGE = "agent-platform"
PENDING, APPROVED = "Pending", "Approved"
LINK_LOCATIONS = frozenset(
    [
        "australiaeast",
        "brazilsouth",
        "canadacentral",
        "centralindia",
        "centralus",
        "eastasia",
        "eastus",
        "eastus2",
        "francecentral",
        "germanywestcentral",
        "japaneast",
        "koreacentral",
        "northeurope",
        "norwayeast",
        "southafricanorth",
        "southcentralus",
        "southeastasia",
        "swedencentral",
        "uaenorth",
        "uksouth",
        "westeurope",
        "westus3",
    ]
)
"""Locations with private links of Front Door: Microsoft Learn, "Secure your origin with Private Link in Azure Front Door
Premium", region availability."""
NEAREST_LINK_LOCATION = {
    "australiacentral": "australiaeast", "australiacentral2": "australiaeast", "australiasoutheast": "australiaeast",
    "austriaeast": "germanywestcentral", "belgiumcentral": "westeurope", "brazilsoutheast": "brazilsouth",
    "canadaeast": "canadacentral", "chilecentral": "brazilsouth", "denmarkeast": "norwayeast",
    "francesouth": "francecentral", "germanynorth": "germanywestcentral", "indiasouthcentral": "centralindia",
    "indonesiacentral": "southeastasia", "israelcentral": "uaenorth", "italynorth": "francecentral",
    "japanwest": "japaneast", "koreasouth": "koreacentral", "malaysiawest": "southeastasia",
    "mexicocentral": "southcentralus", "newzealandnorth": "australiaeast", "northcentralus": "centralus",
    "norwaywest": "norwayeast", "polandcentral": "swedencentral", "qatarcentral": "uaenorth",
    "southafricawest": "southafricanorth", "southindia": "centralindia", "spaincentral": "francecentral",
    "switzerlandnorth": "germanywestcentral", "switzerlandwest": "francecentral", "uaecentral": "uaenorth",
    "ukwest": "uksouth", "westcentralus": "centralus", "westindia": "centralindia", "westus": "westus3",
    "westus2": "westus3",
}  # fmt: skip
"""Nearest location with private links, which the same page recommends."""


LINK_USD_PER_HOUR = 0.10
HOURS_PER_MONTH = 730
"""Microsoft Learn, "Billing in Azure Container Apps": private endpoints are charged on the Consumption plan as well."""


def has_gateway(spec: Platform) -> bool:
    """True when the entry is an Application Gateway."""
    return spec.azure is not None and spec.azure.entry == "gateway" and bool(spec.public)


def entry_brand(spec: Platform) -> str:
    """Name of the entry's service."""
    return "Application Gateway" if has_gateway(spec) else "Front Door"


def path_patterns(path: str) -> list[str]:
    """Return the patterns of a path prefix: itself and every path below it (`/chat` does not match `/chatter`)."""
    prefix = path.rstrip("/")
    return [prefix, f"{prefix}/*"] if prefix else ["/*"]


def path_expressions(paths: Iterable[str]) -> list[str]:
    """Return the regular expressions that match the decoded lower-case URI of paths and all below them.

    `RequestUri` is a path in Microsoft's examples of rules and a URL in its log, so both are matched. Front Door has no
    capturing groups: Microsoft Learn, "Custom rules for Web Application Firewall with Azure Front Door".
    """
    return list(expressions([path.lower() for path in paths], URI_EXPRESSION, MAX_VALUE_CHARACTERS))


def allows_any_address(spec: Platform) -> bool:
    """True when any client address may connect."""
    return ANY_ADDRESS in spec.ingress.allowed_cidrs


def response_timeout_seconds(spec: Platform) -> int:
    """Return the seconds that Front Door waits for the next byte of a response."""
    return min(max(spec.ingress.idle_timeout_seconds, MIN_TIMEOUT_SECONDS), MAX_TIMEOUT_SECONDS)


def probe_interval_seconds(interval_seconds: int) -> int:
    """Return the seconds between two probes of an origin."""
    return min(max(interval_seconds, MIN_PROBE_SECONDS), MAX_PROBE_SECONDS)


def link_location(location: str) -> str:
    """Return the location of the private link to an environment: the same one, or the nearest that has links."""
    return location if location in LINK_LOCATIONS else NEAREST_LINK_LOCATION.get(location, "eastus2")


def record_name(domain: str, zone: str) -> str:
    """Return the name of the domain in its zone: `agents`, or `@` for the apex."""
    return domain.removesuffix(zone).removesuffix(".") or "@"


def validation_record_name(domain: str, zone: str) -> str:
    """Return the name of the validation record in the zone: `_dnsauth.agents`, or `_dnsauth` for the apex."""
    name = record_name(domain, zone)
    return "_dnsauth" if name == "@" else f"_dnsauth.{name}"


def link_query(status: str) -> str:
    """Return the JMESPath query of the ids of an environment's connections in a state.

    A request is recognized by its message, so that no other one is approved; an approval changes the message.
    """
    state = "properties.privateLinkServiceConnectionState"
    message = f" && {state}.description=='{LINK_MESSAGE}'" if status == PENDING else ""
    return f"[?{state}.status=='{status}'{message}].id"


def approval_command(group: str) -> str:
    """Return the command that approves the private link, for the resource group of the stack."""
    environment = f"$(az containerapp env list --resource-group {group} --query '[0].id' --output tsv)"
    return (
        f'az network private-endpoint-connection list --id "{environment}" --query "{link_query(PENDING)}" --output tsv '
        f"| xargs -r -n1 az network private-endpoint-connection approve --description {APPROVAL_MESSAGE} --id"
    )


def entry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Paths that the entry does not distinguish, and more address ranges, closed paths or limits than rules accept."""
    return [
        *_refused_certificate(spec),
        *_duplicate_paths(spec),
        *_refused_ranges(spec),
        *_refused_closed_paths(spec),
        *_rate_refusals(spec),
        *_waf_refusals(spec),
    ]


def entry_adjustments(spec: Platform) -> list[Adjustment]:
    """Rate limit, timeout, location and domain of a platform with public services behind Front Door."""
    return list(_adjustments(spec)) if spec.public and not has_gateway(spec) else []


def private_link_adjustments(spec: Platform) -> list[Adjustment]:
    """Approval of the private link after the first update, and its cost."""
    if not spec.public or spec.azure is None or has_gateway(spec):
        return []
    group = f"<stack>-agents-{spec.azure.location}"
    name, service = next(iter(spec.public.items()))
    reason = (
        "Front Door reaches the environment by a private link, for which Container Apps charges Dedicated Plan Management "
        f"({LINK_USD_PER_HOUR:g} USD an hour, about {LINK_USD_PER_HOUR * HOURS_PER_MONTH:.0f} a month); it answers 503 until "
        "the link is approved, which agent-platform up does after the update with az; after pulumi up run: "
        f"{approval_command(group)}"
    )
    return [Adjustment(f"services.{name}.path", service.path, Effect.PARTIAL, reason)]


def _refused_certificate(spec: Platform) -> Iterator[Diagnostic]:
    if spec.ingress.certificate is not None and not has_gateway(spec):
        problem = "Front Door issues and renews the certificate of its domain itself"
        yield Unsupported("azure", "ingress.certificate", problem, fix="remove it, or set azure.entry to gateway")


def _duplicate_paths(spec: Platform) -> Iterator[Diagnostic]:
    service_by_path: dict[str, str] = {}
    for name, service in spec.public.items():
        path = (service.path or "").rstrip("/").lower()
        if path in service_by_path:
            problem = (
                f"clashes with services.{service_by_path[path]}.path: {entry_brand(spec)} paths are case-insensitive"
            )
            yield ConfigError(f"services.{name}.path", problem, fix="use another path")
        service_by_path[path] = name


def _refused_ranges(spec: Platform) -> Iterator[Diagnostic]:
    count = len(spec.ingress.allowed_cidrs)
    if count > MAX_RANGES and not allows_any_address(spec):
        problem = f"{count} ranges are above the maximum of a rule"
        yield Unsupported("azure", "ingress.allowed_cidrs", problem, fix=f"combine them to at most {MAX_RANGES}")


def _refused_closed_paths(spec: Platform) -> Iterator[Diagnostic]:
    closed = closed_paths(spec)
    values = path_expressions(each.path for each in closed)
    if len(values) > MAX_EXPRESSIONS or any(len(value) > MAX_VALUE_CHARACTERS for value in values):
        key = max(closed, key=lambda each: len(each.path)).key
        problem = f"the closed paths need more than {MAX_EXPRESSIONS} expressions of {MAX_VALUE_CHARACTERS} characters"
        yield Unsupported("azure", key, problem, fix="close fewer or shorter paths")


def closed_path_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Yield the status of closed paths, for both entries."""
    services = dict.fromkeys(each.service for each in closed_paths(spec))
    for name in services:
        requested = spec.services[name].closed_paths
        reason = f"answered with status 403 and not 404: a policy of {entry_brand(spec)} has one answer for all blocked requests"
        value = None if requested is None else list(requested)
        yield Adjustment(f"services.{name}.closed_paths", value, Effect.ADJUSTED, reason)


def _rate_refusals(spec: Platform) -> Iterator[Diagnostic]:
    limits = spec.ingress.rate_limit
    if limits.per_key is not None:
        problem = f"{entry_brand(spec)} counts by client address and not by a header"
        yield Unsupported(
            "azure", "ingress.rate_limit.per_key", problem, "remove it, and limit keys in the application"
        )
    if len(limits.paths) > MAX_PATH_LIMITS:
        problem = f"{len(limits.paths)} limits of paths are above {MAX_PATH_LIMITS}"
        yield Unsupported("azure", "ingress.rate_limit.paths", problem, "limit fewer or shorter paths")


def _rate_adjustments(ingress: IngressSpec) -> Iterator[Adjustment]:
    key, limit = ingress.per_address_setting
    leaks = f"; below {MIN_COUNTED_PER_MINUTE} a minute more requests pass" if limit < MIN_COUNTED_PER_MINUTE else ""
    reason = (
        f"{limit} requests per minute and client address at each edge server; Front Door counts on each separately, and "
        f"answers 429 without a Retry-After header{leaks}"
    )
    yield Adjustment(key, limit, Effect.PARTIAL, reason)
    if ingress.rate_limit.paths:
        requested = [each.model_dump() for each in ingress.rate_limit.paths]
        reason = f"counted at each edge server separately; limits below {MIN_COUNTED_PER_MINUTE} a minute let more requests pass"
        yield Adjustment("ingress.rate_limit.paths", requested, Effect.PARTIAL, reason)


def waf_reason(spec: Platform) -> str:
    """Return what the managed rules inspect, for both entries."""
    paths = prompt_paths(spec).paths
    if paths:
        return (
            f"POST requests to paths of prompts, {listed(paths, 'and')}, with a plain query pass without the managed and bot "
            "rules, because no exclusion reaches the rules on the raw body; other requests that Microsoft's rule sets take for "
            "attacks are answered 403"
        )
    return (
        "requests that Microsoft's rule sets take for attacks are answered 403; JSON and form fields named "
        f"{listed(PROMPT_ARGUMENTS)} are excluded, but rules on the raw body have no exclusions, so prompts with SQL, HTML "
        "or file paths may be blocked: name their paths in ingress.waf.prompts"
    )


def rule_group(rule: str) -> str | None:
    """Group of a managed rule by its number; None for a number that no group has."""
    return next((group for prefix, group in RULE_GROUPS.items() if rule.isdecimal() and rule.startswith(prefix)), None)


def _streams(spec: Platform) -> Iterator[Adjustment]:
    """Services that stream, or are known to, behind Front Door: Microsoft Learn, "WebSocket on Azure Front Door"."""
    for name, service in spec.public.items():
        if service.streams:
            reason = (
                "Microsoft does not list Server-Sent Events as supported by Front Door, so a response may arrive at its end, as a "
                "whole; azure.entry: gateway forwards each part as it arrives"
            )
            yield Adjustment(f"services.{name}.streaming", service.streaming, Effect.PARTIAL, reason)


def _waf_refusals(spec: Platform) -> Iterator[Diagnostic]:
    waf = spec.ingress.waf_settings
    for name in waf.exclude_rules if waf else ():
        if rule_group(name) is None:
            problem = f"{name} is not the number of a rule of Microsoft's default rule set"
            yield Unsupported("azure", "ingress.waf.exclude_rules", problem, "use a number such as 942110")
    if len(prompt_expressions(spec, PROMPT_EXPRESSION, MAX_VALUE_CHARACTERS)) > MAX_EXPRESSIONS:
        problem = (
            f"the paths of prompts need more than {MAX_EXPRESSIONS} expressions of {MAX_VALUE_CHARACTERS} characters"
        )
        yield Unsupported("azure", "ingress.waf.prompts", problem, "name fewer or shorter paths")


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    yield from closed_path_adjustments(spec)
    yield from _streams(spec)
    ingress, location = spec.ingress, spec.azure.location if spec.azure else ""
    yield from _rate_adjustments(ingress)
    timeout_seconds = response_timeout_seconds(spec)
    if timeout_seconds != ingress.idle_timeout_seconds:
        reason = f"{timeout_seconds} s; Front Door allows {MIN_TIMEOUT_SECONDS} to {MAX_TIMEOUT_SECONDS} s"
        yield Adjustment("ingress.idle_timeout_seconds", ingress.idle_timeout_seconds, Effect.ADJUSTED, reason)
    if link_location(location) != location:
        reason = (
            f"Front Door's private link is in {link_location(location)}, the nearest location that offers one; "
            f"everything else is in {location}"
        )
        yield Adjustment("azure.location", location, Effect.PARTIAL, reason)
    if ingress.waf_settings is not None:
        yield Adjustment("ingress.waf", True, Effect.PARTIAL, waf_reason(spec))
    if ingress.domain is None:
        reason = "no domain is set; Front Door serves HTTPS on a generated host name under azurefd.net"
        yield Adjustment("ingress.domain", None, Effect.ADJUSTED, reason)
