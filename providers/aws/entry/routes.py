"""Listener rules of the load balancer: path patterns and priorities. Pure.

A listener evaluates its rules by ascending priority (1 to 50000, unique), so the deeper of two nested paths needs the
lower number. Numbers from a sorted list would all shift when a service is added, and two rules cannot exchange
priorities in one update (`PriorityInUse`). The priority is therefore derived from the path only: its depth selects a
band, a hash of the path the slot in the band. Two paths of one slot, a chance of one in ten thousand, are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from providers.aws.entry.managed_rules import RULES
from providers.aws.entry.sign_in import sign_in_refusals
from providers.contract.authentication import guarded_services, public_patterns
from providers.contract.closed_paths import PLAIN_PATH, closed_paths, is_closed
from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    Effect,
    Unsupported,
    did_you_mean,
    displayed,
    listed,
)
from providers.contract.prompts import prompt_paths
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import IngressSpec, Platform

MAX_SEGMENTS = 5
"""Number of bands, one for each depth."""
SLOTS = 9_999
LAST_PRIORITY = 50_000
"""Highest priority number of a listener, for `/`, which matches what no other path does."""
MIN_DEREGISTRATION_DELAY_SECONDS = 60
MAX_RULES = 100
"""Rules of a load balancer without the default ones: Elastic Load Balancing, "Quotas for your Application Load Balancers"."""
PATTERN_CHARACTERS = 128
"""Maximum length of a path pattern: Elastic Load Balancing, "Condition types for listener rules"."""
MAX_CLOSED_PATH_CHARACTERS = 160
"""Length of a closed path, which is one alternative of a regular expression of the web ACL."""
PLAIN_PATTERN = re.compile(r"""/[A-Za-z0-9_.$/~"'@:+&-]{0,127}""")
"""Path pattern without wildcards, with the characters that the same page lists."""
SERVICE_HEADER = "x-rollout-service"
"""Header of a smoke test with the name of the service: the listener sends it to the new revision."""


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


@dataclass(frozen=True)
class OpenRule:
    """Rule of the listener that forwards requests of a guarded service without a check of the client."""

    service: str
    patterns: tuple[str, ...]
    priority: int
    method: str | None = None


def open_rules(spec: Platform) -> dict[str, OpenRule]:
    """Rules of public paths and of preflight requests (OPTIONS), which browsers send without a token, by logical name.

    The number of a preflight rule is that before its route, so that deeper paths of other services come first.
    """
    rules: dict[str, OpenRule] = {}
    for name, service in guarded_services(spec).items():
        path = service.path or "/"
        if not _has_rule(path):
            continue
        rules[f"{name}-preflight"] = OpenRule(name, patterns(path), priority(path) - 1, "OPTIONS")
        for public, below in public_patterns(service):
            if _has_rule(public):
                matched = patterns(public) if below else (public,)
                rules[f"{name}-public{public.replace('/', '-')}"] = OpenRule(name, matched, priority(public))
    return rules


def closing_rules(spec: Platform) -> dict[str, str]:
    """Paths that have a rule of the listener, with its logical name: `closed-metrics` for `/metrics`.

    The web ACL closes every path, in each spelling. A path without a rule is too deep or too long for one, or has the name or
    priority of another rule; a load balancer has a limited number of rules.
    """
    priorities = {priority(service.path or "/") for service in spec.public.values() if _has_rule(service.path or "/")}
    priorities |= {smoke_priority(spec, name) for name in smoke_paths(spec)}
    priorities |= {rule.priority for rule in open_rules(spec).values()}
    names: dict[str, str] = {}
    for path in (each.path for each in closed_paths(spec)):
        name = f"closed{path.replace('/', '-')}"
        if not segments(path) or not _has_rule(path) or name in names.values() or len(priorities) == MAX_RULES:
            continue
        if priority(path) not in priorities:
            priorities.add(priority(path))
            names[path] = name
    return names


def _has_rule(path: str) -> bool:
    return len(segments(path)) <= MAX_SEGMENTS and len(path) <= PATTERN_CHARACTERS - len("/*")


def weights(position: RolloutPosition | None) -> tuple[int, int]:
    """Weights of a service's stable target group and of the one of its new revision."""
    percent = 0 if position is None or position.phase == "held" else position.percent
    return 100 - percent, percent


def accepts_smoke_tests(position: RolloutPosition | None) -> bool:
    """True until the first step: afterwards the new revision has only its share, which its metrics measure."""
    return position is not None and position.phase == "stepping" and position.percent == 0


def smoke_paths(spec: Platform) -> dict[str, str]:
    """Path of the smoke test by service, without a query, which is no part of a path pattern."""
    tests = {name: service.rollout.smoke for name, service in spec.services_in_steps.items() if name in spec.public}
    return {name: smoke.path.partition("?")[0] for name, smoke in tests.items() if smoke is not None}


def smoke_priority(spec: Platform, service: str) -> int:
    """Priority of the rule of a smoke test, before that of every route."""
    return 1 + list(smoke_paths(spec)).index(service)


def deregistration_delay_seconds(ingress: IngressSpec) -> int:
    """Seconds in which a deregistered target may finish its requests: the idle timeout, so that no stream is cut.

    Elastic Load Balancing accepts 0 to 3600 seconds, which is also the maximum of the idle timeout.
    """
    return max(MIN_DEREGISTRATION_DELAY_SECONDS, ingress.idle_timeout_seconds)


def ingress_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Paths that a listener rule cannot express or distinguish."""
    return [
        *_path_refusals(spec),
        *_closed_path_refusals(spec),
        *_smoke_refusals(spec),
        *_slot_refusals(spec),
        *_public_path_refusals(spec),
        *sign_in_refusals(spec),
        *_excluded_rule_refusals(spec),
    ]


def ingress_adjustments(spec: Platform) -> list[Adjustment]:
    """Encryption, rate limit, inspection and logs of a public platform."""
    return list(_ingress_adjustments(spec)) if spec.public else []


def _ingress_adjustments(spec: Platform) -> Iterator[Adjustment]:
    ingress = spec.ingress
    if ingress.domain is None:
        reason = (
            "without a domain there is no certificate: requests and answers are sent as plain HTTP to the load balancer's "
            "own name; set ingress.domain for HTTPS"
        )
        yield Adjustment("ingress.domain", requested=None, effect=Effect.PARTIAL, reason=reason)
    key, limit = ingress.per_address_setting
    reason = (
        f"{limit} requests per 60 s and address, evaluated every few seconds; a burst can pass before blocking starts"
    )
    yield Adjustment(key, requested=limit, effect=Effect.ADJUSTED, reason=reason)
    if ingress.waf_settings is not None:
        paths = prompt_paths(spec).paths
        tuned = f", except on paths of prompts: {listed(paths, 'and')}" if paths else ""
        reason = (
            f"the managed rules inspect the first 8 KB of a body{tuned}; text with SQL, HTML, file paths or URLs can be answered "
            "with status 403 elsewhere, and ingress.waf.prompts names other paths"
        )
        yield Adjustment("ingress.waf", requested=True, effect=Effect.PARTIAL, reason=reason)
    auth = ingress.auth
    if auth is not None and auth.mode == "jwt" and guarded_services(spec):
        reason = "a token whose claim `aud` is a list is answered with status 401: the load balancer compares one text"
        yield Adjustment("ingress.auth.audience", requested=auth.audience, effect=Effect.PARTIAL, reason=reason)
    days = spec.monitoring.log_retention_days
    reason = (
        "the load balancer's access logs are encrypted with keys of S3 (AES256), not with the stack's key: log delivery "
        "supports no KMS key"
    )
    yield Adjustment("monitoring.log_retention_days", requested=days, effect=Effect.PARTIAL, reason=reason)


def _closed_path_refusals(spec: Platform) -> Iterator[Diagnostic]:
    for closed in closed_paths(spec):
        if not PLAIN_PATH.fullmatch(closed.path) or len(closed.path) > MAX_CLOSED_PATH_CHARACTERS:
            problem = f"no rule can close {displayed(closed.path)} to the outside"
            fix = f"use up to {MAX_CLOSED_PATH_CHARACTERS} letters, digits and / _ - . ~, or another port"
            yield Unsupported("aws", closed.key, problem, fix)


def _excluded_rule_refusals(spec: Platform) -> Iterator[Diagnostic]:
    waf = spec.ingress.waf_settings
    for name in waf.exclude_rules if waf else ():
        if name not in RULES:
            problem = f"{name} is not a rule of the managed groups{did_you_mean(name, RULES)}"
            yield Unsupported("aws", "ingress.waf.exclude_rules", problem, "use a name of AWS Managed Rules")


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


def _smoke_refusals(spec: Platform) -> Iterator[Diagnostic]:
    for name, path in smoke_paths(spec).items():
        if not PLAIN_PATTERN.fullmatch(path):
            yield Unsupported(
                "aws",
                f"services.{name}.rollout.smoke.path",
                problem=f"no listener rule can match {displayed(path)}",
                fix=f"use up to {PATTERN_CHARACTERS} letters, digits and _ - . $ / ~ \" ' @ : + &",
            )
        if is_closed(spec, path):
            key = f"services.{name}.rollout.smoke.path"
            problem = f"the entry closes {displayed(path)}, and smoke tests pass through it"
            yield Unsupported("aws", key, problem, fix="use another path, or remove it from closed_paths")


def _public_path_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse public paths that no rule can match, and open rules whose number another rule has."""
    for name, service in guarded_services(spec).items():
        for path, _ in public_patterns(service):
            if not _has_rule(path):
                problem = f"{displayed(path)} exceeds the limits of a listener rule"
                fix = f"use up to {MAX_SEGMENTS} segments and {PATTERN_CHARACTERS - len('/*')} characters"
                yield Unsupported("aws", f"services.{name}.public_paths", problem, fix)
    taken = {priority(each.path or "/") for each in spec.public.values() if _has_rule(each.path or "/")}
    taken |= {smoke_priority(spec, name) for name in smoke_paths(spec)}
    for rule in open_rules(spec).values():
        if rule.priority < 1 or rule.priority in taken:
            problem = f"the rule of {displayed(rule.patterns[0])} has the priority of another one"
            yield Unsupported("aws", f"services.{rule.service}.path", problem, "change one of the paths")
        taken.add(rule.priority)


def _slot_refusals(spec: Platform) -> Iterator[Diagnostic]:
    owners = {
        f"the path of {name}": (f"services.{name}.path", service.path or "") for name, service in spec.public.items()
    }
    owner_by_priority = {smoke_priority(spec, name): f"the smoke test of {name}" for name in smoke_paths(spec)}
    for owner, (key, path) in owners.items():
        if len(segments(path)) > MAX_SEGMENTS:
            continue
        other = owner_by_priority.setdefault(priority(path), owner)
        if other != owner:
            yield Unsupported(
                "aws",
                key,
                problem=f"{displayed(path)} has the same rule priority as {other}",
                fix="change one of the two paths",
            )
