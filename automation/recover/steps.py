"""Steps of a recovery: their topics, the result, the log that collects them, and their messages."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from automation.deploy.changes import effective_changes
from automation.deploy.results import Outcome
from automation.engine.provider_errors import ProviderError
from automation.recover.importer import ImportResult
from automation.recover.match import Match, ObservedObject
from automation.recover.missing_resources import CREATING, MissingResource, PendingOperation
from automation.urn import short_type
from providers.contract.diagnostics import listed
from providers.contract.import_ids import LOCAL_TYPES, ImportTable

INDEX_DELAY = "search indexes lag by minutes, so if it should exist, run `recover` again before `up`"


class Topic(StrEnum):
    """Subject area of a step."""

    PROCESS = "process"
    LOCK = "lock"
    FILE = "file"
    PENDING = "pending"
    IMPORTED = "imported"
    CANDIDATE = "candidate"
    ORPHAN = "orphan"
    UNSEARCHED = "unsearched"
    DRIFT = "drift"
    STATE = "state"
    NEXT = "next"


REPAIRED = frozenset({Topic.PROCESS, Topic.LOCK, Topic.FILE, Topic.PENDING, Topic.IMPORTED, Topic.ORPHAN, Topic.DRIFT})
"""Topics that do not occur for a stack that needs no recovery."""


@dataclass(frozen=True)
class RecoveryStep:
    """Observation and action, or with `dry_run` the action that a recovery would take; `subject` may be empty."""

    topic: Topic
    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}" if self.subject else self.message


OnStep = Callable[[RecoveryStep], object]


@dataclass(frozen=True)
class RecoveryResult:
    """Steps of a recovery, without any secret; `refreshed` is the outcome of the refresh."""

    stack: str
    steps: tuple[RecoveryStep, ...]
    dry_run: bool = False
    refreshed: Outcome | None = None

    @property
    def unchanged(self) -> bool:
        """True when there was nothing to recover."""
        return all(step.topic not in REPAIRED for step in self.steps)

    @property
    def imported(self) -> tuple[str, ...]:
        """Names of the resources that were imported."""
        return tuple(step.subject for step in self.steps if step.topic is Topic.IMPORTED)

    @property
    def orphans(self) -> tuple[str, ...]:
        """Addresses of the objects that need a decision of the operator."""
        return tuple(step.subject for step in self.steps if step.topic is Topic.ORPHAN)


class StepLog:
    """Steps so far; with `dry_run` they describe what would be done."""

    def __init__(self, *, dry_run: bool = False, on_step: OnStep | None = None) -> None:
        self.dry_run, self.on_step = dry_run, on_step
        self.steps: list[RecoveryStep] = []

    def add(self, topic: Topic, subject: str, message: str) -> None:
        """Record a step and pass it to `on_step`."""
        step = RecoveryStep(topic, subject, message)
        self.steps.append(step)
        if self.on_step is not None:
            self.on_step(step)

    @property
    def has_repairs(self) -> bool:
        """True when a step was necessary that a stack without damage does not need."""
        return any(step.topic in REPAIRED for step in self.steps)


def log_operations(log: StepLog, operations: Iterable[PendingOperation], pending: Collection[str]) -> None:
    """Log the pending operations, except creations in `pending`, which are logged after the search."""
    for operation in operations:
        if operation.urn in pending:
            continue
        if operation.verb == CREATING:
            message = "its replacement was being created and cannot be imported; `up` creates another"
        else:
            message = f"the engine was {operation.verb} it; the refresh reads its current state"
        log.add(Topic.PENDING, operation.urn.name, message)


def log_imports(log: StepLog, result: ImportResult) -> None:
    """Log the imported and the rejected matches."""
    for match in result.imported:
        log.add(Topic.IMPORTED, str(match.missing), f"imported {match.identity}")
    for match in result.rejected:
        message = f"cannot import {match.identity}: {result.reason(match)}"
        log.add(Topic.UNSEARCHED, str(match.missing), message)


def log_planned_imports(log: StepLog, matches: Iterable[Match]) -> None:
    """Log the imports that a recovery would try."""
    for match in matches:
        if match.observed:
            log.add(Topic.IMPORTED, str(match.missing), f"would import {match.identity}")
        else:
            topic = Topic.PENDING if match.missing.pending else Topic.CANDIDATE
            log.add(topic, str(match.missing), f"would import {match.identity} if it exists")


def log_not_found(log: StepLog, missing: Iterable[MissingResource], table: ImportTable) -> None:
    """Log the resources that were being created and were not found."""
    for resource in missing:
        if resource.urn.type in LOCAL_TYPES:
            message = "was being generated; `up` generates a new value"
        elif resource.urn.type in table.again:
            message = "was being created; `up` repeats the creation, which is idempotent"
        else:
            message = f"was being created and was not found; `up` creates it ({INDEX_DELAY})"
        log.add(Topic.PENDING, str(resource), message)


def log_orphans(log: StepLog, orphans: Iterable[ObservedObject], missing_types: Collection[str]) -> None:
    """Log the objects that need a decision; `missing_types` are the types of the resources that are still missing."""
    for orphan in orphans:
        kind = listed((short_type(token) for token in orphan.identities), "or")
        evidence = "has the tags of this stack" if orphan.tagged else "has a name like those of this stack"
        if orphan.identities.keys().isdisjoint(missing_types):
            message = f"({kind}) {evidence} but is neither in its state nor in its plan; delete it if it is not needed"
        else:
            message = (
                f"({kind}) {evidence} and may be a missing resource, but it cannot be identified; "
                "import it with `pulumi import` before `up`, or delete it"
            )
        log.add(Topic.ORPHAN, orphan.address, message)


def log_unsearched(log: StepLog, errors: Mapping[str, ProviderError], unsearchable: Iterable[MissingResource]) -> None:
    """Log the searches that failed and the types that no search returns."""
    for name, error in errors.items():
        log.add(Topic.UNSEARCHED, name, f"search failed: {error.cause}; {error.fix}")
    kinds = sorted({resource.urn.short_type for resource in unsearchable})
    if kinds:
        message = (
            f"{listed(kinds, 'and')} cannot be searched by name; "
            "if a creation succeeded but was not recorded, `up` creates a duplicate"
        )
        log.add(Topic.UNSEARCHED, "", message)


def log_refresh(log: StepLog, outcome: Outcome | None) -> None:
    """Log the changes of the refresh; None when it did not run."""
    if outcome is None:
        message = "would be refreshed, which clears pending operations (`drift` shows the differences)"
        log.add(Topic.STATE, "", message)
        return
    for change in effective_changes(outcome.changes):
        if change.operation != "import":
            deleted = change.operation == "delete"
            message = (
                "deleted in the cloud; removed from the state" if deleted else "changed in the cloud; state updated"
            )
            log.add(Topic.DRIFT, f"{change.name} ({change.short_type})", message)
    log.add(Topic.STATE, "", "the state matches the cloud, and no operation is pending")
