"""A failure told from what is known of it: how it was interrupted, what the engine and the providers said. Pure.

What the table does not know is told by the first line that says something.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
ASKED = re.compile(r"invoke of (?:[\w-]+:)?[\w/-]+:(\w+) failed")
"""A function of a provider that the program called."""
VERBS = {
    "create": "create", "create-replacement": "create", "update": "update", "delete": "delete", "replace": "replace",
    "delete-replaced": "delete", "read": "read", "refresh": "read", "import": "import", "same": "read",
}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What is known of a failure: what the engine said, the events before it, and how it was interrupted."""

    stack: str
    said: str = ""
    events: Sequence[Event] = field(default_factory=tuple[Event, ...])
    interrupted: int = 0
    killed: bool = False

    @property
    def failed(self) -> tuple[StepMetadata, ...]:
        """Steps that failed, in order."""
        return tuple(event.step for event in self.events if isinstance(event, StepFailed))

    @property
    def errors(self) -> tuple[EngineMessage, ...]:
        """Errors told as events, in order, without those that only say that there were some."""
        told = (event for event in self.events if isinstance(event, EngineMessage) and event.severity == "error")
        return tuple(event for event in told if event.text not in ("update failed", "update canceled"))

    @property
    def log(self) -> str:
        """All that the engine said of it."""
        return "\n".join((*(event.text for event in self.errors), self.said)).strip()


def classify(evidence: Evidence) -> DeploymentFailed:
    """The failure that the evidence gives away."""
    interruption = _interruption(evidence)
    if interruption is not None:
        return interruption
    for rows, text in (
        (STACK_PATTERNS, evidence.said),
        (CLOUD_PATTERNS, _texts(evidence)),
        (PROGRAM_PATTERNS, evidence.log),
    ):
        for row in rows:
            groups = row.found_in(text)
            if groups is not None:
                return _told(row, groups, evidence)
    if not evidence.events and UNREACHABLE_BACKEND.found_in(evidence.said) is not None:
        return _told(UNREACHABLE_BACKEND, {}, evidence)
    return _unrecognised(evidence)


def _texts(evidence: Evidence) -> str:
    """What providers said: of resources, whose urn is told, and to a question that the program asked."""
    return "\n".join(event.text for event in evidence.errors if event.urn or ASKED.search(event.text))


def _interruption(evidence: Evidence) -> DeploymentFailed | None:
    stack, log = evidence.stack, evidence.log
    if evidence.killed or evidence.interrupted > 1:
        how = "killed" if evidence.killed else "stopped at once"
        return DeploymentFailed(
            Failure.KILLED,
            f"{stack}: the engine was {how}, and what it was doing in the cloud at that moment may be half done",
            f"run `agent-platform recover {stack}`",
            log,
        )
    if not evidence.interrupted and not re.search(r"update cancell?ed", log):
        return None
    if evidence.failed:
        sentence = (
            f"{stack}: cancelled while it was about to {_what(evidence)}; what was done before stands in the state"
        )
        advice = f"run `agent-platform recover {stack}`, which looks what came of it, and then the same again"
        return DeploymentFailed(Failure.CANCELLED, sentence, advice, log)
    sentence = f"{stack}: cancelled; what was under way was finished and stands in the state"
    return DeploymentFailed(Failure.CANCELLED, sentence, "run the same again to go on", log)


def _told(row: ErrorPattern, groups: Mapping[str, str], evidence: Evidence) -> DeploymentFailed:
    account = groups.get("account")
    facts = {
        "stack": evidence.stack,
        "what": _what(evidence),
        "what_name": _subject(evidence),
        "of_account": f" (they are for {account})" if account else "",
        **groups,
    }
    return DeploymentFailed(row.kind, row.sentence.format_map(facts), row.advice.format_map(facts), evidence.log)


def _what(evidence: Evidence) -> str:
    """`create prod-database (rds:Instance)`."""
    steps, asked = evidence.failed, ASKED.search(evidence.log)
    if not steps:
        return f"ask {asked[1]}" if asked else "do this"
    return f"{VERBS.get(steps[0].operation, 'change')} {_subject(evidence)}"


def _subject(evidence: Evidence) -> str:
    steps = evidence.failed
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    return f"{steps[0].name} ({steps[0].short_type}){more}" if steps else "a resource"


def _unrecognised(evidence: Evidence) -> DeploymentFailed:
    stack, said = evidence.stack, first_line(evidence)
    if evidence.failed:
        sentence = f"{stack}: it was not possible to {_what(evidence)}: {said}"
        advice = "mend the cause and run the same again; what was made before stands in the state"
        return DeploymentFailed(Failure.RESOURCE, sentence, advice, evidence.log)
    return DeploymentFailed(
        Failure.UNKNOWN, f"{stack}: the engine failed: {said}", "run again with --verbose", evidence.log
    )


def first_line(evidence: Evidence) -> str:
    """The first line that says something, cut to 240 characters."""
    of_resources = [event.text for event in evidence.errors if event.urn]
    lines = "\n".join((*of_resources, evidence.log)).splitlines()
    said = (line.strip().removeprefix("error: ").rstrip(".;") for line in lines)
    told = next((line for line in said if line and not line.startswith("Traceback")), "it did not say why")
    return told if len(told) <= MAX_QUOTE_CHARACTERS else f"{told[: MAX_QUOTE_CHARACTERS - 3]}..."


INTERRUPTED = (Failure.CANCELLED, Failure.KILLED)


def explain_on_host(
    failure: DeploymentFailed, events: Iterable[Event], stack: Stack, environment: Mapping[str, str]
) -> DeploymentFailed:
    """The failure with the machine's own reasons, each told once; as it is where the machine has none."""
    if failure.kind in INTERRUPTED:
        return failure
    ask, given = host_checks(stack.spec.cloud).explain, {**os.environ, **environment}
    reasons = [ask(stack.spec, stack.name, broken, given) for broken in failed_resources(events)]
    found = [reason for reason in reasons if reason is not None]
    if not found:
        return failure
    sentences = "; ".join(dict.fromkeys(reason.sentence for reason in found))
    advice = "; ".join(dict.fromkeys(reason.advice for reason in found))
    return DeploymentFailed(Failure.RESOURCE, f"{stack.name}: {sentences}", advice, failure.log)


def failed_resources(events: Iterable[Event]) -> Iterator[FailedResource]:
    """Resources that failed, each with all that was said of it."""
    told = tuple(events)
    for event in told:
        if isinstance(event, StepFailed):
            said = (each.text for each in told if isinstance(each, EngineMessage) and each.urn == event.step.urn)
            yield FailedResource(event.step.name, event.step.type, "\n".join(said))
