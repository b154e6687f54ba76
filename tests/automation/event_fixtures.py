"""Events for tests: recorded from the engine with fake providers, or built by hand for rare cases."""

import json
from collections.abc import Mapping
from pathlib import Path

from pulumi.automation import EngineEvent

from automation.deploy.engine_events import event_of
from automation.deploy.events import Event, ResourceState, StepMetadata
from automation.plan.inventory import Value
from automation.urn import Urn

RECORDED = Path(__file__).parent / "recorded"
PARENTS = "agent-platform:index:AgentPlatform$agent-platform:index:Region"


def recorded(name: str) -> list[Event]:
    """Return the events of a recording, one second apart, without those that are dropped."""
    lines = (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    events = (event_from_json(json.loads(line), float(second)) for second, line in enumerate(lines))
    return [event for event in events if event is not None]


def event_from_json(document: Mapping[str, Value], seconds: float = 0.0) -> Event | None:
    """Return the event of the engine's JSON."""
    engine_event = EngineEvent.from_json(dict(document))  # the SDK has a bare dict there
    return event_of(engine_event, seconds)


def urn_of(token: str, name: str, component: str = "Database") -> Urn:
    return Urn(f"urn:pulumi:prod::agent-platform::{PARENTS}$agent-platform:index:{component}${token}::{name}")


def step(
    operation: str,
    type_token: str = "aws:rds/instance:Instance",  # noqa: S107  # a type, no password
    name: str = "prod-database",
    component: str = "Database",
    old: Mapping[str, Value] | None = None,
    new: Mapping[str, Value] | None = None,
    replace_keys: tuple[str, ...] = (),
) -> StepMetadata:
    """Return a step; `old` and `new` are both the inputs and the outputs."""
    before, after = (None if values is None else ResourceState("id", values, values) for values in (old, new))
    urn = urn_of(type_token, name, component)
    return StepMetadata(urn, operation, old=before, new=after, replace_keys=replace_keys)
