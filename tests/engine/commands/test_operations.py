"""Successful commands with the real engine, and the Python API."""

import json

import pytest

from automation import Deployment
from automation.deploy import Event, StepCompleted
from tests.engine.commands.conftest import DATABASE, SERVICE, STACK, CompletedRun, Trial
from tests.engine.project import PASSPHRASE

pytestmark = pytest.mark.xdist_group("commands")
PROTECTED = "trial-database"
BLUE = {"services.web.environment.COLOUR": "blue"}


def test_up_prints_the_changes_the_time_by_component_and_the_outputs(small: tuple[Trial, CompletedRun]) -> None:
    trial, result = small
    lines = result.out.splitlines()
    assert (result.code, result.err) == (0, "")
    created = len(trial.project.cloud.objects())
    assert lines[0] == f"trial (new)  {created} to create"
    assert any(line.endswith("created    rds:Instance trial-database") for line in lines)
    assert any(line.startswith(f"trial is up  {created} created  ") for line in lines)
    (heading,) = (index for index, line in enumerate(lines) if line.split() == ["component", "duration"])
    assert any(line.startswith("Database ") for line in lines[heading:])
    assert lines[-1].startswith("url") or "url" in result.out


def test_up_prints_no_secret(small: tuple[Trial, CompletedRun]) -> None:
    trial, result = small
    passwords = [
        json.loads(resource.outputs)["result"]
        for resource in trial.project.cloud.objects()
        if "RandomPassword" in resource.token
    ]
    assert passwords
    for secret in (*passwords, PASSPHRASE):
        assert secret not in result.out + result.err


def test_the_selected_stack_of_the_folder_does_not_change(small: tuple[Trial, CompletedRun]) -> None:
    assert "no stack selected" in small[0].project.run("stack", stack=None, expected=None)


def test_a_second_up_changes_nothing(trial: Trial) -> None:
    before = trial.project.cloud.objects()
    result = trial.command("up", STACK, "--yes")
    assert result.code == 0
    assert result.out.splitlines()[0] == f"trial  {len(before)} unchanged"
    assert trial.project.cloud.objects() == before


def test_a_preview_changes_nothing_and_prints_each_property(trial: Trial) -> None:
    trial.write({"database.backup.retention_days": 9})
    before = trial.project.cloud.objects()
    result = trial.command("preview", STACK)
    assert result.code == 0
    assert "~ rds:Instance  trial-database" in result.out
    assert "backupRetentionPeriod: 7 -> 9" in result.out
    assert trial.project.cloud.objects() == before


def test_an_override_for_one_run_is_not_written_to_the_file(trial: Trial) -> None:
    before = trial.stack_file.read_bytes()
    result = trial.command("preview", STACK, "--set", "database.backup.retention_days=9", "--json")
    (change,) = [change for change in json.loads(result.out)["changes"] if change["type"] == "rds:Instance"]
    assert [(found["path"], found["after"]) for found in change["properties"]] == [("backupRetentionPeriod", 9)]
    assert trial.stack_file.read_bytes() == before


def test_json_output_has_one_object_per_line(trial: Trial) -> None:
    trial.write(BLUE)
    result = trial.command("up", STACK, "--yes", "--json")
    documents = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, documents[0]["event"], documents[-1]["event"]) == (0, "preview", "result")
    assert {document["event"] for document in documents[1:-1]} == {"started", "completed", "ended"}
    assert documents[-1]["outputs"]["region"] == "us-west-2"


def test_an_unchanged_cloud_has_no_drift(trial: Trial) -> None:
    result = trial.command("drift", STACK)
    assert (result.code, result.out) == (0, "trial  no drift\n")


def test_drift_is_printed_by_property_with_exit_code_3_and_refreshed(trial: Trial) -> None:
    trial.project.cloud.change(DATABASE, "trial-database", "backupRetentionPeriod", 1)
    result = trial.command("drift", STACK)
    assert result.code == 3
    assert result.out.splitlines() == [
        "trial  1 resource differs from the state",
        "└── Database  1",
        "    └── ~ rds:Instance  trial-database",
        "        └── backupRetentionPeriod: 7 -> 1",
    ]
    assert trial.command("refresh", STACK, "--yes").code == 0
    assert json.loads(trial.command("drift", STACK, "--json").out)["drift"] is False


def test_outputs_and_history_are_printed(trial: Trial) -> None:
    outputs = json.loads(trial.command("outputs", STACK, "--json").out)
    assert outputs["region"] == "us-west-2"
    (update,) = json.loads(trial.command("history", STACK, "--json").out)
    assert (update["version"], update["kind"], update["result"]) == (1, "update", "succeeded")
    assert update["author"]
    assert trial.command("history", STACK).out.splitlines()[1].startswith("1        update  succeeded  ")


def test_a_protected_resource_prevents_the_destruction_of_the_stack(trial: Trial) -> None:
    before = trial.project.cloud.objects()
    result = trial.command("destroy", STACK, "--yes")
    assert result.code == 1
    assert result.sentence == (
        "trial: trial-database is protected and would be lost permanently. "
        "To delete it anyway, run the command again with --unprotect trial-database."
    )
    assert trial.project.cloud.objects() == before


def test_an_unprotected_resource_is_destroyed_with_the_stack(trial: Trial) -> None:
    result = trial.command("destroy", STACK, "--yes", "--unprotect", PROTECTED)
    assert (result.code, result.err) == (0, "")
    assert trial.project.cloud.objects() == []
    assert trial.project.state(STACK) == []


def test_the_python_api_returns_events_with_components_and_a_typed_outcome(trial: Trial) -> None:
    trial.write(BLUE)
    events = list[Event]()
    deployment = Deployment(STACK, trial.project.folder, environment=trial.project.environment)
    preview = deployment.preview()
    assert [(change.operation, change.name) for change in preview.effective] == [
        ("update", "trial-compute-web"),
        ("replace", "trial-compute-web-task"),
    ]
    outcome = deployment.up(events.append, preview=preview)
    done = {
        event.step.component
        for event in events
        if isinstance(event, StepCompleted) and event.step.operation == "update"
    }
    assert "Compute" in done
    assert outcome.counts["replace"] == 1
    assert outcome.outputs["cloud"] == "aws"
    assert set(outcome.seconds_by_component) == {"Compute"}
    assert trial.project.cloud.calls("update")[-1] == (SERVICE, "trial-compute-web")
