"""Allowed addresses, connection timeouts and path limits of the load balancer, and what it refuses or adjusts. Pure."""

import re
from collections.abc import Iterator

from providers.contract.closed_paths import PLAIN_PATH, closed_paths
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, displayed, listed
from providers.contract.prompts import prompt_expressions, prompt_paths
from providers.contract.spec import Platform
from providers.gcp.entry.sign_in import sign_in_refusals

ANY_ADDRESS = "0.0.0.0/0"
MAX_RANGES_PER_RULE = 10
"""Source ranges of one rule: Cloud Armor documentation, "Quotas and limits"."""
MAX_SUBEXPRESSIONS = 5
MAX_PATH_RULES = 100
"""Rules of limited paths, which have the priorities before those of all paths."""
MAX_EXPRESSION_CHARACTERS = 970
"""Length of a regular expression in a subexpression of 1024 characters: same page."""
OWASP_RULES: dict[int, str] = {
    1000: "sqli-v422-stable",
    1010: "xss-v422-stable",
    1020: "lfi-v422-stable",
    1030: "rfi-v422-stable",
    1040: "rce-v422-stable",
    1050: "scannerdetection-v422-stable",
    1060: "protocolattack-v422-stable",
    1070: "sessionfixation-v422-stable",
    1080: "nodejs-v422-stable",
    1090: "java-v422-stable",
    1100: "php-v422-stable",
}
"""OWASP rule sets by priority, which never changes: Cloud Armor documentation, "Preconfigured WAF rules"."""
RULE_ID = re.compile(r"owasp-crs-v042200-id\d{6}-([a-z]+)")
"""Name of a rule of a set, such as `owasp-crs-v042200-id942110-sqli`: same page."""
PROMPT_EXPRESSION = "^/({})(/|$)"
MIN_IDLE_SECONDS, MAX_IDLE_SECONDS = 5, 1200
"""Bounds of `httpKeepAliveTimeoutSec`: target HTTPS proxies API."""
MAX_REQUEST_SECONDS = 3600
"""Maximum request timeout: Cloud Run documentation, "Set request timeout for services"."""
MAX_PATH_CHARACTERS = 1024 - len("/*")
"""Length of a path rule: URL maps API, `pathMatchers[].pathRules[].paths[]`."""


def is_open_to_all(spec: Platform) -> bool:
    """True when any client address may connect."""
    return ANY_ADDRESS in spec.ingress.allowed_cidrs


def allowed_ranges(spec: Platform) -> list[list[str]]:
    """Allowed source ranges, one group per rule; `*` allows every address."""
    if is_open_to_all(spec):
        return [["*"]]
    ranges = list(spec.ingress.allowed_cidrs)
    return [ranges[start : start + MAX_RANGES_PER_RULE] for start in range(0, len(ranges), MAX_RANGES_PER_RULE)]


def path_ranges(spec: Platform) -> list[list[str]]:
    """Allowed source ranges, one group for each rule on a path; empty groups allow every address.

    An expression has five subexpressions, of which one is the path: Cloud Armor documentation, "Quotas and limits".
    """
    if is_open_to_all(spec):
        return [[]]
    ranges, size = list(spec.ingress.allowed_cidrs), MAX_SUBEXPRESSIONS - 1
    return [ranges[start : start + size] for start in range(0, len(ranges), size)]


def idle_seconds(spec: Platform) -> int:
    """Seconds that a client connection stays open between two requests."""
    return min(max(spec.ingress.idle_timeout_seconds, MIN_IDLE_SECONDS), MAX_IDLE_SECONDS)


def entry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse paths that a URL map does not accept, closed paths that a rule cannot match, and limits that can be evaded."""
    return [
        *_path_refusals(spec),
        *_closed_path_refusals(spec),
        *_rate_refusals(spec),
        *_waf_refusals(spec),
        *sign_in_refusals(spec),
    ]


def _path_refusals(spec: Platform) -> list[Diagnostic]:
    return [
        Unsupported(
            "gcp",
            f"services.{name}.path",
            problem=f"{displayed(service.path)} is not a valid path rule of a URL map",
            fix=f"use up to {MAX_PATH_CHARACTERS} ASCII characters and no empty segment",
        )
        for name, service in spec.public.items()
        if not _is_path_rule(service.path or "")
    ]


def _closed_path_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse a path that a rule's expression cannot contain."""
    for closed in closed_paths(spec):
        if not PLAIN_PATH.fullmatch(closed.path):
            problem = f"the entry cannot close {displayed(closed.path)} alone to requests from outside"
            fix = "use a path of its own with letters, digits and . _ - ~, such as /metrics, or another port"
            yield Unsupported("gcp", closed.key, problem=problem, fix=fix)


def _rate_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse limits of keys: a rule that counts them admits the request, so a client with ever new keys would have no limit."""
    limits = spec.ingress.rate_limit
    if limits.per_key is not None:
        problem = "Cloud Armor applies one limit to a request, so clients that change the header would have none"
        fix = "remove it, and limit keys in the application"
        yield Unsupported("gcp", "ingress.rate_limit.per_key", problem, fix)
    rules = len(limits.paths) * len(path_ranges(spec))
    if rules > MAX_PATH_RULES:
        problem = f"{len(limits.paths)} paths need {rules} rules with the allowed ranges, more than {MAX_PATH_RULES}"
        yield Unsupported(
            "gcp", "ingress.rate_limit.paths", problem, "limit fewer paths, or combine ingress.allowed_cidrs"
        )


def entry_adjustments(spec: Platform) -> list[Adjustment]:
    """Report limits that apply per backend or per connection, and a public address without a domain."""
    return list(_ingress_adjustments(spec)) if spec.public else []


def _is_path_rule(path: str) -> bool:
    return len(path) <= MAX_PATH_CHARACTERS and path.isascii() and "//" not in path


def _waf_reason(spec: Platform) -> str:
    paths = prompt_paths(spec).paths
    tuned = f"bodies on paths of prompts are not inspected: {listed(paths, 'and')}; " if paths else ""
    return (
        f"{tuned}text with SQL, HTML, shell commands, file paths or URLs can be answered 403 elsewhere by the rules for SQL "
        "injection, XSS, RCE, LFI and RFI, and ingress.waf.prompts names other paths"
    )


def set_of(rule: str) -> str | None:
    """Set of a rule by its name; None for a name that no set has."""
    match = RULE_ID.fullmatch(rule)
    name = f"{match[1]}-v422-stable" if match else ""
    return name if name in OWASP_RULES.values() else None


def _waf_refusals(spec: Platform) -> Iterator[Diagnostic]:
    waf = spec.ingress.waf_settings
    for name in waf.exclude_rules if waf else ():
        if set_of(name) is None:
            problem = f"{name} is not a rule of Cloud Armor's preconfigured sets"
            fix = "use a name such as owasp-crs-v042200-id942110-sqli"
            yield Unsupported("gcp", "ingress.waf.exclude_rules", problem, fix)
    if len(prompt_expressions(spec, PROMPT_EXPRESSION, MAX_EXPRESSION_CHARACTERS)) > 1:
        problem = f"the paths of prompts need more than the {MAX_EXPRESSION_CHARACTERS} characters of an expression"
        yield Unsupported(
            "gcp", "ingress.waf.prompts", problem, "name fewer paths, with `*` for a segment: /*/agents/*/runs"
        )


def _ingress_adjustments(spec: Platform) -> Iterator[Adjustment]:
    ingress = spec.ingress
    key, limit = ingress.per_address_setting
    yield Adjustment(
        key,
        requested=limit,
        effect=Effect.ADJUSTED,
        reason=(
            f"{limit} requests per 60 seconds for each routed service; Cloud Armor counts requests per backend, and answers "
            "429 without a Retry-After header"
        ),
    )
    if ingress.rate_limit.paths:
        yield Adjustment(
            "ingress.rate_limit.paths",
            requested=[limit.model_dump() for limit in ingress.rate_limit.paths],
            effect=Effect.ADJUSTED,
            reason="requests of these paths are not counted by per_address as well: one rule of Cloud Armor admits a request",
        )
    yield Adjustment(
        "ingress.idle_timeout_seconds",
        requested=ingress.idle_timeout_seconds,
        effect=Effect.ADJUSTED,
        reason=(
            f"{idle_seconds(spec)} seconds between two requests of a connection; pauses within a request are not "
            f"limited, and Cloud Run ends a request after {MAX_REQUEST_SECONDS} seconds"
        ),
    )
    if ingress.waf_settings is not None:
        yield Adjustment("ingress.waf", requested=True, effect=Effect.PARTIAL, reason=_waf_reason(spec))
    if not is_open_to_all(spec):
        yield Adjustment(
            "ingress.allowed_cidrs",
            requested=list(ingress.allowed_cidrs),
            effect=Effect.PARTIAL,
            reason="no uptime check is created; the uptime checkers connect from other addresses",
        )
    if ingress.domain is None:
        yield Adjustment(
            "ingress.domain",
            requested=None,
            effect=Effect.ADJUSTED,
            reason=(
                "the URL is http://<IP address of the load balancer>, without TLS; a certificate requires a domain. The "
                "output `url` has the address"
            ),
        )
