"""Driver of release commands: success, failure, timeout, interrupts, and continuing after a kill between any two calls."""

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.release.driver import LOG_LINES, POLL_SECONDS, STOP_SECONDS
from automation.release.record import ReleaseRecord
from providers.contract.release import TaskEnd
from tests.automation.scripted_release import DIGEST, EARLIER, MIGRATION, ScriptedStack, due, run, run_again
from tests.automation.scripted_rollout import FakeClock, Killed

SUCCESS = ReleaseRecord(DIGEST, done=True, earlier=(EARLIER,))


def failure_of(stack: ScriptedStack) -> DeploymentFailed:
    with pytest.raises(DeploymentFailed) as failed:
        run(stack)
    return failed.value


def test_a_command_runs_after_its_task_is_deployed_and_its_success_is_recorded() -> None:
    stack = ScriptedStack()
    run(stack)
    assert [call for call in stack.calls if not call.startswith("ended")] == [
        "running web",
        "write web open",
        "deploy",
        "start web",
        "write web done",
    ]
    assert stack.records == {"web": SUCCESS}
    assert stack.notes[-1] == "web: the release command succeeded after 60 s"


def test_a_task_that_has_not_changed_is_not_deployed_again() -> None:
    stack = ScriptedStack(deployed=True)
    run(stack, due(new_task=False))
    assert "deploy" not in stack.calls
    assert stack.completed == ["web"]


def test_commands_run_one_after_the_other_and_the_first_that_fails_is_the_last() -> None:
    stack = ScriptedStack()
    run(stack, due("web"), due("worker"))
    assert stack.completed == ["web", "worker"]
    assert stack.calls.count("deploy") == 1

    stack = ScriptedStack(ends={"web": TaskEnd(1), "worker": TaskEnd(0)})
    with pytest.raises(DeploymentFailed):
        run(stack, due("web"), due("worker"))
    assert "start worker" not in stack.calls
    assert not stack.records["worker"].done


def test_a_command_that_fails_prints_its_last_lines_and_leaves_its_record_open() -> None:
    stack = ScriptedStack(ends={"web": TaskEnd(3)})
    failure = failure_of(stack)
    assert failure.problem == "the release command of web failed with exit code 3, so no service was updated"
    assert failure.fix == "correct it, then run `agent-platform up prod` again"
    printed = [note for note in stack.notes if note.startswith("web | ")]
    assert printed == [f"web | line {number}" for number in range(30 - LOG_LINES, 30)]
    assert stack.records == {"web": ReleaseRecord(DIGEST, done=False, earlier=(EARLIER,))}


def test_lines_that_cannot_be_read_do_not_hide_the_failure() -> None:
    stack = ScriptedStack(ends={"web": TaskEnd(3)})
    stack.refuses_log = DeploymentFailed(Failure.UNREACHABLE, "no connection")
    assert "exit code 3" in failure_of(stack).problem
    assert stack.notes[-1] == "web | the lines of the command cannot be read: no connection"


@pytest.mark.parametrize("start_seconds", [0.0, 900.0])
def test_a_command_that_hangs_is_stopped_at_its_timeout(start_seconds: float) -> None:
    stack = ScriptedStack(ends={}, start_seconds=start_seconds)
    failure = failure_of(stack)
    assert (
        failure.problem
        == "the release command of web did not end within 10 min and was stopped, so no service was updated"
    )
    assert "raise services.web.release.timeout_minutes" in failure.fix
    assert stack.calls.count("stop web") == 1
    assert stack.time.now == pytest.approx(MIGRATION.timeout_minutes * 60 + start_seconds, abs=2 * POLL_SECONDS)


def test_a_command_that_the_cloud_stopped_at_its_timeout_is_reported_as_such() -> None:
    for end, seconds in ((TaskEnd(124, timed_out=True), 60.0), (TaskEnd(1), 600.0)):
        assert "did not end within 10 min" in failure_of(ScriptedStack(ends={"web": end}, seconds=seconds)).problem


def test_a_stop_is_awaited_but_not_for_ever() -> None:
    stack = ScriptedStack(ends={}, stops_slowly=True)
    failure_of(stack)
    assert stack.time.now == pytest.approx(MIGRATION.timeout_minutes * 60 + STOP_SECONDS, abs=2 * POLL_SECONDS)


def test_an_interrupt_stops_the_command() -> None:
    stack = ScriptedStack(ends={}, interrupt_at=30.0)
    failure = failure_of(stack)
    assert (failure.kind, stack.runs) == (Failure.CANCELLED, {})
    assert failure.problem == "the release command of web was interrupted and stopped; no service was updated"


def test_a_task_that_cannot_start_says_that_no_service_was_updated() -> None:
    stack = ScriptedStack(refuses_start=DeploymentFailed(Failure.COMMAND, "alembic: not found", "check the image"))
    failure = failure_of(stack)
    assert failure.problem == "the release command of web did not start, so no service was updated: alembic: not found"


def test_a_run_of_a_killed_process_is_awaited_before_another_one_starts() -> None:
    stack = ScriptedStack(deployed=True, runs={"web": 0.0}, records={"web": ReleaseRecord(DIGEST, done=False)})
    run(stack, due(new_task=False))
    assert "start web" not in stack.calls, "the run had the same task and succeeded"
    assert stack.records["web"].done

    stack = ScriptedStack(runs={"web": 0.0}, records={"web": ReleaseRecord(EARLIER, done=False)})
    run(stack, due(new_task=True))
    assert (stack.overlaps, stack.calls.count("start web")) == (0, 1), "the run had another task"


def test_a_run_of_a_killed_process_that_failed_is_repeated() -> None:
    ends: dict[str, TaskEnd | None] = {"web": TaskEnd(1)}
    stack = ScriptedStack(FakeClock(), ends, deployed=True, runs={"web": 0.0})
    with pytest.raises(DeploymentFailed):
        run(stack, due(new_task=False))
    assert stack.calls.count("start web") == 1


CALLS = 13
"""Calls of a run of two commands that end at the second look."""


@pytest.mark.parametrize("kill_at", range(2 * CALLS))
def test_a_process_that_is_killed_at_any_call_is_continued_without_overlap(kill_at: int) -> None:
    stack = ScriptedStack(kill_at=kill_at, seconds=POLL_SECONDS)
    with pytest.raises(Killed):
        run(stack, due("web"), due("worker"))
    run_again(stack, "web", "worker")
    assert {name: record.done for name, record in stack.records.items()} == {"web": True, "worker": True}
    assert set(stack.completed) == {"web", "worker"}
    assert stack.overlaps == 0


def test_every_call_is_one_of_those_at_which_the_process_is_killed() -> None:
    stack = ScriptedStack(seconds=POLL_SECONDS)
    run(stack, due("web"), due("worker"))
    assert len(stack.calls) == CALLS
