"""Typed events of the engine: component of each resource, masked secrets, dropped messages."""

import pytest
from pulumi.automation import EngineEvent, OpType, SummaryEvent

from automation.deploy.engine_events import EventCollector, masked
from automation.deploy.events import (
    EngineMessage,
    Event,
    OperationEnded,
    StepCompleted,
    StepFailed,
    StepStarted,
)
from automation.deploy.results import Clock
from automation.plan.inventory import Value
from tests.automation.event_fixtures import event_from_json, recorded

SIGNATURE = "4dabf18193072939515e22adb298388d"


def diagnostic(severity: str, **fields: Value) -> Event | None:
    event = {"message": "no problems\n", "color": "never", "severity": severity, **fields}
    return event_from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": event}, 2.0)


def test_a_component_is_its_own_component_and_is_not_managed() -> None:
    component = next(e for e in recorded("up") if isinstance(e, StepStarted) and e.step.type.endswith(":Network"))
    assert (component.step.component, component.step.managed) == ("Network", False)


def test_a_recorded_replacement_has_its_cause() -> None:
    steps = [e.step for e in recorded("replace") if isinstance(e, StepStarted) and e.step.operation == "replace"]
    database = next(step for step in steps if step.name == "trial-database")
    assert database.replace_keys == ("dbName",)
    assert database.detailed_diff["dbName"].kind == "update-replace"
    assert database.planning


def test_a_recorded_failure_is_a_failed_step_after_its_cause() -> None:
    events = recorded("fail")
    failed = next(index for index, event in enumerate(events) if isinstance(event, StepFailed))
    cause = events[failed - 1]
    assert isinstance(cause, EngineMessage)
    assert cause.text == "update failed: the quota of this account is used up"


def test_the_end_has_the_number_of_resources_by_operation() -> None:
    assert recorded("up")[-1] == OperationEnded(14.0, {"same": 117, "update": 1})


def test_debug_messages_are_dropped() -> None:
    assert diagnostic("debug") is None


def test_ephemeral_messages_are_dropped() -> None:
    assert diagnostic("warning", ephemeral=True) is None


def test_output_of_the_program_on_standard_error_is_information() -> None:
    event = diagnostic("info#err")
    assert isinstance(event, EngineMessage)
    assert (event.severity, event.text) == ("info", "no problems")


def test_no_recording_contains_a_password() -> None:
    states = [e.step.new for e in recorded("replace") if isinstance(e, StepStarted | StepCompleted) and e.step.new]
    passwords = {str(state.inputs[key]) for state in states for key in state.inputs if key == "password"}
    assert passwords == {"[secret]"}


def test_a_secret_is_masked_at_any_depth() -> None:
    secret = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    assert masked({"a": [{"b": secret}]}) == {"a": [{"b": "[secret]"}]}


def test_an_unknown_value_is_marked_as_unknown() -> None:
    assert masked(["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]) == ["[unknown]"]


def test_a_reference_is_replaced_by_its_urn() -> None:
    assert masked({SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:x"}) == "urn:x"


def test_the_duration_of_a_component_spans_its_first_and_last_change() -> None:
    collector = EventCollector(Clock(seconds=lambda: 0.0))
    collector.events = recorded("up")
    assert collector.seconds_by_component == {"Compute": 3.0}


def test_an_exception_of_the_callback_reaches_the_caller_after_the_operation() -> None:
    def fail(event: Event) -> None:
        raise ValueError("the terminal is closed")

    collector = EventCollector(Clock(), fail)
    collector.add(EngineEvent(1, 1, summary_event=SummaryEvent(False, 1, {OpType.SAME: 1}, {})))
    assert [type(event) for event in collector.events] == [OperationEnded]
    with pytest.raises(ValueError, match="the terminal is closed"):
        collector.raise_callback_error()
