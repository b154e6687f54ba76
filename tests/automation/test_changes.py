"""Changes of an operation: one per resource, however many steps it has, with the properties that differ."""

from dataclasses import replace

from automation.deploy.changes import (
    PropertyChange,
    completed_changes,
    count_by_operation,
    differing_paths,
    effective_changes,
    group_by_component,
    path_parts,
    planned_changes,
    property_changes,
    value_at,
)
from automation.deploy.events import StepCompleted, StepStarted
from automation.deploy.results import drift_from_events
from tests.automation.event_fixtures import recorded, step


def test_a_replacement_is_one_change_however_many_steps_it_has() -> None:
    changes = planned_changes(recorded("replace"))
    assert {change.name: change.operation for change in changes if change.managed} == {
        "trial-keys-data": "same",
        "trial-network": "same",
        "trial-database": "replace",
        "trial-database-database-url-value": "replace",
        "trial-compute-web": "update",
        "trial-compute-web-task": "replace",
    }


def test_a_replacement_separates_properties_that_force_it_from_those_that_only_change() -> None:
    changes = planned_changes(recorded("replace"))
    database = next(change for change in changes if change.name == "trial-database" and change.managed)
    assert database.replaces == ("dbName",)
    assert database.properties == (
        PropertyChange("backupRetentionPeriod", 3, 7),
        PropertyChange("dbName", "former", "agents", forces=True),
    )


def test_counts_include_managed_resources_and_no_components() -> None:
    assert count_by_operation(planned_changes(recorded("replace"))) == {"replace": 3, "update": 1, "same": 2}


def test_an_unchanged_resource_is_no_effective_change() -> None:
    effective = effective_changes(planned_changes(recorded("replace")))
    assert {change.operation for change in effective} == {"replace", "update"}


def test_a_changed_protection_is_an_update_of_the_state() -> None:
    unchanged = step("same", old={"name": "a"}, new={"name": "a"})
    (before, after) = (unchanged.old, unchanged.new)
    assert before is not None and after is not None
    protected = replace(unchanged, new=replace(after, protect=True))
    (change,) = planned_changes([StepCompleted(0.0, protected)])
    assert (change.operation, change.properties) == ("update", (PropertyChange("protect", before=False, after=True),))
    assert [each.operation for each in planned_changes([StepCompleted(0.0, unchanged)])] == ["same"]


def test_components_have_the_order_of_the_plan() -> None:
    components = group_by_component(planned_changes(recorded("replace")))
    assert list(components) == ["Keys", "Network", "Database", "Compute"]


def test_a_failed_step_is_no_completed_change() -> None:
    changes = completed_changes(recorded("fail"))
    operations = {change.name: change.operation for change in changes if change.managed}
    assert "trial-compute-web" not in operations
    assert operations["trial-compute-web-task"] == "replace"


def test_the_rest_of_an_earlier_replacement_is_deleted() -> None:
    changes = completed_changes(recorded("up"))
    operations = {change.name: change.operation for change in changes if change.managed}
    assert operations["trial-compute-web-task"] == "delete"


def test_a_changed_secret_is_reported_without_its_value() -> None:
    masked = {"password": "[secret]"}
    (change,) = property_changes(replace(step("update", old=masked, new=masked), changed_keys=("password",)), "update")
    assert (change.path, change.before, change.after) == ("password", "[secret]", "[secret]")


def test_without_a_detailed_diff_the_inputs_are_compared() -> None:
    (change,) = planned_changes(
        [StepStarted(0, step("update", old={"a": {"b": 1}, "c": 2}, new={"a": {"b": 3}, "c": 2}))]
    )
    assert change.properties == (PropertyChange("a.b", 1, 3),)


def test_a_property_that_forces_a_replacement_is_reported_even_when_its_values_are_equal() -> None:
    (change,) = planned_changes([StepStarted(0, step("replace", old={"a": 1}, new={"a": 1}, replace_keys=("engine",)))])
    assert change.replaces == ("engine",)


def test_a_deleted_resource_has_no_property_changes() -> None:
    (change,) = planned_changes([StepCompleted(0, step("delete", old={"a": 1}))])
    assert (change.operation, change.properties) == ("delete", ())


def test_a_resource_that_the_state_forgets_is_not_deleted() -> None:
    (change,) = planned_changes([StepStarted(0, step("discard", old={}))])
    assert change.operation == "forget"


def test_drift_is_reported_by_resource_and_property() -> None:
    drifts = {drift.name: drift for drift in drift_from_events(recorded("drift"))}
    assert set(drifts) == {"trial-keys-telemetry", "trial-database"}
    assert (drifts["trial-keys-telemetry"].kind, drifts["trial-keys-telemetry"].properties) == ("gone", ())
    assert drifts["trial-database"].kind == "changed"
    assert drifts["trial-database"].properties == (PropertyChange("backupRetentionPeriod", 7, 1),)


def test_drift_of_an_output_has_the_value_in_the_cloud() -> None:
    (drift,) = drift_from_events([StepCompleted(0, step("update", old={"tag": "a"}, new={"tag": "b"}))])
    assert drift.properties == (PropertyChange("tag", "a", "b"),)


def test_new_content_under_the_same_name_is_drift() -> None:
    """The engine reports a refresh that changes outputs alone as `same`."""
    image, content = "docker:index/remoteImage:RemoteImage", {"docker:index/remoteImage:RemoteImage": "imageId"}
    built_again = step("same", image, old={"imageId": "a"}, new={"imageId": "b"})
    (drift,) = drift_from_events([StepCompleted(0, built_again)], content)
    assert (drift.kind, drift.properties) == ("changed", (PropertyChange("imageId", "a", "b"),))
    unchanged = step("same", image, old={"imageId": "a", "name": "x"}, new={"imageId": "a", "name": "y"})
    assert list(drift_from_events([StepCompleted(0, unchanged)], content)) == []


def test_a_path_leads_through_lists_and_quoted_keys() -> None:
    values = {"rules": [{"tags": {"a.b": 7}}]}
    assert path_parts('rules[0].tags["a.b"]') == ("rules", 0, "tags", "a.b")
    assert value_at(values, 'rules[0].tags["a.b"]') == 7


def test_an_unknown_path_has_no_value() -> None:
    assert value_at({"rules": []}, "rules[3].port") is None


def test_objects_differ_at_the_paths_of_their_leaves() -> None:
    assert list(differing_paths({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}, "d": 4})) == ["a.c", "d"]
    assert list(differing_paths({"tags": {"a.b": 1}}, {"tags": {"a.b": 2}})) == ['tags["a.b"]']
