"""The engine's events as our own: placed in their rooms, secrets masked, what says nothing left out."""

from pulumi.automation import EngineEvent, OpType, SummaryEvent

from automation.deploy.changes import differing_paths, path_parts, value_at
from automation.deploy.clock import Clock
from automation.deploy.events import (
    EngineMessage,
    Event,
    EventCollector,
    OperationEnded,
    StepCompleted,
    StepFailed,
    StepStarted,
    masked,
)
from automation.deploy.urn import component_of, name_of, type_of
from automation.plan.inventory import Value
from tests.automation.happening import event_told, recorded, urn_of

SIGNATURE = "4dabf18193072939515e22adb298388d"


def said(severity: str, **more: Value) -> Event | None:
    diagnostic = {"message": "all is well\n", "color": "never", "severity": severity, **more}
    return event_told({"sequence": 1, "timestamp": 1, "diagnosticEvent": diagnostic}, 2.0)


def test_a_urn_tells_type_name_and_room() -> None:
    urn = urn_of("aws:rds/instance:Instance", "prod-database")
    assert (type_of(urn), name_of(urn), component_of(urn)) == ("aws:rds/instance:Instance", "prod-database", "Database")


def test_a_name_may_hold_the_urns_own_separator() -> None:
    assert name_of(urn_of("aws:sns/topic:Topic", "a::b")) == "a::b"


def test_the_stack_itself_stands_in_no_room() -> None:
    assert component_of("urn:pulumi:prod::agent-platform::pulumi:pulumi:Stack::agent-platform-prod") == "Stack"


def test_a_component_is_its_own_room_and_is_not_made_by_a_cloud() -> None:
    component = next(e for e in recorded("up") if isinstance(e, StepStarted) and e.step.type.endswith(":Network"))
    assert (component.step.component, component.step.managed) == ("Network", False)


def test_a_recorded_replacement_tells_its_reason() -> None:
    steps = [e.step for e in recorded("replace") if isinstance(e, StepStarted) and e.step.operation == "replace"]
    database = next(step for step in steps if step.name == "trial-database")
    assert database.forcing == ("dbName",)
    assert database.differences["dbName"].kind == "update-replace"
    assert database.planning


def test_a_recorded_failure_is_a_failed_step_after_its_reason() -> None:
    events = recorded("fail")
    failed = next(place for place, event in enumerate(events) if isinstance(event, StepFailed))
    reason = events[failed - 1]
    assert isinstance(reason, EngineMessage)
    assert reason.text == "update failed: the quota of this account is used up"


def test_the_end_tells_how_many_resources_each_operation_was_for() -> None:
    assert recorded("up")[-1] == OperationEnded(14.0, {"same": 117, "update": 1})


def test_debug_messages_are_left_out() -> None:
    assert said("debug") is None


def test_passing_messages_are_left_out() -> None:
    assert said("warning", ephemeral=True) is None


def test_what_a_program_prints_on_standard_error_is_only_information() -> None:
    event = said("info#err")
    assert isinstance(event, EngineMessage)
    assert (event.severity, event.text) == ("info", "all is well")


def test_no_recording_gives_a_password_away() -> None:
    states = [e.step.new for e in recorded("replace") if isinstance(e, StepStarted | StepCompleted) and e.step.new]
    passwords = {str(state.inputs[key]) for state in states for key in state.inputs if key == "password"}
    assert passwords == {"[secret]"}


def test_a_secret_is_masked_however_deep_it_stands() -> None:
    secret = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    assert masked({"a": [{"b": secret}]}) == {"a": [{"b": "[secret]"}]}


def test_an_unknown_value_is_told_as_unknown() -> None:
    assert masked(["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]) == ["[unknown]"]


def test_a_reference_is_told_by_what_it_refers_to() -> None:
    assert masked({SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:x"}) == "urn:x"


def test_a_path_leads_through_lists_and_quoted_keys() -> None:
    values = {"rules": [{"tags": {"a.b": 7}}]}
    assert path_parts('rules[0].tags["a.b"]') == ("rules", 0, "tags", "a.b")
    assert value_at(values, 'rules[0].tags["a.b"]') == 7


def test_a_path_that_leads_nowhere_gives_nothing() -> None:
    assert value_at({"rules": []}, "rules[3].port") is None


def test_objects_differ_where_their_leaves_do() -> None:
    assert list(differing_paths({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}, "d": 4})) == ["a.c", "d"]


def test_a_room_takes_from_its_first_change_to_its_last() -> None:
    told = EventCollector(Clock(seconds=lambda: 0.0))
    told.events = recorded("up")
    assert told.seconds_by_component == {"Compute": 3.0}


def test_what_a_watcher_raises_reaches_the_caller_when_the_engine_has_ended() -> None:
    def broken(event: Event) -> None:
        raise ValueError("the screen is gone")

    told = EventCollector(Clock(), broken)
    told.take(EngineEvent(1, 1, summary_event=SummaryEvent(False, 1, {OpType.SAME: 1}, {})))
    assert [type(event) for event in told.events] == [OperationEnded]
    try:
        told.raise_callback_error()
    except ValueError as problem:
        assert str(problem) == "the screen is gone"
    else:
        raise AssertionError("the problem was lost")
