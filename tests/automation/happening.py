"""Events for the tests: recorded from the real engine on stand-ins, or made by hand where a case is rare."""

import json
from collections.abc import Mapping
from pathlib import Path

from pulumi.automation import EngineEvent

from automation.deploy.events import Event, ResourceState, StepMetadata, event_of
from automation.plan.inventory import Value

RECORDED = Path(__file__).parent / "recorded"
PARENTS = "agent-platform:index:AgentPlatform$agent-platform:index:Region"


def recorded(name: str) -> list[Event]:
    """The events of a recording, one second apart, as far as they say something to a reader."""
    lines = (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    events = (event_told(json.loads(line), float(second)) for second, line in enumerate(lines))
    return [event for event in events if event is not None]


def event_told(document: Mapping[str, Value], seconds: float = 0.0) -> Event | None:
    """The event of what the engine tells as JSON."""
    told = EngineEvent.from_json(dict(document))  # pyright: ignore[reportUnknownMemberType]  # the SDK has a bare dict there
    return event_of(told, seconds)


def urn_of(token: str, name: str, component: str = "Database") -> str:
    return f"urn:pulumi:prod::agent-platform::{PARENTS}$agent-platform:index:{component}${token}::{name}"


def step(
    operation: str,
    type_token: str = "aws:rds/instance:Instance",  # noqa: S107  # a type, no password
    name: str = "prod-database",
    component: str = "Database",
    old: Mapping[str, Value] | None = None,
    new: Mapping[str, Value] | None = None,
    forcing: tuple[str, ...] = (),
) -> StepMetadata:
    """A step made by hand; `old` and `new` are inputs and outputs at once."""
    states = [None if values is None else ResourceState("id", values, values) for values in (old, new)]
    return StepMetadata(urn_of(type_token, name, component), operation, old=states[0], new=states[1], forcing=forcing)
