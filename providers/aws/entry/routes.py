"""Which path leads where, and in which order the load balancer asks. Pure.

A listener tries its rules by ascending priority (1 to 50000, unique), so the deeper of two nested paths needs the lower
number. Numbers counted from a sorted list would all shift when a service is added, and two rules cannot trade places
in one update (`PriorityInUse`). So a priority is made from the service's own path and nothing else: its depth picks a
band, a hash of the path the slot in it. Two paths that meet in one slot, one chance in ten thousand, are refused.
"""

from collections.abc import Iterator
from hashlib import sha256

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import Platform

DEPTHS = 5
"""Bands of priorities, one for each number of segments."""
SLOTS = 9_999
LAST = 50_000
"""Highest priority a listener takes: `/` catches what no other path does."""
PATTERN_CHARACTERS = 128
"""Length of a path pattern: Elastic Load Balancing, "Condition types for listener rules"."""


def segments(path: str) -> list[str]:
    """`["chat", "v2"]` for `/chat/v2/`; none for `/`."""
    return [segment for segment in path.split("/") if segment]


def patterns(path: str) -> tuple[str, ...]:
    """Path patterns of a prefix: itself and all below it, never a longer word (`/chat` is not `/chatter`)."""
    prefix = path.rstrip("/")
    return (prefix, f"{prefix}/*") if prefix else ("/*",)


def priority(path: str) -> int:
    """Priority of the rule of `path`, 1 to 50000, lower for deeper paths; ValueError for more than five segments."""
    depth = len(segments(path))
    if depth == 0:
        return LAST
    if depth > DEPTHS:
        raise ValueError(f"{path} has more than {DEPTHS} segments")
    slot = int.from_bytes(sha256(path.rstrip("/").encode()).digest()) % SLOTS
    return (DEPTHS - depth) * SLOTS + slot + 1


def ingress_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Paths that a listener rule cannot express or tell apart."""
    return [*_path_refusals(spec), *_slot_refusals(spec)]


def ingress_adjustments(spec: Platform) -> list[Adjustment]:
    """Where the entry counts or checks in AWS's own way: WAF's rate window."""
    if not spec.public:
        return []
    limit = spec.ingress.rate_limit_per_minute
    given = f"{limit} in any 60 seconds, counted every few seconds, so a burst passes before the block begins"
    return [legacy_adjustment("ingress.rate_limit_per_minute", limit, given)]


def _path_refusals(spec: Platform) -> Iterator[Diagnostic]:
    longest = PATTERN_CHARACTERS - len("/*")
    for name, service in spec.public.items():
        path = service.path or ""
        if len(segments(path)) > DEPTHS or len(path) > longest or not path.isascii():
            advice = f"a listener rule takes up to {DEPTHS} segments and {longest} ASCII characters; shorten the path"
            yield legacy_unsupported("aws", f"services.{name}.path", path, advice)


def _slot_refusals(spec: Platform) -> Iterator[Diagnostic]:
    taken: dict[int, str] = {}
    for name, service in spec.public.items():
        path = service.path or ""
        if len(segments(path)) > DEPTHS:
            continue
        other = taken.setdefault(priority(path), name)
        if other != name:
            advice = f"it falls on the same rule priority as the path of {other}; change one of the two by a letter"
            yield legacy_unsupported("aws", f"services.{name}.path", path, advice)
