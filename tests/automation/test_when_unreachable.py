"""The option `--when-unreachable` of `failover`, and the record of an automatic failover."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from automation.deploy.failover_record import FailoverRecord, dump_record, parse_record
from automation.failover import automatic, stack_failover
from automation.failover.automatic import AutomaticFailover
from automation.failover.region_status import status_of
from automation.stack.document import with_values
from tests.automation.command_line import Run, runner, write_stack_file
from tests.automation.scripted_failover import HOME, STANDBY, ScriptedRegions, lost
from tests.automation.test_automatic_failover import WatchedRegions
from tests.planning import production

WATCH = ("failover", "warm", "--when-unreachable", "--yes")
RECORD = FailoverRecord(
    "failover", "promoting", HOME, STANDBY, planned=False, since="2026-11-28T19:00:00+00:00", automatic=True
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    warm = production({"recovery": {"mode": "warm", "standby_region": STANDBY}}, cloud="aws")
    write_stack_file(tmp_path, "unset", warm)
    write_stack_file(tmp_path, "warm", with_values(warm, {"recovery.failover_timeout_minutes": 30}))
    return runner(capsys)


def test_nothing_is_moved_by_itself_without_a_time(run: Run) -> None:
    ended = run("failover", "unset", "--when-unreachable", "--yes")
    assert (ended.code, ended.errors) == (
        2,
        [
            "recovery.failover_timeout_minutes: not set, so nothing is moved without a person. Set it to the minutes that a failover "
            "may take, or run `agent-platform failover unset`."
        ],
    )


@pytest.mark.parametrize("option", ["--planned", "--force", "--dry-run"])
def test_a_schedule_decides_nothing_that_a_person_decides(run: Run, option: str) -> None:
    ended = run(*WATCH, option)
    assert (ended.code, ended.errors) == (
        2,
        [
            f"{option}: not possible with --when-unreachable, which moves nothing without three failed checks. Leave one of them out."
        ],
    )


@pytest.mark.parametrize("missing", ["", HOME])
def test_a_scheduled_run_says_which_region_serves(run: Run, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    stack = WatchedRegions(down=lost(missing), lag=lambda _now: 1.0)

    def port(*_arguments: object) -> WatchedRegions:
        return stack

    def watch(
        of: WatchedRegions,
        _clock: object,
        note: Callable[[str], object],
        *,
        timeout_minutes: int,
        max_loss_seconds: float,
    ) -> AutomaticFailover:
        assert (timeout_minutes, max_loss_seconds) == (30, 900.0)
        return AutomaticFailover(
            of, stack.clock, note, timeout_minutes=timeout_minutes, max_loss_seconds=max_loss_seconds
        )

    monkeypatch.setattr(stack_failover, "StackFailover", port)
    monkeypatch.setattr(automatic, "AutomaticFailover", watch)
    result = run(*WATCH)
    region = STANDBY if missing else HOME
    assert (result.code, result.out.splitlines()[-1]) == (0, f"warm: {region} serves")
    stack.down = lost("")
    result = run(*WATCH, "--json")
    assert json.loads(result.out.splitlines()[-1]) == {
        "event": "result",
        "stack": "warm",
        "kind": "failover",
        "region": region,
        "ended": "answers",
    }


@pytest.mark.parametrize("record", [RECORD, replace(RECORD, held=True), RECORD.by_hand])
def test_the_record_of_an_automatic_failover_is_read_as_it_was_written(record: FailoverRecord) -> None:
    assert parse_record(dump_record(record)) == record
    assert len(json.loads(dump_record(record))) == (8 if record.automatic else 6), "earlier versions read six fields"


def test_the_status_names_an_automatic_failover_and_one_that_is_held() -> None:
    begun = f"automatic failover from {HOME} to {STANDBY}, begun {RECORD.since}"
    for record, state in ((RECORD, "is in progress"), (replace(RECORD, held=True), "is held")):
        found = list(status_of(ScriptedRegions(stored=record), (HOME, STANDBY)))
        assert found[1] == f"{begun}, {state} (promoting); continue with `agent-platform failover prod`"
