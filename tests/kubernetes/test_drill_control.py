"""Commands of restore drills on a cluster, against a shell that answers by the words of a command."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from automation.shell import command_text
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack
from providers.kubernetes.drill.control import CONTROL
from tests.kubernetes.platforms import spec_of, staging
from tests.planning import DRILL

EVIDENCE = {
    "verified": True, "recovery_point": "database-x1y2z3", "recovery_point_time": "2026-11-29T04:00:00Z",
    "restore_seconds": 120, "query_result": "42", "deleted": True, "problem": "",
}  # fmt: skip


@dataclass
class Answers:
    """Shell with answers by words; an unknown command has an empty one."""

    answers: Mapping[str, str]
    commands: list[str] = field(default_factory=list[str])

    def output(self, command: CliCommand) -> str:
        """Return the answer to a command."""
        text = command_text(command)
        self.commands.append(text)
        return next((answer for words, answer in self.answers.items() if words in text), "")

    def succeeds(self, command: CliCommand) -> bool:
        """Fail: no drill looks a command up."""
        raise AssertionError(command)

    def stream(self, command: CliCommand) -> int:
        """Fail: no drill uses the terminal."""
        raise AssertionError(command)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


def stack(*, deployed: bool = True) -> DeployedStack:
    """Return a stack with a drill."""
    schedule = DeployedResource("staging-drill-schedule", "kubernetes:batch/v1:CronJob", "agents/drill", {})
    return DeployedStack("staging", spec_of(staging({"recovery": {"drill": DRILL}})), (schedule,) if deployed else ())


def condition(name: str) -> str:
    """Return a Job with a condition."""
    return json.dumps({"status": {"conditions": [{"type": name, "status": "True"}]}})


def test_a_drill_is_a_job_of_the_cron_job_in_the_namespace_of_the_stack() -> None:
    shell = Answers({"get job": condition("Complete"), "logs": f"restored\n{json.dumps(EVIDENCE)}\n"})
    evidence = CONTROL.run(stack(), shell)
    assert (evidence.succeeded, evidence.query_result, evidence.restore_seconds) == (True, "42", 120)
    created = next(each for each in shell.commands if " create job " in each)
    assert created.endswith("--from=cronjob/drill")
    assert all("--context=acme-prod --namespace=agent-platform-staging" in each for each in shell.commands)


def test_a_drill_that_failed_is_evidence_too() -> None:
    failed = {**EVIDENCE, "verified": False, "problem": "ERROR: no such table"}
    shell = Answers({"get job": condition("Failed"), "logs": json.dumps(failed)})
    assert CONTROL.run(stack(), shell).problem == "ERROR: no such table"


def test_a_job_that_printed_nothing_is_a_failure_with_its_state() -> None:
    with pytest.raises(CliFailure, match="Failed"):
        CONTROL.run(stack(), Answers({"get job": condition("Failed"), "logs": "Killed"}))


def test_no_drill_begins_before_the_deployment_or_beside_another() -> None:
    with pytest.raises(CliFailure, match="not deployed yet"):
        CONTROL.run(stack(deployed=False), Answers({}))
    present = json.dumps({"metadata": {"creationTimestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}})
    with pytest.raises(CliFailure, match="in progress"):
        CONTROL.run(stack(), Answers({"get clusters": present}))


def test_the_last_success_is_that_of_the_cron_job() -> None:
    shell = Answers({"get cronjob drill": "2026-11-29T04:10:00Z"})
    assert CONTROL.last_verified(stack(), shell) == datetime(2026, 11, 29, 4, 10, tzinfo=UTC)
    assert CONTROL.last_verified(stack(), Answers({})) is None


def test_an_old_cluster_is_left_over_and_can_be_deleted() -> None:
    old = datetime.now(UTC) - timedelta(days=2)
    shell = Answers({"get clusters": json.dumps({"metadata": {"creationTimestamp": f"{old:%Y-%m-%dT%H:%M:%SZ}"}})})
    assert CONTROL.leftovers(stack(), shell) == ("database-drill",)
    CONTROL.delete(stack(), "database-drill", shell)
    assert "delete clusters.postgresql.cnpg.io database-drill" in shell.commands[-1]
    assert CONTROL.leftovers(stack(), Answers({})) == ()
