"""Checks of the machine that a stack is deployed to, before an update and after a failure.

Only Docker has such checks; clouds report through their providers and the errors of the engine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from providers.contract.diagnostics import Diagnostic
from providers.contract.spec import Platform

Environment = Mapping[str, str]
"""Environment variables of the deploying process."""


@dataclass(frozen=True)
class CheckResult:
    """Result for one subject: passed, diagnostics, or `fix` when it cannot be checked."""

    subject: str
    observed: str
    diagnostics: tuple[Diagnostic, ...] = ()
    fix: str = ""


@dataclass(frozen=True)
class FailedResource:
    """Resource that could not be created: logical name, type token and the error text of the provider."""

    name: str
    type: str
    text: str


@dataclass(frozen=True)
class Diagnosis:
    """Cause of a failed resource, as a clause without a full stop, and the fix."""

    problem: str
    fix: str


Preflight = Callable[[Platform, str, Environment], Sequence[CheckResult]]
"""Check the machine before a deployment."""
Explain = Callable[[Platform, str, FailedResource, Environment], Diagnosis | None]
"""Find the cause of a failed resource; None when the machine knows no more than the provider reported."""


def _nothing_to_check(_spec: Platform, _stack: str, _environment: Environment) -> Sequence[CheckResult]:
    return ()


def _nothing_to_add(
    _spec: Platform, _stack: str, _broken: FailedResource, _environment: Environment
) -> Diagnosis | None:
    return None


@dataclass(frozen=True)
class HostChecks:
    """Checks of one target; without any, every check passes and no cause is known."""

    preflight: Preflight = _nothing_to_check
    explain: Explain = _nothing_to_add
