"""Listener rules of the load balancer: path patterns and priorities. Pure.

A listener evaluates its rules by ascending priority (1 to 50000, unique), so the deeper of two nested paths needs the
lower number. Numbers from a sorted list would all shift when a service is added, and two rules cannot exchange
priorities in one update (`PriorityInUse`). The priority is therefore derived from the path only: its depth selects a
band, a hash of the path the slot in the band. Two paths of one slot, a chance of one in ten thousand, are refused.
"""

from collections.abc import Iterator
from hashlib import sha256

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, displayed
from providers.contract.spec import Platform

MAX_SEGMENTS = 5
"""Number of bands, one for each depth."""
SLOTS = 9_999
LAST_PRIORITY = 50_000
"""Highest priority number of a listener, for `/`, which matches what no other path does."""
PATTERN_CHARACTERS = 128
"""Maximum length of a path pattern: Elastic Load Balancing, "Condition types for listener rules"."""


def segments(path: str) -> list[str]:
    """Split a path: `["chat", "v2"]` for `/chat/v2/`; empty for `/`."""
    return [segment for segment in path.split("/") if segment]


def patterns(path: str) -> tuple[str, ...]:
    """Path patterns of a prefix: the path and all below it, but no longer word (`/chat` does not match `/chatter`)."""
    prefix = path.rstrip("/")
    return (prefix, f"{prefix}/*") if prefix else ("/*",)


def priority(path: str) -> int:
    """Priority of the rule of `path`, 1 to 50000, lower for deeper paths; raises ValueError above five segments."""
    depth = len(segments(path))
    if depth == 0:
        return LAST_PRIORITY
    if depth > MAX_SEGMENTS:
        raise ValueError(f"{path} has more than {MAX_SEGMENTS} segments")
    slot = int.from_bytes(sha256(path.rstrip("/").encode()).digest()) % SLOTS
    return (MAX_SEGMENTS - depth) * SLOTS + slot + 1


def ingress_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Paths that a listener rule cannot express or distinguish."""
    return [*_path_refusals(spec), *_slot_refusals(spec)]


def ingress_adjustments(spec: Platform) -> list[Adjustment]:
    """Rate limit of a public platform, which WAF evaluates over a sliding window."""
    if not spec.public:
        return []
    limit = spec.ingress.rate_limit_per_minute
    reason = (
        f"{limit} requests per 60 s and address, evaluated every few seconds; a burst can pass before blocking starts"
    )
    return [Adjustment("ingress.rate_limit_per_minute", requested=limit, effect=Effect.ADJUSTED, reason=reason)]


def _path_refusals(spec: Platform) -> Iterator[Diagnostic]:
    max_characters = PATTERN_CHARACTERS - len("/*")
    for name, service in spec.public.items():
        path = service.path or ""
        if len(segments(path)) > MAX_SEGMENTS or len(path) > max_characters or not path.isascii():
            yield Unsupported(
                "aws",
                f"services.{name}.path",
                problem=f"{displayed(path)} exceeds the limits of a listener rule",
                fix=f"use up to {MAX_SEGMENTS} segments and {max_characters} ASCII characters",
            )


def _slot_refusals(spec: Platform) -> Iterator[Diagnostic]:
    service_by_priority: dict[int, str] = {}
    for name, service in spec.public.items():
        path = service.path or ""
        if len(segments(path)) > MAX_SEGMENTS:
            continue
        other = service_by_priority.setdefault(priority(path), name)
        if other != name:
            yield Unsupported(
                "aws",
                f"services.{name}.path",
                problem=f"{displayed(path)} has the same rule priority as the path of {other}",
                fix="change one of the two paths",
            )
