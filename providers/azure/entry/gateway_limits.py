"""Sizes, timeouts and certificate of an Application Gateway, and the settings that it refuses or adjusts. Pure.

A path map matches a path or, with a trailing `/*`, every path below it, in the order of its rules. It has a default, so a
rule of the WAF blocks the paths that no service has.
"""

from collections.abc import Iterator
from math import ceil

from providers.azure.entry.limits import (
    MAX_VALUES,
    closed_path_adjustments,
    has_gateway,
    path_expressions,
    waf_reason,
)
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported
from providers.contract.spec import Platform

MAX_TIMEOUT_SECONDS = 240
"""Time without data after which Container Apps ends a request: Microsoft Learn, "Ingress in Azure Container Apps"."""
MIN_DRAIN_SECONDS = 30
"""Drain of Application Gateway without a setting: Microsoft Learn, "Application Gateway HTTP settings configuration"."""
MIN_IDLE_MINUTES = 4
"""Idle timeout of a connection at the public address, its lowest value."""
MIN_INSTANCES, MAX_INSTANCES = 2, 10
"""Instances of production and at most; one keeps 10 capacity units, each with 2500 open connections: Microsoft Learn,
"Understanding Pricing for Azure Application Gateway"."""
CONNECTIONS_PER_INSTANCE = 25_000
FIXED_USD_PER_HOUR, UNIT_USD_PER_HOUR, UNITS_PER_INSTANCE = 0.443, 0.0144, 10
"""Example prices of WAF_v2 in East US, the same page; `agent-platform cost` has the price of the location."""
HOURS_PER_MONTH = 730
BODY_INSPECTION_KIB = 128


def min_instances(spec: Platform) -> int:
    """Return the instances that always run: two where the platform spans zones, else none above what requests need."""
    return MIN_INSTANCES if spec.network.zones > 1 else 0


def request_timeout_seconds(spec: Platform) -> int:
    """Return the seconds that the gateway waits for the next part of a response."""
    return min(spec.ingress.idle_timeout_seconds, MAX_TIMEOUT_SECONDS)


def drain_seconds(spec: Platform) -> int:
    """Return the seconds that requests may take to end after a change of the gateway: at least the pause of a stream."""
    return max(spec.ingress.idle_timeout_seconds, MIN_DRAIN_SECONDS)


def idle_timeout_minutes(spec: Platform) -> int:
    """Return the idle timeout of connections at the public address, which is not shorter than that of requests."""
    return max(ceil(request_timeout_seconds(spec) / 60), MIN_IDLE_MINUTES)


def buffers_responses(spec: Platform) -> bool:
    """Return whether the gateway collects responses: one setting for all services, off while one may stream."""
    return all(service.streaming is False for service in spec.public.values())


def unrouted_expressions(spec: Platform) -> list[str]:
    """Return the expressions of all routed paths; none when a service has the root, to which every path belongs."""
    paths = [(service.path or "").rstrip("/") for service in spec.public.values()]
    return [] if "" in paths else path_expressions(paths)


def certificate_parts(spec: Platform) -> tuple[str, str, str] | None:
    """Return resource group, vault and name of the certificate."""
    if spec.ingress.certificate is None:
        return None
    group, vault, name = spec.ingress.certificate.azure.split("/")
    return group, vault, name


def gateway_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A domain without a certificate, a second region, a WAF that only counts, and more paths than a rule has values."""
    return list(_refusals(spec)) if has_gateway(spec) else []


def gateway_adjustments(spec: Platform) -> list[Adjustment]:
    """Place and cost of the gateway, certificate, limits, timeout and domain."""
    return list(_adjustments(spec)) if has_gateway(spec) else []


def _refusals(spec: Platform) -> Iterator[Diagnostic]:
    if spec.ingress.domain is not None and spec.ingress.certificate is None:
        problem = "missing; Application Gateway issues no certificate for ingress.domain"
        fix = (
            "put one into a Key Vault of the subscription (az keyvault certificate import) and set ingress.certificate.azure to "
            "<resource group>/<vault>/<certificate>"
        )
        yield Unsupported("azure", "ingress.certificate", problem, fix)
    if spec.recovery.mode == "warm":
        problem = (
            "an Application Gateway is in one location, so requests could not go to the standby region after a failover"
        )
        yield Unsupported("azure", "azure.entry", problem, "use front_door, or set recovery.mode to backup")
    waf = spec.ingress.waf_settings
    if waf is not None and waf.mode == "count":
        problem = "the mode of Application Gateway's policy applies to rate limit, closed paths and addresses as well"
        yield Unsupported(
            "azure", "ingress.waf.mode", problem, "use block, and list rules in ingress.waf.exclude_rules"
        )
    if len(unrouted_expressions(spec)) > MAX_VALUES:
        key = max(spec.public, key=lambda name: len(spec.public[name].path or ""))
        problem = f"the paths of the services need more than {MAX_VALUES} values of a WAF rule"
        yield ConfigError(f"services.{key}.path", problem, "use shorter paths, or give one service the path /")


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    yield _place(spec)
    if spec.ingress.certificate is not None:
        reason = (
            "its vault must use role-based access (az keyvault update --enable-rbac-authorization) and let trusted services of Azure "
            "through its firewall; the gateway gets the role Key Vault Secrets User on this certificate alone and takes a "
            "renewed one within four hours"
        )
        requested = spec.ingress.certificate.model_dump()
        yield Adjustment("ingress.certificate", requested, Effect.PARTIAL, reason)
    yield from closed_path_adjustments(spec)
    yield from _unbuffered(spec)
    yield from _rates(spec)
    yield from _timeout(spec)
    if spec.ingress.waf_settings is not None:
        reason = f"{waf_reason(spec)}; of a body the first {BODY_INSPECTION_KIB} KiB are inspected"
        yield Adjustment("ingress.waf", True, Effect.PARTIAL, reason)
    if spec.ingress.domain is None:
        reason = "no domain is set; requests are plain HTTP on a generated host name under cloudapp.azure.com"
        yield Adjustment("ingress.domain", None, Effect.ADJUSTED, reason)


def _place(spec: Platform) -> Adjustment:
    low = min_instances(spec)
    hourly = FIXED_USD_PER_HOUR + low * UNITS_PER_INSTANCE * UNIT_USD_PER_HOUR
    location = spec.azure.location if spec.azure else ""
    reason = (
        f"one Application Gateway in {location} with {low} to {MAX_INSTANCES} instances, for {MAX_INSTANCES * CONNECTIONS_PER_INSTANCE} "
        f"open connections; about {hourly * HOURS_PER_MONTH:.0f} USD a month before requests. On a stack with Front Door `up` creates "
        "the gateway, changes the record of the domain to it, and deletes Front Door last: clients that still have the old "
        "record, for 5 minutes, get errors, and the deletion must be allowed (docs/edge.md, Change of Azure's entry)"
    )
    return Adjustment("azure.entry", "gateway", Effect.PARTIAL, reason)


def _unbuffered(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.public.items():
        if service.streaming is False and not buffers_responses(spec):
            reason = "responses are forwarded as they arrive, since the buffer is one setting of the gateway and other services may stream"
            yield Adjustment(f"services.{name}.streaming", False, Effect.IGNORED, reason)


def _rates(spec: Platform) -> Iterator[Adjustment]:
    key, limit = spec.ingress.per_address_setting
    reason = (
        f"{limit} requests per minute and client address in a sliding window; Application Gateway answers 429 without a "
        "Retry-After header"
    )
    yield Adjustment(key, limit, Effect.PARTIAL, reason)


def _timeout(spec: Platform) -> Iterator[Adjustment]:
    requested, seconds = spec.ingress.idle_timeout_seconds, request_timeout_seconds(spec)
    if seconds != requested:
        reason = f"{seconds} s; Container Apps ends a request after {MAX_TIMEOUT_SECONDS} s without data"
        yield Adjustment("ingress.idle_timeout_seconds", requested, Effect.ADJUSTED, reason)
