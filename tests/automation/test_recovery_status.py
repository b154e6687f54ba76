"""Status of a recovery: what is known and what is not, with the reason."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

import pytest

from automation.cli.recovery_text import status_json, status_lines
from automation.deploy.errors import DeploymentFailed, Failure
from automation.plan.build import Plan, plan_of
from automation.recovery.plan import site_of
from automation.recovery.status import BackupAsker, NewestBackup, RecoveryStatus, parse_time, recovery_status
from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY
from providers import recovery
from providers.contract.cli import CliCommand, DeployedResource
from tests.planning import ROOT, production

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ACCOUNT = "111122223333"
DEPLOYED = (
    DeployedResource("prod-database", "aws:rds/instance:Instance", "db-1", {}),
    DeployedResource("prod-storage-versioning", "aws:s3/bucketVersioning:BucketVersioning", "b", {}),
    DeployedResource("prod-compute", "aws:ecs/cluster:Cluster", "c", {}),
)


@cache
def planned() -> Plan:
    return plan_of(stack_of("prod", {PLATFORM_KEY: production()}), ROOT)


@dataclass
class FakeShell:
    """Shell that answers a command by a part of it, and fails for every other."""

    answers: Mapping[str, str]
    commands: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])

    def output(self, command: CliCommand) -> str:
        self.commands.append(command.arguments)
        for part, answer in self.answers.items():
            if part in command.arguments:
                return answer
        raise DeploymentFailed(Failure.COMMAND, "the AWS CLI has no valid credentials", "log in")

    def succeeds(self, command: CliCommand) -> bool:
        raise NotImplementedError

    def stream(self, command: CliCommand) -> int:
        raise NotImplementedError

    def sleep(self, seconds: float, /) -> None:
        raise NotImplementedError


ANSWERS = {
    "get-caller-identity": f"{ACCOUNT}\n",
    "describe-db-instances": '["2026-11-28T11:56:00.000Z"]',
    "describe-snapshots": '["2026-11-27T02:10:00Z", "2026-11-28T02:10:00Z"]',
}


DRILL = {"recovery.drill": {"query": "select count(*) from agno_sessions"}}
EXECUTION = "arn:aws:states:us-west-2:111122223333:execution:prod-drill:one"
VERIFIED = {"verified": True, "deleted": True, "recovery_point_time": "2026-11-28T05:00:00+00:00"}


def drilled(shell: FakeShell) -> NewestBackup:
    """Last drill of a stack with `recovery.drill`."""
    plan = plan_of(stack_of("prod", {PLATFORM_KEY: production(DRILL)}), ROOT)
    return recovery_status(plan.stack, site_of(plan), DEPLOYED, shell, now=NOW).drill


def test_the_last_drill_is_that_of_the_cloud() -> None:
    output = json.dumps({"output": json.dumps(VERIFIED)})
    machine = {"list-executions": json.dumps(EXECUTION), "describe-execution": output}
    verified = datetime(2026, 11, 28, 5, tzinfo=UTC)
    assert drilled(FakeShell({**ANSWERS, **machine})) == NewestBackup("database", verified)
    assert drilled(FakeShell({**ANSWERS, "list-executions": "null"})).problem == "no drill has succeeded yet"
    assert drilled(FakeShell(ANSWERS)).problem == "the AWS CLI has no valid credentials"


def status(
    shell: FakeShell, resources: Sequence[DeployedResource] | None = DEPLOYED, problem: str = ""
) -> RecoveryStatus:
    plan = planned()
    return recovery_status(plan.stack, site_of(plan), resources, shell, state_problem=problem, now=NOW)


def lines(of: RecoveryStatus) -> str:
    return "\n".join(status_lines(of))


def test_a_deployed_stack_shows_its_copies_and_the_age_of_the_newest_backups() -> None:
    text = lines(status(FakeShell(ANSWERS)))
    assert text.startswith("prod  aws us-west-2, recovery.mode none, no standby\n")
    assert "Copies    automated backups of the database: prod-database\n" in text
    assert "versions of objects: prod-storage-versioning" in text
    assert "Newest    database: 4 min ago (2026-11-28 11:56 UTC)" in text
    assert "cache: 10 h ago (2026-11-28 02:10 UTC)" in text
    assert "Drill     database: unknown: no drill is known" in text
    assert "zone: RPO 0, RTO 2 min" in text


def test_a_cloud_that_does_not_answer_is_unknown_with_the_reason() -> None:
    shell = FakeShell({"get-caller-identity": ACCOUNT, "describe-snapshots": "[]"})
    text = lines(status(shell))
    assert "database: unknown: the AWS CLI has no valid credentials" in text
    assert "cache: unknown: the cloud lists none" in text


def test_a_login_to_another_account_is_not_asked_for_backups() -> None:
    shell = FakeShell({**ANSWERS, "get-caller-identity": "999988887777"})
    text = lines(status(shell))
    assert text.count("unknown: the login is one of account 999988887777, and the stack is in 111122223333") == 2
    assert len(shell.commands) == 1


@pytest.mark.parametrize(
    ("resources", "problem", "expected"),
    [(None, "cannot reach the backend", "cannot reach the backend"), ((), "", "the stack is not deployed")],
)
def test_without_a_state_no_command_runs(
    resources: Sequence[DeployedResource] | None, problem: str, expected: str
) -> None:
    shell = FakeShell(ANSWERS)
    text = lines(status(shell, resources, problem))
    assert f"database: unknown: {expected}" in text
    assert shell.commands == []
    assert ("Copies    unknown: cannot reach the backend" in text) == (resources is None)


def test_json_has_null_for_what_is_unknown_and_the_reason() -> None:
    document = json.loads(json.dumps(status_json(status(FakeShell({"get-caller-identity": ACCOUNT})))))
    assert document["backups"][0] == {
        "subject": "database", "newest": None, "ageMinutes": None, "problem": "the AWS CLI has no valid credentials",
    }  # fmt: skip
    assert document["promises"]["region"]["rpoMinutes"] is None
    assert document["standby"] is None
    known = json.loads(json.dumps(status_json(status(FakeShell(ANSWERS)))))
    assert known["backups"][0]["ageMinutes"] == 4.0
    assert json.loads(json.dumps(status_json(status(FakeShell({}), None, "no state"))))["copies"] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-28T11:56:00Z", datetime(2026, 11, 28, 11, 56, tzinfo=UTC)),
        ("2026-11-28T11:56:00.123+01:00", datetime(2026, 11, 28, 10, 56, 0, 123000, tzinfo=UTC)),
        ("20261128T115600Z", datetime(2026, 11, 28, 11, 56, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_form_that_the_clouds_print(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected


def test_a_variable_of_one_command_is_an_argument_of_the_next() -> None:
    cloud = recovery("docker")
    plan = planned()
    spec = production(cloud="docker")
    site = site_of(replace(plan, stack=stack_of("prod", {PLATFORM_KEY: spec})))
    shell = FakeShell({"ps": "1a2b\n", "1a2b": "20261128T020000Z.dump\n"})
    (question,) = cloud.drill(site)
    assert BackupAsker(shell).newest(question).time == datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
    assert shell.commands[-1] == ("docker", "exec", "1a2b", "cat", "/exchange/verified")
