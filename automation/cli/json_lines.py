"""Events and results for machines: one JSON object a line, secrets masked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from automation.deploy.changes import ResourceChange
from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import (
    SAME,
    EngineMessage,
    Event,
    OperationEnded,
    StepCompleted,
    StepFailed,
    StepStarted,
    normalize_operation,
)
from automation.deploy.results import Drift, Outcome, Preview, Update
from automation.plan.inventory import Value

NAMES = {
    StepStarted: "begun",
    StepCompleted: "done",
    StepFailed: "failed",
    EngineMessage: "said",
    OperationEnded: "ended",
}


def event_json(event: Event) -> Mapping[str, Value] | None:
    """An event, or None for a step that changes nothing and for what is only said in passing."""
    head: dict[str, Value] = {"event": NAMES[type(event)], "seconds": round(event.seconds, 3)}
    if isinstance(event, OperationEnded):
        return {**head, "counts": dict(event.counts)}
    if isinstance(event, EngineMessage):
        return (
            None
            if event.severity == "info" and event.from_engine
            else {**head, "severity": event.severity, "text": event.text, "urn": event.urn}
        )
    step = event.step
    operation = normalize_operation(step.operation)
    if operation == SAME and not isinstance(event, StepFailed):
        return None
    return {
        **head,
        "operation": operation,
        "room": step.component,
        "type": step.short_type,
        "name": step.name,
        "urn": step.urn,
    }


def preview_json(preview: Preview) -> Mapping[str, Value]:
    """What a preview found; unchanged resources are counted and not listed."""
    changes = [change_json(change) for change in preview.effective]
    return {
        "event": "preview",
        "stack": preview.stack,
        "new": preview.new_stack,
        "counts": dict(preview.counts),
        "changes": changes,
    }


def change_json(change: ResourceChange) -> Mapping[str, Value]:
    """One change."""
    return {
        "operation": change.operation,
        "room": change.component,
        "type": change.short_type,
        "name": change.name,
        "urn": change.urn,
        "properties": [asdict(told) for told in change.properties],
        "replaces": list(change.replaces),
    }


def outcome_json(outcome: Outcome) -> Mapping[str, Value]:
    """What an update has done."""
    return {
        "event": "result",
        "stack": outcome.stack,
        "counts": dict(outcome.counts),
        "outputs": dict(outcome.outputs),
        "seconds": round(outcome.seconds, 3),
        "secondsByRoom": {component: round(seconds, 3) for component, seconds in outcome.seconds_by_component.items()},
    }


def drift_json(stack: str, found: Sequence[Drift]) -> Mapping[str, Value]:
    """What in the cloud is not as the stack left it."""
    resources = [
        {
            "kind": drift.kind,
            "room": drift.component,
            "type": drift.short_type,
            "name": drift.name,
            "urn": drift.urn,
            "properties": [
                {"path": told.path, "before": told.before, "after": told.after} for told in drift.properties
            ],
        }
        for drift in found
    ]
    return {"stack": stack, "drift": bool(found), "resources": resources}


def update_json(update: Update) -> Mapping[str, Value]:
    """One update of the history."""
    return {**asdict(update), "started_at": update.started_at.isoformat(), "counts": dict(update.counts)}


def failure_json(failure: DeploymentFailed) -> Mapping[str, Value]:
    """Why an operation failed."""
    return {"event": "failure", "kind": str(failure.kind), "sentence": failure.problem, "advice": failure.fix}


def line(document: Mapping[str, Value]) -> str:
    """One line."""
    return json.dumps(document, default=str)
