"""The commands `drill` and `sweep STACK`: evidence, exit codes, refusals, and databases that drills have left."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from automation import Deployment, Drills
from automation.cli.drill import evidence_text
from automation.cli.session import ExitCode
from automation.day2 import drills
from automation.deploy.errors import DeploymentFailed
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from providers.contract.cli import CliFailure, DeployedStack, Shell
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.drill import DrillEvidence, evidence_of
from providers.contract.spec import Platform
from tests.automation.command_line import Run, runner, write_stack_file
from tests.planning import DRILL

GOOD = DrillEvidence(True, "arn:point", "2026-11-29T00:00:00Z", 1200, "17", True)
BAD = DrillEvidence(False, "arn:point", "2026-11-29T00:00:00Z", 1200, None, True, "the query returned 0")
KEPT = DrillEvidence(True, "arn:point", "2026-11-29T00:00:00Z", 1200, "17", False, "the copy could not be deleted")


@dataclass
class FakeDrills:
    """Drills of a cloud with one answer; deleted leftovers are recorded."""

    evidence: DrillEvidence | CliFailure = GOOD
    left: tuple[str, ...] = ()
    deleted: list[str] = field(default_factory=list[str])

    def declared(self, spec: Platform) -> bool:
        return spec.recovery.drill is not None

    def run(self, stack: DeployedStack, shell: Shell) -> DrillEvidence:
        if isinstance(self.evidence, CliFailure):
            raise self.evidence
        return self.evidence

    def last_verified(self, stack: DeployedStack, shell: Shell) -> datetime | None:
        return datetime(2026, 11, 29, tzinfo=UTC)

    def leftovers(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        return self.left

    def delete(self, stack: DeployedStack, leftover: str, shell: Shell) -> None:
        self.deleted.append(leftover)


def in_state(deployment: Deployment) -> DeployedStack:
    return DeployedStack(deployment.name, deployment.file.spec)


def on_cloud(fake: FakeDrills) -> Callable[[str], FakeDrills]:
    return lambda _cloud: fake


def without_programs(*_arguments: object) -> None:
    """Accept a machine without the cloud's command line."""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDrills:
    """Project with a stack that has a drill and one that has none, and the drills of its cloud."""
    write_stack_file(tmp_path, "trial", with_values(BASE, {"database": {}, "recovery.drill": DRILL}))
    write_stack_file(tmp_path, "plain", with_values(BASE, {"database": {}}))
    monkeypatch.chdir(tmp_path)
    fake = FakeDrills()
    monkeypatch.setattr(drills, "drill_control", on_cloud(fake))
    monkeypatch.setattr(drills, "require_programs", without_programs)
    monkeypatch.setattr(drills, "deployed_stack", in_state)
    return fake


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def test_a_good_backup_is_reported_with_its_evidence(fake: FakeDrills, run: Run) -> None:
    result = run("drill", "trial")
    assert result.code == ExitCode.OK
    assert result.out.splitlines() == [
        "trial: the newest backup is good",
        "  backup      arn:point",
        "  made        2026-11-29T00:00:00Z",
        "  restored in 1200 seconds",
        "  query       returned 17",
        "  copy        deleted",
    ]


@pytest.mark.parametrize(("evidence", "line"), [(BAD, "the query returned 0"), (KEPT, "not deleted")])
def test_a_drill_that_did_not_succeed_exits_with_1(
    fake: FakeDrills, run: Run, evidence: DrillEvidence, line: str
) -> None:
    fake.evidence = evidence
    result = run("drill", "trial")
    assert result.code == ExitCode.FAILED and line in result.out


def test_json_has_every_field(fake: FakeDrills, run: Run) -> None:
    fake.evidence = BAD
    result = run("drill", "trial", "--json")
    assert json.loads(result.out) == {
        "stack": "trial", "verified": False, "recovery_point": "arn:point", "deleted": True,
        "recovery_point_time": "2026-11-29T00:00:00Z", "restore_seconds": 1200, "query_result": None,
        "problem": "the query returned 0",
    }  # fmt: skip
    assert result.code == ExitCode.FAILED


def test_a_stack_without_a_drill_is_refused_with_the_key(fake: FakeDrills, run: Run) -> None:
    result = run("drill", "plain")
    assert result.code == ExitCode.INVALID
    assert result.errors == [
        "recovery.drill: the stack plain has no restore drill. Set recovery.drill.query, and run `agent-platform up plain`."
    ]


def no_drills(_cloud: str) -> None:
    """Control of a cloud that refuses drills."""


@pytest.mark.parametrize("command", ["drill", "sweep"])
def test_a_cloud_without_drills_is_refused(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    write_stack_file(tmp_path, "plain", with_values(BASE, {"cloud": "gcp", "database": {}}))
    monkeypatch.setattr(drills, "drill_control", no_drills)
    monkeypatch.chdir(tmp_path)
    result = run(command, "plain")
    assert result.code == ExitCode.INVALID
    assert result.errors == [
        "recovery.drill: restore drills are not available on gcp yet. Follow `agent-platform recovery plan plain`, which "
        "restores a backup by hand."
    ]


def test_a_failure_of_the_cloud_is_one_of_the_command(fake: FakeDrills, run: Run) -> None:
    fake.evidence = CliFailure("recovery.drill", "not deployed yet", "run agent-platform up trial")
    result = run("drill", "trial")
    assert result.code == ExitCode.FAILED and "not deployed yet" in result.errors[0]


def test_what_a_drill_did_not_reach_is_left_out() -> None:
    failed = DrillEvidence(False, None, None, None, None, True, "the vault has no completed recovery point")
    assert evidence_text("prod", failed).splitlines() == [
        "prod: the newest backup is not verified",
        "  copy        deleted",
        "  problem     the vault has no completed recovery point",
    ]


def test_sweep_with_a_stack_deletes_what_drills_left(fake: FakeDrills, run: Run) -> None:
    fake.left = ("trial-drill-20261122040000",)
    assert run("sweep", "trial", "--dry-run").out == "trial-drill-20261122040000: would be deleted\n"
    assert fake.deleted == []
    assert run("sweep", "trial").out == "trial-drill-20261122040000: deleted\n"
    assert fake.deleted == ["trial-drill-20261122040000"]


def test_sweep_without_leftovers_says_so(fake: FakeDrills, run: Run) -> None:
    result = run("sweep", "trial")
    assert (result.code, result.out) == (ExitCode.OK, "drills of trial have left no database\n")


def test_the_last_success_is_read_from_python(fake: FakeDrills) -> None:
    assert Drills(Deployment("trial")).last_verified() == datetime(2026, 11, 29, tzinfo=UTC)
    with pytest.raises(InvalidConfiguration, match="no restore drill"):
        Drills(Deployment("plain"))


def test_a_failure_in_python_is_a_deployment_failure(fake: FakeDrills) -> None:
    fake.evidence = CliFailure("recovery.drill", "not deployed yet", "run agent-platform up trial")
    with pytest.raises(DeploymentFailed, match="not deployed yet"):
        Drills(Deployment("trial")).run()


def test_evidence_is_the_last_json_object_of_an_output() -> None:
    assert evidence_of(f'log\n{{"verified": false}}\n{json.dumps(GOOD.dump())}\n[1]\n') == GOOD
    for text in ("", "no json", "[]", '{"other": 1}'):
        with pytest.raises(CliFailure, match="printed no result"):
            evidence_of(text)
