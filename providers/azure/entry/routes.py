"""Which path leads where, who is let in, and how long Front Door waits: as Front Door counts. Pure.

A route matches its own path or, with a closing `/*`, all below it, and the longest wins by itself. Front Door does not
tell capitals apart in a path. What no route takes is answered 404.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_error,
    legacy_unsupported,
)
from providers.contract.spec import Platform

ANYWHERE = "0.0.0.0/0"
MOST_RANGES = 600
"""Addresses of one condition: Microsoft Learn, "Azure Front Door limits", WAF IP match values."""
LEAST_WAIT_SECONDS, MOST_WAIT_SECONDS = 16, 240
"""Bounds of a profile's origin response timeout: Microsoft Learn, "Azure Front Door limits"."""
LEAST_PROBE_SECONDS, MOST_PROBE_SECONDS = 5, 255
"""Bounds of an origin group's probe interval: Azure CDN API, `HealthProbeParameters`."""
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
"""Where Front Door can begin a private link: Microsoft Learn, "Secure your origin with Private Link in Azure Front Door
Premium", region availability."""
NEAREST_LINK = {
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
"""The place next to a location where no link can begin, as the same page asks for."""


def patterns(path: str) -> list[str]:
    """Patterns of a path prefix: itself and all below it, never a longer word (`/chat` is not `/chatter`)."""
    start = path.rstrip("/")
    return [start, f"{start}/*"] if start else ["/*"]


def open_to_all(spec: Platform) -> bool:
    """True when any client address may connect."""
    return ANYWHERE in spec.ingress.allowed_cidrs


def wait_seconds(spec: Platform) -> int:
    """Seconds that Front Door waits for the next byte of an answer."""
    return min(max(spec.ingress.idle_timeout_seconds, LEAST_WAIT_SECONDS), MOST_WAIT_SECONDS)


def probe_seconds(interval_seconds: int) -> int:
    """Seconds between two probes of an origin."""
    return min(max(interval_seconds, LEAST_PROBE_SECONDS), MOST_PROBE_SECONDS)


def link_location(location: str) -> str:
    """Where the private link to an environment begins: in its own location, or in the one next to it."""
    return location if location in LINK_LOCATIONS else NEAREST_LINK.get(location, "eastus2")


def record_name(domain: str, zone: str) -> str:
    """The domain as a name in its zone: `agents`, or `@` for the zone itself."""
    return domain.removesuffix(zone).removesuffix(".") or "@"


def proof_name(domain: str, zone: str) -> str:
    """Where the proof of ownership stands in the zone: `_dnsauth.agents`, or `_dnsauth`."""
    name = record_name(domain, zone)
    return "_dnsauth" if name == "@" else f"_dnsauth.{name}"


def entry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Paths that Front Door takes for one, and more addresses than a rule holds."""
    return [*_same_paths(spec), *_ranges(spec)]


def entry_adjustments(spec: Platform) -> list[Adjustment]:
    """Where the entry counts, waits or links in Azure's own way."""
    return list(_adjustments(spec)) if spec.public else []


def _same_paths(spec: Platform) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for name, service in spec.public.items():
        path = (service.path or "").rstrip("/").lower()
        if path in seen:
            advice = f"is the path of {seen[path]} too: Front Door tells no capitals apart; choose another"
            yield legacy_error(f"services.{name}.path", service.path, advice)
        seen[path] = name


def _ranges(spec: Platform) -> Iterator[Diagnostic]:
    ranges = list(spec.ingress.allowed_cidrs)
    if len(ranges) > MOST_RANGES and not open_to_all(spec):
        advice = f"a rule holds {MOST_RANGES} ranges and these are {len(ranges)}; join some of them"
        yield legacy_unsupported("azure", "ingress.allowed_cidrs", ranges, advice)


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    ingress, location = spec.ingress, spec.azure.location if spec.azure else ""
    limit = ingress.rate_limit_per_minute
    given = f"{limit} a minute at each edge server that an address reaches: Front Door counts at every one apart"
    yield legacy_adjustment("ingress.rate_limit_per_minute", limit, given)
    if wait_seconds(spec) != ingress.idle_timeout_seconds:
        given = f"{wait_seconds(spec)}: Front Door waits {LEAST_WAIT_SECONDS} to {MOST_WAIT_SECONDS} seconds for a byte"
        yield legacy_adjustment("ingress.idle_timeout_seconds", ingress.idle_timeout_seconds, given)
    if link_location(location) != location:
        given = f"{location}, with Front Door's private link from {link_location(location)}, the nearest it has one in"
        yield legacy_adjustment("azure.location", location, given)
    if ingress.domain is None:
        yield legacy_adjustment("ingress.domain", None, "a name under azurefd.net that Front Door makes")
