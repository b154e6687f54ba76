"""What the commands do on the real engine when all goes well, and what the Python way gives."""

import json

import pytest

from automation import Deployment
from automation.deploy import Event, StepCompleted
from tests.engine.commands.conftest import DATABASE, SERVICE, STACK, CommandResult, Trial
from tests.engine.project import PASSPHRASE

pytestmark = pytest.mark.xdist_group("commands")
PROTECTED = "trial-database"
BLUE = {"services.web.environment.COLOUR": "blue"}


def test_up_shows_the_changes_makes_them_and_ends_with_rooms_and_outputs(small: tuple[Trial, CommandResult]) -> None:
    trial, result = small
    lines = result.out.splitlines()
    assert (result.code, result.err) == (0, "")
    made = len(trial.project.cloud.objects())
    assert lines[0] == f"trial (new)  {made} to create"
    assert any(line.endswith("created    rds:Instance trial-database") for line in lines)
    assert any(line.startswith(f"trial is up  {made} created  ") for line in lines)
    assert any(line.startswith("Database ") for line in lines[lines.index("room         took") :])
    assert lines[-1].startswith("url") or "url" in result.out


def test_up_tells_nothing_secret(small: tuple[Trial, CommandResult]) -> None:
    trial, result = small
    passwords = [
        json.loads(resource.outputs)["result"]
        for resource in trial.project.cloud.objects()
        if "RandomPassword" in resource.token
    ]
    assert passwords
    for secret in (*passwords, PASSPHRASE):
        assert secret not in result.out + result.err


def test_no_stack_is_selected_for_whoever_works_in_the_folder(small: tuple[Trial, CommandResult]) -> None:
    assert "no stack selected" in small[0].project.run("stack", stack=None, expected=None)


def test_up_of_what_is_up_changes_nothing(trial: Trial) -> None:
    before = trial.project.cloud.objects()
    result = trial.command("up", STACK, "--yes")
    assert result.code == 0
    assert result.out.splitlines()[0] == f"trial  {len(before)} unchanged"
    assert trial.project.cloud.objects() == before


def test_a_preview_changes_nothing_and_tells_each_property(trial: Trial) -> None:
    trial.write({"database.backup.retention_days": 9})
    before = trial.project.cloud.objects()
    result = trial.command("preview", STACK)
    assert result.code == 0
    assert "~ rds:Instance  trial-database" in result.out
    assert "backupRetentionPeriod: 7 -> 9" in result.out
    assert trial.project.cloud.objects() == before


def test_a_setting_for_one_run_is_not_written_into_the_file(trial: Trial) -> None:
    before = trial.stack_file.read_bytes()
    result = trial.command("preview", STACK, "--set", "database.backup.retention_days=9", "--json")
    (change,) = [change for change in json.loads(result.out)["changes"] if change["type"] == "rds:Instance"]
    assert [(found["path"], found["after"]) for found in change["properties"]] == [("backupRetentionPeriod", 9)]
    assert trial.stack_file.read_bytes() == before


def test_machines_get_an_object_a_line(trial: Trial) -> None:
    trial.write(BLUE)
    result = trial.command("up", STACK, "--yes", "--json")
    documents = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, documents[0]["event"], documents[-1]["event"]) == (0, "preview", "result")
    assert {document["event"] for document in documents[1:-1]} == {"started", "completed", "ended"}
    assert documents[-1]["outputs"]["region"] == "us-west-2"


def test_where_the_cloud_is_as_it_was_left_there_is_no_drift(trial: Trial) -> None:
    result = trial.command("drift", STACK)
    assert (result.code, result.out) == (0, "trial  no drift\n")


def test_drift_is_told_by_property_with_an_exit_code_of_its_own_and_taken_over(trial: Trial) -> None:
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


def test_outputs_and_history_are_told(trial: Trial) -> None:
    outputs = json.loads(trial.command("outputs", STACK, "--json").out)
    assert outputs["region"] == "us-west-2"
    (update,) = json.loads(trial.command("history", STACK, "--json").out)
    assert (update["version"], update["kind"], update["result"]) == (1, "update", "succeeded")
    assert update["author"]
    assert trial.command("history", STACK).out.splitlines()[1].startswith("1        update  succeeded  ")


def test_what_is_protected_is_not_destroyed_and_nothing_else_either(trial: Trial) -> None:
    before = trial.project.cloud.objects()
    result = trial.command("destroy", STACK, "--yes")
    assert result.code == 1
    assert result.sentence == (
        "trial: trial-database is protected and would be lost permanently. "
        "To delete it anyway, run the command again with --unprotect trial-database."
    )
    assert trial.project.cloud.objects() == before


def test_what_is_named_is_destroyed_with_all_the_rest(trial: Trial) -> None:
    result = trial.command("destroy", STACK, "--yes", "--unprotect", PROTECTED)
    assert (result.code, result.err) == (0, "")
    assert trial.project.cloud.objects() == []
    assert trial.project.state(STACK) == []


def test_in_python_the_events_come_with_their_rooms_and_the_outcome_has_types(trial: Trial) -> None:
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
