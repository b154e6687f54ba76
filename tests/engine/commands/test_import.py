"""`import`: objects that exist in the cloud and not in the state, as the engine takes them over, with the real engine."""

import json
from collections.abc import Mapping

import pytest

from automation.plan.inventory import Value
from tests.engine.commands.conftest import STACK, Trial

pytestmark = pytest.mark.xdist_group("commands")
ALARM, NAME = "aws:cloudwatch/metricAlarm:MetricAlarm", "trial-monitoring-database-cpu-percent"


def without_state(trial: Trial) -> str:
    """Remove an alarm from the state, as if it had been made by hand, and return its id in the cloud."""
    (alarm,) = alarms(trial)
    urn, identity = str(alarm["urn"]), str(alarm["id"])
    trial.project.run("state", "delete", urn, "--yes", stack=STACK)
    text = f'resources: {{"cloudwatch:MetricAlarm {NAME}": {identity}}}\n'
    (trial.project.folder / "ids.yaml").write_text(text, encoding="utf-8")
    return identity


def alarms(trial: Trial) -> list[Mapping[str, Value]]:
    return [
        each for each in trial.project.state(STACK) if each["type"] == ALARM and str(each["urn"]).endswith(f"::{NAME}")
    ]


def test_an_object_is_taken_over_and_the_next_update_creates_no_other(trial: Trial) -> None:
    identity = without_state(trial)
    planned = trial.command("import", STACK, "--from", "ids.yaml", "--dry-run")
    assert (planned.code, planned.out.strip()) == (0, f"{NAME} (cloudwatch:MetricAlarm): would import {identity}")
    before = trial.project.cloud.objects()
    result = trial.command("import", STACK, "--from", "ids.yaml", "--yes")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == f"{STACK}: imported 1; run `agent-platform up {STACK}` next"
    assert trial.project.cloud.objects() == before
    assert trial.command("up", STACK, "--yes").code == 0
    assert [each.id for each in trial.project.cloud.objects(ALARM) if each.name == NAME] == [identity]


def write_aws(trial: Trial, *arns: str) -> None:
    """Write an AWS CLI whose account has objects with the tag app=agents."""
    rows = json.dumps({"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": []} for arn in arns]})
    program = trial.project.folder.parent / "shims" / "aws"
    script = f"""#!/bin/sh
case "$*" in
  *get-caller-identity*) echo 111122223333;;
  *get-resources*'"app"'*'"agents"'*) echo '{rows}';;
  *) exit 1;;
esac
"""
    program.write_text(script, encoding="utf-8")
    program.chmod(0o755)


def test_an_object_with_a_tag_is_taken_over_and_what_differs_is_printed(trial: Trial) -> None:
    identity = without_state(trial)
    trial.project.cloud.change(ALARM, NAME, "threshold", 1)
    arn = "arn:aws:cloudwatch:us-west-2:111122223333:alarm:"
    write_aws(trial, f"{arn}{identity}", "arn:aws:lambda:us-west-2:111122223333:function:report")
    before = trial.project.cloud.objects()
    result = trial.command("import", STACK, "--tag", "app=agents", "--yes")
    assert (result.code, trial.project.cloud.objects()) == (0, before), result.err
    assert result.out.splitlines()[0] == f"{NAME} (cloudwatch:MetricAlarm): {identity}, by its id"
    assert "function:report: left out; the platform has no resource of its type\n" in result.out
    assert result.out.splitlines()[-2:] == [
        f"{NAME} (cloudwatch:MetricAlarm): the next up changes threshold",
        f"{STACK}: imported 1; run `agent-platform up {STACK}` next",
    ]
    assert [each["id"] for each in alarms(trial)] == [identity]
    assert trial.command("up", STACK, "--yes").code == 0
    (alarm,) = [each for each in trial.project.cloud.objects(ALARM) if each.name == NAME]
    assert (alarm.id, alarm.input("threshold") != 1) == (identity, True)


@pytest.mark.long(reason="an import is in the chosen set, and the refusal is tested without the engine")
def test_an_object_that_would_be_replaced_is_not_taken_over(trial: Trial) -> None:
    without_state(trial)
    trial.project.cloud.change(ALARM, NAME, "name", "other")
    before = trial.project.cloud.objects()
    result = trial.command("import", STACK, "--from", "ids.yaml", "--yes")
    assert result.code == 1
    assert f"would replace {NAME} (cloudwatch:MetricAlarm) (because of name)" in result.sentence
    assert trial.project.cloud.objects() == before
    assert alarms(trial) == []


def test_an_id_without_an_object_is_refused(trial: Trial) -> None:
    without_state(trial)
    (trial.project.folder / "ids.yaml").write_text(
        f'resources: {{"cloudwatch:MetricAlarm {NAME}": absent}}\n', encoding="utf-8"
    )
    result = trial.command("import", STACK, "--from", "ids.yaml", "--yes")
    assert result.code == 1
    assert (
        f"{NAME} (cloudwatch:MetricAlarm) cannot be imported with the id absent: it does not exist" in result.sentence
    )
