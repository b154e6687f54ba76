"""Classification of a failure from the engine's output, its events and how it was interrupted. Imports no SDK.

Failures that match no pattern quote the first meaningful line of the output.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from automation.deploy.errors import (
    CLOUD_PATTERNS,
    PROGRAM_PATTERNS,
    STACK_PATTERNS,
    UNREACHABLE_BACKEND,
    DeploymentFailed,
    ErrorPattern,
    Failure,
)
from automation.deploy.events import EngineMessage, Event, StepFailed, StepMetadata
from automation.stack.document import Stack
from providers import host_checks
from providers.contract.preflight import FailedResource

MAX_QUOTE_CHARACTERS = 240
INVOKE_FAILED = re.compile(r"invoke of (?:[\w-]+:)?[\w/-]+:(\w+) failed")
"""Error of a provider function that the program called."""
SAVING_FAILED = re.compile(r"failed to save snapshot")
"""Error of the engine whose state cannot be written."""
CANCELLED = re.compile(r"update cancell?ed")
SUMMARY_ERRORS = ("update failed", "update canceled")
"""Errors that only state that there were errors."""
INTERRUPTED = (Failure.CANCELLED, Failure.KILLED)
VERBS = {
    "create": "create", "create-replacement": "create", "update": "update", "delete": "delete", "replace": "replace",
    "delete-replaced": "delete", "read": "read", "refresh": "read", "import": "import", "same": "read",
}  # fmt: skip


class EngineOperation(StrEnum):
    """Kind of an operation of the engine."""

    PREVIEW = "preview"
    DRIFT = "search for drift"
    UPDATE = "update"
    REFRESH = "refresh"
    DELETION = "deletion"

    @property
    def read_only(self) -> bool:
        """True for an operation that changes neither the cloud nor the state."""
        return self in (EngineOperation.PREVIEW, EngineOperation.DRIFT)


@dataclass(frozen=True)
class Evidence:
    """Facts about a failed command: standard error, the events before it, and its interruptions."""

    stack: str
    stderr: str = ""
    events: Sequence[Event] = field(default_factory=tuple[Event, ...])
    interrupts: int = 0
    killed: bool = False
    operation: str = "update"
    """Interrupted operation, such as preview, update or deletion."""
    read_only: bool = False
    """True for an operation that changes nothing in the cloud or the state."""

    @property
    def failed_steps(self) -> tuple[StepMetadata, ...]:
        """Failed steps, in order."""
        return tuple(event.step for event in self.events if isinstance(event, StepFailed))

    @property
    def errors(self) -> tuple[EngineMessage, ...]:
        """Error events, in order, without those that only state that there were errors."""
        messages = (event for event in self.events if isinstance(event, EngineMessage) and event.severity == "error")
        return tuple(message for message in messages if message.text not in SUMMARY_ERRORS)

    @property
    def log(self) -> str:
        """Error events and standard error as one text."""
        return "\n".join((*(error.text for error in self.errors), self.stderr)).strip()

    @property
    def provider_errors(self) -> str:
        """Errors about resources and about provider functions that the program called."""
        return "\n".join(error.text for error in self.errors if error.urn or INVOKE_FAILED.search(error.text))

    @property
    def backend_errors(self) -> str:
        """Standard error, and errors of the engine while it saves the state during an update."""
        saving = (error.text for error in self.errors if SAVING_FAILED.search(error.text))
        return "\n".join((self.stderr, *saving))

    @property
    def resource(self) -> str:
        """First failed resource and the number of others: `prod-database (rds:Instance) and 2 more`."""
        steps = self.failed_steps
        more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
        return f"{steps[0].name} ({steps[0].short_type}){more}" if steps else "a resource"

    @property
    def action(self) -> str:
        """Failed action: `create prod-database (rds:Instance)`."""
        if self.failed_steps:
            return f"{VERBS.get(self.failed_steps[0].operation, 'change')} {self.resource}"
        invoke = INVOKE_FAILED.search(self.log)
        return f"call {invoke[1]}" if invoke else "complete the operation"

    @property
    def first_line(self) -> str:
        """First meaningful line of the errors, cut to 240 characters."""
        of_resources = [error.text for error in self.errors if error.urn]
        lines = "\n".join((*of_resources, self.log)).splitlines()
        stripped = (line.strip().removeprefix("error: ").rstrip(".;") for line in lines)
        quote = next((line for line in stripped if line and not line.startswith("Traceback")), "no error message")
        return quote if len(quote) <= MAX_QUOTE_CHARACTERS else f"{quote[: MAX_QUOTE_CHARACTERS - 3]}..."


def classify(evidence: Evidence) -> DeploymentFailed:
    """Return the failure that the evidence identifies."""
    interruption = _interruption(evidence)
    if interruption is not None:
        return interruption
    for patterns, text in (
        (STACK_PATTERNS, evidence.backend_errors),
        (CLOUD_PATTERNS, evidence.provider_errors),
        (PROGRAM_PATTERNS, evidence.log),
    ):
        for pattern in patterns:
            groups = pattern.match(text)
            if groups is not None:
                return _failure(pattern, groups, evidence)
    if not evidence.events and UNREACHABLE_BACKEND.match(evidence.stderr) is not None:
        return _failure(UNREACHABLE_BACKEND, {}, evidence)
    return _unclassified(evidence)


def explain_on_host(
    failure: DeploymentFailed, events: Sequence[Event], stack: Stack, environment: Mapping[str, str]
) -> DeploymentFailed:
    """Return the failure with the host's diagnosis of the failed resources, or unchanged where it has none."""
    if failure.kind in INTERRUPTED:
        return failure
    explain = host_checks(stack.spec.cloud).explain
    diagnoses = [explain(stack.spec, stack.name, resource, environment) for resource in _failed_resources(events)]
    known = [diagnosis for diagnosis in diagnoses if diagnosis is not None]
    if not known:
        return failure
    problem = "; ".join(dict.fromkeys(diagnosis.problem for diagnosis in known))
    fix = "; ".join(dict.fromkeys(diagnosis.fix for diagnosis in known))
    return DeploymentFailed(Failure.RESOURCE, problem, fix, failure.log, stack=stack.name)


def _interruption(evidence: Evidence) -> DeploymentFailed | None:
    stack, log = evidence.stack, evidence.log
    if evidence.read_only and (evidence.killed or evidence.interrupts or CANCELLED.search(log)):
        problem = f"cancelled during the {evidence.operation}; nothing was changed"
        return DeploymentFailed(Failure.CANCELLED, problem, "run the command again", log, stack=stack)
    if evidence.killed or evidence.interrupts > 1:
        how = "killed" if evidence.killed else "stopped without waiting for running operations"
        problem = (
            f"the engine was {how} during the {evidence.operation}; operations that were in progress may be incomplete"
        )
        return DeploymentFailed(Failure.KILLED, problem, f"run `agent-platform recover {stack}`", log, stack=stack)
    if not evidence.interrupts and not CANCELLED.search(log):
        return None
    if evidence.failed_steps:
        problem = f"cancelled during {evidence.action}; completed steps are saved in the state"
        fix = f"run `agent-platform recover {stack}`, then retry"
        return DeploymentFailed(Failure.CANCELLED, problem, fix, log, stack=stack)
    problem = f"cancelled during the {evidence.operation}; running operations were completed and are saved in the state"
    return DeploymentFailed(Failure.CANCELLED, problem, "run the command again to continue", log, stack=stack)


def _failure(pattern: ErrorPattern, groups: Mapping[str, str], evidence: Evidence) -> DeploymentFailed:
    account = groups.get("account")
    facts = {
        "stack": evidence.stack,
        "action": evidence.action,
        "resource": evidence.resource,
        "of_account": f" (current account: {account})" if account else "",
        **groups,
    }
    return pattern.failure(facts, evidence.log, evidence.stack)


def _unclassified(evidence: Evidence) -> DeploymentFailed:
    if evidence.failed_steps:
        problem = f"could not {evidence.action}: {evidence.first_line}"
        fix = "fix the cause, then retry; completed steps are saved in the state"
        return DeploymentFailed(Failure.RESOURCE, problem, fix, evidence.log, stack=evidence.stack)
    problem = f"the engine failed: {evidence.first_line}"
    fix = "run the command again with --verbose"
    return DeploymentFailed(Failure.UNKNOWN, problem, fix, evidence.log, stack=evidence.stack)


def _failed_resources(events: Sequence[Event]) -> Iterator[FailedResource]:
    """Yield the failed resources, each with every message about it."""
    for event in events:
        if isinstance(event, StepFailed):
            texts = (each.text for each in events if isinstance(each, EngineMessage) and each.urn == event.step.urn)
            yield FailedResource(event.step.name, event.step.type, "\n".join(texts))
