"""The commands `failover` and `failback`, and the lines of `recovery status`: refusals, questions, dry run, records."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automation.deploy.errors import DeploymentFailed
from automation.deploy.failover_record import PHASES, FailoverRecord, FailoverStore, dump_record, parse_record
from automation.deploy.tags import MAX_VALUE_BYTES
from automation.failover.region_status import status_of
from automation.failover.smoke import smoke_paths
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from tests.automation.command_line import Run, runner, write_stack_file
from tests.automation.scripted_failover import HOME, STANDBY, ScriptedDatabase, ScriptedRegions, after_failover, lost
from tests.aws.plans import spec_of

RECORD = FailoverRecord("failover", "promoting", HOME, STANDBY, planned=True, since="2026-11-28T19:00:00+00:00")


@dataclass
class TaggedStack:
    """Stack whose tags are in memory."""

    name: str = "prod"
    tags: dict[str, str] = field(default_factory=dict[str, str])

    def run_command(self, *arguments: str) -> str:
        if arguments[:3] == ("stack", "tag", "set"):
            self.tags[arguments[3]] = arguments[4]
            return ""
        return json.dumps(self.tags)


@pytest.mark.parametrize("kind", PHASES)
def test_each_phase_of_a_record_is_read_as_it_was_written_and_fits_into_a_tag(kind: str) -> None:
    for phase in (*PHASES["failback" if kind == "failback" else "failover"], "done"):
        record = FailoverRecord.__call__(
            "failback" if kind == "failback" else "failover",
            phase,
            "ap-southeast-2",
            "ap-northeast-1",
            False,
            RECORD.since,
        )
        assert parse_record(dump_record(record)) == record
        assert len(dump_record(record).encode()) <= MAX_VALUE_BYTES
        assert record.open is (phase != "done")


def test_the_region_that_serves_follows_from_the_phase() -> None:
    served = {
        phase: FailoverRecord("failback", phase, HOME, STANDBY, True, "t").serving for phase in PHASES["failback"]
    }
    assert {phase for phase, region in served.items() if region == HOME} == {"seeding", "stopping", "promoting"}


@pytest.mark.parametrize(
    "value", ["", "[]", '["failover","sinking","a","b",true,"t"]', '["failover","seeding","a","b",true,"t"]', "{}"]
)
def test_a_damaged_record_is_a_failure_with_a_safe_next_step(value: str) -> None:
    with pytest.raises(DeploymentFailed) as failed:
        FailoverStore(TaggedStack(tags={"failover": value})).read()
    assert failed.value.problem == "the tag failover cannot be read"
    assert "recovery status prod" in failed.value.fix


def test_a_record_is_stored_in_a_tag() -> None:
    stack = TaggedStack()
    assert FailoverStore(stack).read() is None
    FailoverStore(stack).write(RECORD)
    assert FailoverStore(stack).read() == RECORD


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    write_stack_file(tmp_path, "trial", with_values(BASE, {"cloud": "aws", "database": {}}))
    return runner(capsys)


@pytest.mark.parametrize("command", ["failover", "failback"])
def test_without_services_in_a_standby_region_there_is_nothing_to_move(run: Run, command: str) -> None:
    ended = run(command, "trial", "--yes")
    assert ended.code == 2
    assert ended.errors == [
        'recovery.mode: with "none" no services run in a standby region. Set it to warm before a loss; after one, follow '
        "`agent-platform recovery plan trial`."
    ]


def lines(stack: ScriptedRegions) -> Sequence[str]:
    return list(status_of(stack, (HOME, STANDBY)))


def test_the_status_names_the_region_that_serves_and_the_delay_of_the_other() -> None:
    assert lines(ScriptedRegions(lag=lambda _now: 2.0)) == [
        f"{HOME} serves",
        f"{HOME}: the database writes",
        f"{STANDBY}: replica, 2 s behind",
    ]
    unknown = ScriptedRegions(lag=lambda _now: None, down=lost(HOME))
    assert lines(unknown)[1:] == [f"{HOME}: does not answer", f"{STANDBY}: replica, delay unknown"]


def test_the_status_after_a_failover_names_old_data_and_the_last_failover() -> None:
    stack = after_failover()
    since = stack.stored.since if stack.stored else ""
    assert lines(stack) == [
        f"{STANDBY} serves",
        f"planned failover from {HOME} to {STANDBY}, begun {since}, has ended",
        f"{HOME}: the database does not replicate and has old data",
        f"{STANDBY}: the database writes",
    ]


def test_the_status_of_a_failover_in_progress_says_how_to_continue() -> None:
    stack = ScriptedRegions(stored=RECORD)
    assert lines(stack)[1] == (
        f"planned failover from {HOME} to {STANDBY}, begun {RECORD.since}, is in progress (promoting); continue with "
        "`agent-platform failover prod`"
    )


def test_a_missing_database_and_a_platform_without_one_are_named() -> None:
    missing = ScriptedRegions(databases={HOME: ScriptedDatabase(writes=True), STANDBY: ScriptedDatabase(exists=False)})
    assert lines(missing)[2] == f"{STANDBY}: has no database"
    assert lines(ScriptedRegions(has_database=False))[1:] == [f"{HOME}: answers", f"{STANDBY}: answers"]


def test_each_public_service_is_tested_at_its_health_check_where_the_entry_routes_it() -> None:
    ui = {
        "app": "streamlit",
        "image": "ghcr.io/acme/ui@sha256:" + "4" * 64,
        "path": "/ui",
        "secrets": ["OS_SECURITY_KEY"],
    }
    spec = spec_of({"services.ui": ui, "accept_risk": {"services.ui.path": "a trial"}})
    paths = smoke_paths(spec)
    assert paths["gateway"] == spec.services["gateway"].health.path
    assert paths["ui"] == "/ui"
