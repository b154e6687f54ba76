"""Own rules of the WAF policies of Front Door and of Application Gateway, which are the same on both. Pure.

Rules are evaluated by priority: addresses that are not allowed are blocked, requests for closed paths as well, then addresses
above the rate limit, then the managed rule sets inspect the request. Prompts are natural language and code, which these
rules match, so a last rule lets the requests with prompts pass before them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from providers.azure.entry.limits import (
    MAX_VALUE_CHARACTERS,
    MAX_VALUES,
    PROMPT_EXPRESSION,
    SCANNERS,
    allows_any_address,
    path_expressions,
    rule_group,
)
from providers.contract.closed_paths import closed_paths
from providers.contract.prompts import prompt_expressions
from providers.contract.spec import Platform, Waf

DEFAULT_RULE_SET = ("Microsoft_DefaultRuleSet", "2.1")
"""OWASP rules and known exploits, Log4j among them (CKV_AZURE_133, CKV_AZURE_135)."""
BOT_RULE_SET = ("Microsoft_BotManagerRuleSet", "1.1")
ALL_ADDRESSES = ("0.0.0.0/0", "::/0")

CLOSED_PRIORITY, RATE_PRIORITY, PROMPTS_PRIORITY = 15, 20, 100
"""Priorities of the first rule of each kind; Application Gateway has priorities up to 100, so further rules on prompts precede it."""
SUSPICIOUS_HEADER = "[<>(){}$`']|--|[.][.]/"
"""Characters of a header that attacks need; what has them is for the managed rules."""
DECODED = ("UrlDecode", "Lowercase")


@dataclass(frozen=True)
class WafCondition:
    """Comparison of a part of the request with values; with `negated` it holds where none of them matches."""

    variable: Literal["address", "uri", "method", "header"]
    operator: Literal["ip", "regex", "equal", "contains"]
    values: tuple[str, ...]
    header: str | None = None
    negated: bool = False
    transforms: tuple[str, ...] = ()


@dataclass(frozen=True)
class WafRule:
    """Rule that applies where all conditions hold; with `per_minute` only above that number of requests of an address."""

    name: str
    priority: int
    action: Literal["Block", "Allow"]
    conditions: tuple[WafCondition, ...]
    per_minute: int | None = None


def waf_rules(spec: Platform) -> tuple[WafRule, ...]:
    """Return the rules by priority."""
    return tuple(_rules(spec))


def disabled_rules(waf: Waf) -> dict[str, list[str]]:
    """Return the excluded managed rules by their group."""
    rules: dict[str, list[str]] = {}
    for name in waf.exclude_rules:
        rules.setdefault(rule_group(name) or "", []).append(name)
    return rules


def paths_condition(values: Sequence[str], *, negated: bool = False) -> WafCondition:
    """Return the condition on the decoded lower-case URI."""
    return WafCondition("uri", "regex", tuple(values), negated=negated, transforms=DECODED)


def _rules(spec: Platform) -> Iterator[WafRule]:
    if not allows_any_address(spec):
        others = WafCondition("address", "ip", tuple(spec.ingress.allowed_cidrs), negated=True)
        yield WafRule("allowed", 10, "Block", (others,))
    paths = path_expressions(closed.path for closed in closed_paths(spec))
    for index, values in enumerate(_values_of_rules(paths)):
        yield WafRule(_numbered("closed", index), CLOSED_PRIORITY + index, "Block", (paths_condition(values),))
    yield from _rate_limits(spec)
    yield from _allow_prompts(spec)


def _rate_limits(spec: Platform) -> Iterator[WafRule]:
    """Rule for all paths, and one for each path with its own limit; a request counts in every one that it matches.

    The address is that of the TCP connection; clients can forge a header.
    """
    ingress = spec.ingress
    everything = WafCondition("address", "ip", ALL_ADDRESSES)
    yield WafRule("rate", RATE_PRIORITY, "Block", (everything,), ingress.requests_per_address)
    for number, limit in enumerate(ingress.rate_limit.paths, 1):
        paths = paths_condition(path_expressions([limit.prefix]))
        yield WafRule(f"rate{number}", RATE_PRIORITY + number, "Block", (paths,), limit.per_address)


def _allow_prompts(spec: Platform) -> Iterator[WafRule]:
    """Rules after all others that let prompts pass without the managed rules.

    Some managed rules read the raw body, and no exclusion reaches these. A query with other characters than those of plain
    names and numbers, or the user agent of a scanner, is for the managed rules.
    """
    expressions = prompt_expressions(spec, PROMPT_EXPRESSION, MAX_VALUE_CHARACTERS)
    for index, values in enumerate(_values_of_rules(expressions)):
        conditions = (
            WafCondition("method", "equal", ("POST",)),
            WafCondition("uri", "regex", tuple(values)),
            _header_without("User-Agent", "contains", SCANNERS),
            *(_header_without(name, "regex", (SUSPICIOUS_HEADER,)) for name in ("User-Agent", "Referer", "Cookie")),
        )
        yield WafRule(_numbered("prompts", index), PROMPTS_PRIORITY - index, "Allow", conditions)


def _values_of_rules(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield as many values as a condition takes, for one rule after the other: conditions of a rule must all hold."""
    for start in range(0, len(values), MAX_VALUES):
        yield values[start : start + MAX_VALUES]


def _numbered(name: str, index: int) -> str:
    return f"{name}{index + 1}" if index else name


def _header_without(name: str, operator: Literal["contains", "regex"], values: tuple[str, ...]) -> WafCondition:
    return WafCondition("header", operator, values, header=name, negated=True, transforms=DECODED)
