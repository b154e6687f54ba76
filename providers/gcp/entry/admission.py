"""Who may connect, how often, and how long a connection lasts, as the load balancer counts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, legacy_adjustment
from providers.contract.spec import Platform

ANYWHERE = "0.0.0.0/0"
RANGES_A_RULE = 10
"""Source ranges of one rule: Cloud Armor, "Quotas and limits"."""
LEAST_IDLE_SECONDS, MOST_IDLE_SECONDS = 5, 1200
"""Bounds of `httpKeepAliveTimeoutSec`: target HTTPS proxies API."""
LONGEST_REQUEST_SECONDS = 3600
"""The longest that Cloud Run lets a request take: "Set request timeout for services"."""


def open_to_all(spec: Platform) -> bool:
    """True when any client address may connect."""
    return ANYWHERE in spec.ingress.allowed_cidrs


def admitted(spec: Platform) -> list[list[str]]:
    """Source ranges that may connect, in as many groups as rules are needed; `*` for everybody."""
    if open_to_all(spec):
        return [["*"]]
    ranges = list(spec.ingress.allowed_cidrs)
    return [ranges[start : start + RANGES_A_RULE] for start in range(0, len(ranges), RANGES_A_RULE)]


def idle_seconds(spec: Platform) -> int:
    """Seconds that a client's connection stays open between two requests."""
    return min(max(spec.ingress.idle_timeout_seconds, LEAST_IDLE_SECONDS), MOST_IDLE_SECONDS)


def entry_adjustments(spec: Platform) -> list[Adjustment]:
    """Where the entry counts, waits or watches in Google's own way."""
    return list(_adjustments(spec)) if spec.public else []


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    ingress = spec.ingress
    limit = ingress.rate_limit_per_minute
    given = f"{limit} in 60 seconds to each routed service: Cloud Armor counts for every backend apart"
    yield legacy_adjustment("ingress.rate_limit_per_minute", limit, given)
    given = (
        f"{idle_seconds(spec)} seconds between two requests of a connection; within a request no pause is too long, "
        f"and Cloud Run ends it after {LONGEST_REQUEST_SECONDS} seconds in all"
    )
    yield legacy_adjustment("ingress.idle_timeout_seconds", ingress.idle_timeout_seconds, given)
    if not open_to_all(spec):
        given = "the same, and no uptime check: Google's checkers call from addresses outside them"
        yield legacy_adjustment("ingress.allowed_cidrs", list(ingress.allowed_cidrs), given)
    if ingress.domain is None:
        given = "the load balancer's address over plain HTTP: Google gives it no name, and a certificate needs one"
        yield legacy_adjustment("ingress.domain", None, given)
