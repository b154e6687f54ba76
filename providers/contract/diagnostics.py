"""Diagnostics of a stack file: errors, settings that a cloud does not support, and adjusted settings.

Each has separate fields, so that a terminal, JSON output and a test read the same facts. `key` is the dotted path as the
user writes it; `problem` is a clause in lower case without a full stop; `fix` is an imperative clause.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

MAX_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class ConfigError:
    """Value that the stack file must not have."""

    key: str
    problem: str
    fix: str = ""

    def __str__(self) -> str:
        return sentences(self.key, self.problem, self.fix)


@dataclass(frozen=True)
class Unsupported:
    """Setting that one cloud cannot honour; collected over the whole spec before anything is declared."""

    cloud: str
    key: str
    problem: str
    fix: str = ""

    def __str__(self) -> str:
        return sentences(self.key, f"not supported on {self.cloud}: {self.problem}", self.fix)


class Effect(StrEnum):
    """Effect of a setting that is not declared exactly as written."""

    IGNORED = "ignored"
    """It changes nothing in this stack."""
    ADJUSTED = "adjusted"
    """Another value is declared."""
    PARTIAL = "partial"
    """It applies to a part of what it names."""


@dataclass(frozen=True)
class Adjustment:
    """Setting that is not declared exactly as written, with the reason in numbers."""

    key: str
    requested: object
    effect: Effect
    reason: str

    def __str__(self) -> str:
        return sentences(self.key, self.reason)


Diagnostic = ConfigError | Unsupported


class InvalidConfiguration(Exception):
    """Every diagnostic of a stack file, raised before any resource is declared."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


def sentences(key: str, problem: str, fix: str = "") -> str:
    """`<key>: <problem>. <Fix>.`"""
    ending = "" if problem.endswith((".", "?", "!")) else "."
    return f"{key}: {problem}{ending}" + (f" {fix[:1].upper()}{fix[1:].rstrip('.')}." if fix else "")


def displayed(value: object) -> str:
    """Value as a user writes it, cut to 80 characters. Only for keys that cannot hold a secret."""
    text = json.dumps(value, default=str)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[: MAX_SHOWN_CHARACTERS - 3]}..."


def listed(words: Iterable[object], last: str = "or") -> str:
    """`a, b or c`."""
    texts = [str(word) for word in words]
    return f" {last} ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def unknown_service(service: str, services: Iterable[str], kind: str = "service") -> ConfigError:
    """Return the error of a service, or service or job, that the user named and the stack file does not have."""
    names = tuple(services)
    return ConfigError("service", f"no {kind} {service}{did_you_mean(service, names)}", f"use {listed(names)}")


def did_you_mean(word: object, allowed: Iterable[str]) -> str:
    """Return ` (did you mean X)` when an allowed word is close, else nothing."""
    close = get_close_matches(str(word), list(allowed), n=1, cutoff=0.6)
    return f" (did you mean {close[0]})" if close else ""
