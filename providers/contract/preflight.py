"""What only the place that a platform stands on can tell: whether it can take it, and why a resource of it failed.

A cloud answers such questions through its provider and the engine's errors; a machine of one's own can be asked at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from providers.contract.diagnostics import Diagnostic
from providers.contract.spec import Platform

Environment = Mapping[str, str]
"""Variables of the process that deploys."""


@dataclass(frozen=True)
class CheckResult:
    """What was seen of one subject: nothing in the way, refusals, or in `unasked` what to do where nobody answers."""

    subject: str
    told: str
    diagnostics: tuple[Diagnostic, ...] = ()
    unasked: str = ""


@dataclass(frozen=True)
class FailedResource:
    """A resource that could not be made: its logical name, its type token, and what the provider said of it."""

    name: str
    type: str
    text: str


@dataclass(frozen=True)
class Diagnosis:
    """Why a resource failed, as one sentence without an end, and what to do."""

    sentence: str
    advice: str


Preflight = Callable[[Platform, str, Environment], Sequence[CheckResult]]
"""Looks at the place before a stack is deployed there."""
Explain = Callable[[Platform, str, FailedResource, Environment], Diagnosis | None]
"""Asks the place why a resource of a stack failed; None where it knows no more than the provider said."""


def _nothing_to_check(_spec: Platform, _stack: str, _environment: Environment) -> Sequence[CheckResult]:
    return ()


def _nothing_to_add(
    _spec: Platform, _stack: str, _broken: FailedResource, _environment: Environment
) -> Diagnosis | None:
    return None


@dataclass(frozen=True)
class HostChecks:
    """How the place of a platform is asked; a cloud whose machines are its own has nothing to add."""

    preflight: Preflight = _nothing_to_check
    explain: Explain = _nothing_to_add
