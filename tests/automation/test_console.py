"""Output of a deployment: trees of changes and drift, lines, JSON, progress, history."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import pytest
from rich.console import Console, RenderableType

from automation.cli.deployment_text import (
    component_counts,
    drift_tree,
    history_text,
    outcome_text,
    outputs_text,
    preview_tree,
)
from automation.cli.display import Display, Progress, event_line, headline, progress_tree
from automation.cli.formats import duration, value_pair
from automation.cli.json_lines import drift_json, event_json, failure_json, outcome_json, preview_json
from automation.deploy.changes import completed_changes, planned_changes
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event, StepCompleted, StepFailed, StepStarted
from automation.deploy.results import Outcome, Preview, Update, drift_from_events
from automation.plan.inventory import Value
from tests.automation.event_fixtures import recorded, step

PREVIEW = Preview("trial", planned_changes(recorded("replace")))
OUTCOME = Outcome(
    "trial",
    completed_changes(recorded("up")),
    {"url": "https://agents.example.com", "password": "[secret]", "services": {"web": "http://web:8000"}},
    75.4,
    {"Compute": 61.0, "Network": 0.01},
)
VPC = "aws:ec2/vpc:Vpc"


def text_of(content: RenderableType) -> str:
    stream = io.StringIO()
    Console(file=stream, width=140).print(content)
    return stream.getvalue()


def progress_of(events: list[Event], totals: Mapping[str, int] | None = None) -> Progress:
    progress = Progress(totals or {})
    for event in events:
        progress.take(event)
    return progress


def test_a_preview_is_a_tree_by_component_with_counts() -> None:
    assert text_of(preview_tree(PREVIEW)).splitlines() == [
        "trial  3 to replace, 1 to update, 2 unchanged",
        "├── Database  2",
        "│   ├── +- rds:Instance  trial-database",
        "│   │   ├── backupRetentionPeriod: 3 -> 7",
        '│   │   └── dbName: "former" -> "agents"  forces replacement',
        "│   └── +- secretsmanager:SecretVersion  trial-database-database-url-value",
        "│       └── secretString  forces replacement",
        "└── Compute  2",
        "    ├── ~ ecs:Service  trial-compute-web",
        '    │   └── taskDefinition: "arn:aws:standin:us-west-2:111122223333:taskdefinition-d3126... -> [unknown]',
        "    └── +- ecs:TaskDefinition  trial-compute-web-task",
        '        └── containerDefinitions: [{"name":"web","environment":[]}] -> [{"name":"web","environment":[]}]  forces replacement',
    ]


def test_created_resources_of_one_type_share_a_line() -> None:
    steps = [StepStarted(0, step("create", VPC, f"prod-network-{n}", "Network", new={})) for n in range(8)]
    result = text_of(preview_tree(Preview("prod", planned_changes(steps))))
    assert "+ ec2:Vpc x8  0, 1, 2, 3, 4, 5 and 2 more" in result


def test_a_preview_without_changes_shows_counts() -> None:
    same = Preview("prod", planned_changes([StepStarted(0, step("same", old={}, new={}))]))
    assert text_of(preview_tree(same)).strip() == "prod  1 unchanged"


def test_long_values_are_cut_to_the_part_that_differs() -> None:
    before, after = value_pair("x" * 200 + "1", "x" * 200 + "2")
    assert before.startswith("...") and before.endswith('1"') and after.endswith('2"')
    assert max(len(before), len(after)) < 70


def test_a_secret_is_shown_masked() -> None:
    assert value_pair("[secret]", "[secret]") == ("[secret]", "[secret]")


def test_drift_is_a_tree_by_component_resource_and_property() -> None:
    result = text_of(drift_tree("trial", tuple(drift_from_events(recorded("drift"))))).splitlines()
    assert result == [
        "trial  2 resources differ from the state",
        "├── Keys  1",
        "│   └── - kms:Key  trial-keys-telemetry  is missing",
        "└── Database  1",
        "    └── ~ rds:Instance  trial-database",
        "        └── backupRetentionPeriod: 7 -> 1",
    ]


def test_no_drift_is_one_line() -> None:
    assert text_of(drift_tree("prod", ())).strip() == "prod  no drift"


def test_a_piped_update_is_a_line_for_each_change() -> None:
    lines = [line for line in map(event_line, recorded("up")) if line is not None]
    assert lines == [
        "      11 s  Compute       updated    ecs:Service trial-compute-web",
        "      13 s  Compute       deleted    ecs:TaskDefinition trial-compute-web-task",
    ]


def test_a_failure_is_in_upper_case() -> None:
    lines = [line for line in map(event_line, recorded("fail")) if line is not None]
    assert lines[-1] == "      16 s  Compute       FAILED     ecs:Service trial-compute-web"


def test_a_replacement_is_one_line() -> None:
    lines = [line for line in map(event_line, recorded("fail")) if line is not None and "task" in line]
    assert len(lines) == 1


def test_a_warning_is_shown_once_in_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    display, warning = Display(as_json=False), EngineMessage(1.0, "warning", "that setting is deprecated\nand more")
    with display.read_only("prod") as on_event:
        on_event(warning)
    with display.changes("prod", {}) as on_event:
        on_event(warning)
    assert capsys.readouterr().out == "warning: that setting is deprecated\n"


def test_output_of_the_program_is_not_shown() -> None:
    assert event_line(EngineMessage(1.0, "info", "debugging 1 2 3")) is None


def test_a_piped_command_prints_no_escape_sequences(capsys: pytest.CaptureFixture[str]) -> None:
    with Display(as_json=False).changes("prod", {"Compute": 2}) as on_event:
        for event in recorded("up"):
            on_event(event)
    assert "\x1b" not in capsys.readouterr().out


def test_json_output_is_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Display(as_json=True).changes("prod", {}) as on_event:
        for event in recorded("fail"):
            on_event(event)
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [document["event"] for document in documents] == [
        "started", "completed", "started", "completed", "started", "message", "failed", "message", "ended",
    ]  # fmt: skip
    assert documents[6]["name"] == "trial-compute-web"


def test_json_output_leaves_out_unchanged_resources() -> None:
    assert event_json(StepCompleted(1.0, step("same", old={}, new={}))) is None


def test_the_json_of_a_preview_lists_changes_and_counts_the_rest() -> None:
    document = preview_json(PREVIEW)
    assert document["counts"] == {"replace": 3, "update": 1, "same": 2}
    changes = cast("list[dict[str, Value]]", document["changes"])
    assert {change["operation"] for change in changes} == {"replace", "update"}
    assert changes[0]["replaces"] == ["dbName"]


def test_the_json_of_drift_has_a_flag() -> None:
    assert drift_json("prod", ()) == {"stack": "prod", "drift": False, "resources": []}


def test_an_outcome_shows_counts_durations_and_outputs() -> None:
    assert text_of(outcome_text(OUTCOME, "is up")).splitlines() == [
        "trial is up  1 deleted, 1 updated, 3 unchanged  1 min 15 s",
        "",
        "component  duration",
        "Compute    1 min 1 s",
        "",
        "output    value",
        "url       https://agents.example.com",
        "password  [secret]",
        'services  {"web": "http://web:8000"}',
    ]


def test_the_json_of_an_outcome_has_seconds_by_component() -> None:
    document = outcome_json(OUTCOME)
    assert (document["seconds"], document["secondsByComponent"]) == (75.4, {"Compute": 61.0, "Network": 0.01})


def test_a_long_output_stays_on_its_line() -> None:
    assert outputs_text({"url": "x" * 300}).plain.count("\n") == 1


def test_the_history_is_a_table() -> None:
    when = datetime(2026, 11, 21, 11, 31, 55, tzinfo=UTC)
    counts = {"create": 3, "create-replacement": 1, "same": 2}
    updates = (
        Update(2, "update", "failed", when, None, counts, author="maria"),
        Update(1, "update", "succeeded", when, 48.0, {"create": 301}),
    )
    assert history_text(updates).plain.splitlines() == [
        "version  kind    result     started                  duration  changes                             author",
        "2        update  failed     2026-11-21 11:31:55 UTC            1 replaced, 3 created, 2 unchanged  maria",
        "1        update  succeeded  2026-11-21 11:31:55 UTC  48 s      301 created",
    ]


def test_progress_counts_a_replacement_once() -> None:
    progress = progress_of(recorded("fail"), {"Compute": 2})
    assert (progress.done, progress.total) == (1, 2)


def test_progress_shows_running_steps_with_their_duration() -> None:
    begun = StepStarted(4.0, step("create", VPC, "prod-network", "Network", new={}))
    result = text_of(progress_tree("prod  updating", progress_of([begun], {"Network": 3}), 64.0))
    assert result.splitlines() == [
        "prod  updating  0 of 3  1 min 4 s",
        "└── Network           0 of 3  creating prod-network 1 min 0 s",
    ]


def test_progress_counts_a_failure_in_its_component() -> None:
    component = progress_of(recorded("fail"), {"Compute": 2}).components[0]
    assert (component.name, component.failed, component.complete) == ("Compute", 1, False)


def test_a_component_is_complete_when_its_forecast_is_done() -> None:
    done = StepCompleted(1.0, step("create", VPC, "prod-network", "Network", new={}))
    assert progress_of([done], {"Network": 1}).components[0].complete


def test_a_failed_read_is_counted_too() -> None:
    assert progress_of([StepFailed(1.0, step("same", old={}, new={}))]).components[0].failed == 1


def test_without_a_forecast_only_completed_changes_are_counted() -> None:
    assert headline("prod  refreshing", Progress({}), 3.0) == "prod  refreshing  0  3.0 s"


def test_the_forecast_is_the_preview() -> None:
    assert component_counts(PREVIEW.effective) == {"Database": 2, "Compute": 2}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (12.2, "12 s"), (125, "2 min 5 s"), (3720, "1 h 2 min"), (59.7, "1 min 0 s")]
)
def test_durations_have_up_to_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_json_of_a_failure_has_its_kind() -> None:
    result: Mapping[str, Value] = failure_json(DeploymentFailed(Failure.LOCKED, "prod: held", "wait"))
    assert result == {"event": "failure", "kind": "locked", "problem": "prod: held", "fix": "wait"}
