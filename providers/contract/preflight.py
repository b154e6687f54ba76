"""Checks of the machine or cluster that a stack is deployed to, before an update and after a failure.

Docker and Kubernetes have such checks; clouds report through their providers and the errors of the engine. A cloud keeps its
objects, while those of a machine can be stopped or deleted by anyone who uses it, so they are compared with the state first.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from providers.contract.cli import DeployedResource
from providers.contract.diagnostics import Diagnostic
from providers.contract.spec import Platform

Environment = Mapping[str, str]
"""Environment variables of the deploying process."""
ISOLATION = "network.isolation"
"""Key of `accept_risk` for a cluster whose network plugin is not known to enforce network policies."""


def risks_of_target(spec: Platform) -> tuple[str, ...]:
    """Return the keys of `accept_risk` for what only a check of the machine or cluster finds."""
    return (ISOLATION,) if spec.cloud == "kubernetes" and spec.profile == "production" else ()


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
    """Cause of a failed resource, as a clause without a full stop, the fix, and the last lines of its log where read."""

    problem: str
    fix: str
    log_lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class StartingPart:
    """Container that an update has created and that should keep running; `name` is its logical name.

    `ends` counts how often its process has ended. `awaited` is true when the engine waits until it is healthy, and
    `waiting` while a service that it calls is not ready, which may be why it ends.
    """

    name: str
    found: "HostObject"
    ends: int
    running: bool
    awaited: bool
    healthy: bool
    waiting: bool


@dataclass(frozen=True)
class Deviation:
    """Object of the host that differs from the state: one that does not exist, was stopped or has changed.

    `subject` is the name that the host has for it, and `problem` a clause such as `was stopped (exit code 137)`.
    """

    resource: DeployedResource
    subject: str
    problem: str
    missing: bool
    changed: bool = False
    """True for an object that has new content under its name, which the state learns from a refresh."""
    incomplete: bool = False
    """True for an object without effect that takes the name of the one to create, and is removed before."""


@dataclass(frozen=True)
class HostObject:
    """Object of a stack on the host, found by its labels and not by the state; `id` is how the host addresses it."""

    kind: str
    name: str
    id: str
    has_data: bool = False
    unlabelled: bool = False
    """True for an object that may be of another checkout, as nothing says of which it is."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Identity:
    """User, group or service account of a cluster; only a service account has a namespace."""

    kind: Literal["User", "Group", "ServiceAccount"]
    name: str
    namespace: str = ""


@dataclass(frozen=True)
class PreparedObject:
    """Object that the owner of a cluster has created for a stack, by the type and the logical name that the stack gives it."""

    type: str
    name: str
    id: str


Preflight = Callable[[Platform, str, Environment], Sequence[CheckResult]]
"""Check the machine before a deployment."""
Explain = Callable[[Platform, str, FailedResource, Environment], Diagnosis | None]
"""Find the cause of a failed resource; None when the machine knows no more than the provider reported."""

Compare = Callable[[Sequence[DeployedResource], Environment], Sequence[Deviation]]
"""Compare the resources of a state with the objects of the machine; raises HostUnreachable."""
Start = Callable[[Deviation, Environment], str]
"""Start a stopped object and return why that failed, or an empty text; raises HostUnreachable."""
Find = Callable[[str, Environment], Sequence[HostObject]]
"""Find the objects of a stack by their labels, in the order in which they can be removed; raises HostUnreachable."""
Remove = Callable[[HostObject, Environment], str]
"""Remove an object and return why that failed, or an empty text; raises HostUnreachable."""
ListStarting = Callable[[Platform, str, Collection[str], Environment], Sequence[StartingPart]]
"""List the containers of a stack that should keep running, without those with these IDs; raises HostUnreachable."""
ExplainStart = Callable[[Platform, str, StartingPart, Environment], Diagnosis]
"""Report on a container that has ended at its start; raises HostUnreachable."""
ListDown = Callable[[Platform, str, Environment], Sequence[Diagnosis]]
"""List the parts of a deployed stack that ended, end again and again or are unhealthy; raises HostUnreachable."""
CheckObjects = Callable[[Platform, str, Environment], Sequence[CheckResult]]
"""Send the YAML of every object to the API server, which checks it and stores nothing."""
ListObjects = Callable[[Platform, str, Environment], Sequence[str]]
"""List the addresses of the objects of a stack by their labels, as in its import table; raises HostUnreachable."""
DeployerObjects = Callable[[Platform, str, Identity], Sequence[Mapping[str, object]]]
"""Return the objects that the owner of a cluster applies, so that an identity may deploy a stack."""
ListPrepared = Callable[[Platform, str, Environment], Sequence[PreparedObject]]
"""List what the owner of a cluster has created for a stack before its first update; raises HostUnreachable."""
CheckEntry = Callable[[Platform, str, Environment, Path], CheckResult]
"""Check that the entry of a deployed stack answers, with the file of its certificate authority; raises HostUnreachable."""


class HostUnreachable(Exception):
    """The machine cannot be queried; the text is a clause with the reason."""


def _nothing_to_check(_spec: Platform, _stack: str, _environment: Environment) -> Sequence[CheckResult]:
    return ()


def _nothing_to_add(
    _spec: Platform, _stack: str, _broken: FailedResource, _environment: Environment
) -> Diagnosis | None:
    return None


def _nothing_to_start(_deviation: Deviation, _environment: Environment) -> str:
    return ""


def _nothing_to_explain(_spec: Platform, _stack: str, part: StartingPart, _environment: Environment) -> Diagnosis:
    return Diagnosis(f"{part.name} ends at its start", "run `up` again")


def _nothing_down(_spec: Platform, _stack: str, _environment: Environment) -> Sequence[Diagnosis]:
    return ()


def _no_entry(_spec: Platform, _stack: str, _environment: Environment, _authority: Path) -> CheckResult:
    return CheckResult("entry", "not checked")


def _nothing_to_remove(_found: HostObject, _environment: Environment) -> str:
    return ""


@dataclass(frozen=True)
class HostChecks:
    """Checks of one target; without any, every check passes and no cause is known.

    `compare`, `find` and `list_starting` are None where a cloud keeps the objects, so that no state is read for it.
    """

    preflight: Preflight = _nothing_to_check
    explain: Explain = _nothing_to_add
    compare: Compare | None = None
    start: Start = _nothing_to_start
    find: Find | None = None
    remove: Remove = _nothing_to_remove
    list_starting: ListStarting | None = None
    explain_start: ExplainStart = _nothing_to_explain
    list_down: ListDown = _nothing_down
    check_entry: CheckEntry = _no_entry
    check_objects: CheckObjects | None = None
    """None where no server checks objects before an update."""
    list_objects: ListObjects | None = None
    """None where a provider searches for objects, or `find` does."""
    deployer_objects: DeployerObjects | None = None
    """None where the rights are those of an account."""
    list_prepared: ListPrepared | None = None
    """None where a stack creates every object of its own."""
