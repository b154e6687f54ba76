"""Events and results as JSON documents, secrets masked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from automation.cost.summary import CostSummary
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
from automation.plan.diff import ComponentDiff
from automation.plan.inventory import Value

if TYPE_CHECKING:
    # its module loads the Pulumi SDK, which the events of an operation do not need
    from automation.plan.build import Plan

EVENT_NAMES = {
    StepStarted: "started",
    StepCompleted: "completed",
    StepFailed: "failed",
    EngineMessage: "message",
    OperationEnded: "ended",
}


def event_json(event: Event) -> Mapping[str, Value] | None:
    """Return an event; None for a step that changes nothing and for information of the engine."""
    head: dict[str, Value] = {"event": EVENT_NAMES[type(event)], "seconds": round(event.seconds, 3)}
    if isinstance(event, OperationEnded):
        return {**head, "counts": dict(event.counts)}
    if isinstance(event, EngineMessage):
        if event.severity == "info" and event.from_engine:
            return None
        return {**head, "severity": event.severity, "text": event.text, "urn": event.urn}
    step = event.step
    operation = normalize_operation(step.operation)
    if operation == SAME and not isinstance(event, StepFailed):
        return None
    return {
        **head,
        "operation": operation,
        "component": step.component,
        "type": step.short_type,
        "name": step.name,
        "urn": step.urn,
    }


def preview_json(preview: Preview) -> Mapping[str, Value]:
    """Return the changes of a preview; unchanged resources are only counted."""
    return {
        "event": "preview",
        "stack": preview.stack,
        "new": preview.new_stack,
        "counts": dict(preview.counts),
        "changes": [_change_json(change) for change in preview.effective],
    }


def _change_json(change: ResourceChange) -> Mapping[str, Value]:
    return {
        "operation": change.operation,
        "component": change.component,
        "type": change.short_type,
        "name": change.name,
        "urn": change.urn,
        "properties": [asdict(changed) for changed in change.properties],
        "replaces": list(change.replaces),
    }


def outcome_json(outcome: Outcome) -> Mapping[str, Value]:
    """Return the counts, outputs and durations of an operation."""
    seconds = {component: round(value, 3) for component, value in outcome.seconds_by_component.items()}
    return {
        "event": "result",
        "stack": outcome.stack,
        "counts": dict(outcome.counts),
        "outputs": dict(outcome.outputs),
        "seconds": round(outcome.seconds, 3),
        "secondsByComponent": seconds,
    }


def drift_json(stack: str, differences: Sequence[Drift]) -> Mapping[str, Value]:
    """Return the differences between cloud and state."""
    resources = [
        {
            "kind": drift.kind,
            "component": drift.component,
            "type": drift.short_type,
            "name": drift.name,
            "urn": drift.urn,
            "properties": [
                {"path": change.path, "before": change.before, "after": change.after} for change in drift.properties
            ],
        }
        for drift in differences
    ]
    return {"stack": stack, "drift": bool(differences), "resources": resources}


def update_json(update: Update) -> Mapping[str, Value]:
    """Return one update of the history."""
    return {**asdict(update), "started_at": update.started_at.isoformat(), "counts": dict(update.counts)}


def failure_json(failure: DeploymentFailed) -> Mapping[str, Value]:
    """Return the kind, problem and fix of a failed operation."""
    return {"event": "failure", "kind": str(failure.kind), "problem": failure.problem, "fix": failure.fix}


def comparison_json(
    plans: "tuple[Plan, Plan]", components: Sequence[ComponentDiff], costs: tuple[CostSummary, CostSummary]
) -> Mapping[str, Value]:
    """Return the comparison of two plans."""
    left, right = (
        {
            "stack": plan.stack.name,
            "cloud": plan.stack.spec.cloud,
            "cost": asdict(cost),
            "overridden": [asdict(each) for each in plan.overridden],
        }
        for plan, cost in zip(plans, costs, strict=True)
    )
    return {"left": left, "right": right, "components": [_component_json(component) for component in components]}


def _component_json(component: ComponentDiff) -> Mapping[str, Value]:
    return {
        "component": component.component,
        "left": component.left,
        "right": component.right,
        "onlyLeft": dict(component.only_left),
        "onlyRight": dict(component.only_right),
        "changes": [vars(change) for change in component.changes],
    }
