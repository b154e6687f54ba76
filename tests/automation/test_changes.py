"""What an update would change: one change a resource, however many steps it takes, and the properties that differ."""

from dataclasses import replace

from automation.deploy.changes import (
    PropertyChange,
    completed_changes,
    count_by_operation,
    effective_changes,
    group_by_component,
    planned_changes,
    property_changes,
)
from automation.deploy.events import StepCompleted, StepStarted
from automation.deploy.results import drift_from_events
from tests.automation.happening import recorded, step


def test_a_replacement_is_one_change_however_many_steps_it_takes() -> None:
    operations = {change.name: change.operation for change in planned_changes(recorded("replace")) if change.managed}
    assert operations == {
        "trial-keys-data": "same",
        "trial-network": "same",
        "trial-database": "replace",
        "trial-database-database-url-value": "replace",
        "trial-compute-web": "update",
        "trial-compute-web-task": "replace",
    }


def test_a_replacement_names_the_properties_that_force_it_and_those_that_only_change() -> None:
    database = next(c for c in planned_changes(recorded("replace")) if c.name == "trial-database" and c.managed)
    assert database.replaces == ("dbName",)
    assert database.properties == (
        PropertyChange("backupRetentionPeriod", 3, 7),
        PropertyChange("dbName", "former", "agents", forces=True),
    )


def test_counts_hold_the_clouds_resources_and_no_components() -> None:
    assert count_by_operation(planned_changes(recorded("replace"))) == {"replace": 3, "update": 1, "same": 2}


def test_what_stays_the_same_is_no_change() -> None:
    assert {change.operation for change in effective_changes(planned_changes(recorded("replace")))} == {
        "replace",
        "update",
    }


def test_rooms_stand_in_the_order_of_the_telling() -> None:
    assert list(group_by_component(planned_changes(recorded("replace")))) == ["Keys", "Network", "Database", "Compute"]


def test_a_failed_step_has_changed_nothing() -> None:
    operations = {change.name: change.operation for change in completed_changes(recorded("fail")) if change.managed}
    assert "trial-compute-web" not in operations
    assert operations["trial-compute-web-task"] == "replace"


def test_what_an_earlier_replacement_left_behind_is_deleted() -> None:
    operations = {change.name: change.operation for change in completed_changes(recorded("up")) if change.managed}
    assert operations["trial-compute-web-task"] == "delete"


def test_a_change_of_a_secret_is_told_without_its_value() -> None:
    same = {"password": "[secret]"}
    (found,) = property_changes(replace(step("update", old=same, new=same), changed=("password",)), "update")
    assert (found.path, found.before, found.after) == ("password", "[secret]", "[secret]")


def test_without_a_detailed_difference_the_inputs_are_compared() -> None:
    (change,) = planned_changes(
        [StepStarted(0, step("update", old={"a": {"b": 1}, "c": 2}, new={"a": {"b": 3}, "c": 2}))]
    )
    assert change.properties == (PropertyChange("a.b", 1, 3),)


def test_a_forcing_property_that_is_not_seen_to_differ_is_told_all_the_same() -> None:
    (change,) = planned_changes([StepStarted(0, step("replace", old={"a": 1}, new={"a": 1}, forcing=("engine",)))])
    assert change.replaces == ("engine",)


def test_nothing_is_told_of_the_properties_of_what_goes() -> None:
    (change,) = planned_changes([StepCompleted(0, step("delete", old={"a": 1}))])
    assert (change.operation, change.properties) == ("delete", ())


def test_what_the_state_forgets_is_no_deletion() -> None:
    (change,) = planned_changes([StepStarted(0, step("discard", old={}))])
    assert change.operation == "forget"


def test_drift_is_told_by_resource_and_property() -> None:
    found = {drift.name: drift for drift in drift_from_events(recorded("drift"))}
    assert set(found) == {"trial-keys-telemetry", "trial-database"}
    assert (found["trial-keys-telemetry"].kind, found["trial-keys-telemetry"].properties) == ("gone", ())
    assert found["trial-database"].kind == "changed"
    assert found["trial-database"].properties == (PropertyChange("backupRetentionPeriod", 7, 1),)


def test_drift_of_an_output_is_told_with_what_the_cloud_has_now() -> None:
    (drift,) = drift_from_events([StepCompleted(0, step("update", old={"tag": "a"}, new={"tag": "b"}))])
    assert drift.properties == (PropertyChange("tag", "a", "b"),)
