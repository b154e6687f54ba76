"""Interrupted and concurrent updates with the real engine."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from automation.processes import running
from tests.engine import fake_programs
from tests.engine.commands.conftest import SERVICE, STACK, Trial
from tests.engine.project import TIMEOUT_SECONDS
from tests.planning import DROP

pytestmark = pytest.mark.xdist_group("commands")
RED = {"services.web.environment.COLOUR": "red"}
PENDING = "pending_operations"
INTERRUPTS = 6


def test_an_interrupt_while_the_lock_is_looked_at_leaves_no_lock(trial: Trial) -> None:
    trial.write(RED)
    waiting = trial.slow_down("stack rename", 2)
    result = trial.interrupt_when(trial.start("up", STACK, "--yes"), waiting)
    assert (result.code, result.out) == (1, "")
    assert result.sentence == "interrupted before the operation; nothing was changed"
    assert list(trial.locks.iterdir()) == []


@pytest.mark.long(
    reason="an interrupted program is tested without the engine, and a repeated first update is in the chosen set"
)
def test_an_interrupt_while_an_image_is_built_ends_the_build_and_a_repeat_continues(trial: Trial) -> None:
    (trial.project.folder / "web").mkdir()
    (trial.project.folder / "web" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    trial.write({"services.web.image": DROP, "services.web.build": {"context": "web"}})
    programs = trial.project.folder.parent / "programs"
    environment = fake_programs.install(programs, trial.project.environment)
    (programs / fake_programs.HANGING_BUILD).touch()
    process = trial.start("up", STACK, "--yes", **environment)
    result = trial.interrupt_when(process, programs / fake_programs.BUILDING)
    assert result.code == 1
    assert result.err.splitlines()[-1] == (
        "trial  deploying the registry: interrupted after this; completed operations are saved in the state"
    )
    assert [each.pid for each in running() if str(programs) in each.arguments] == []
    (programs / fake_programs.HANGING_BUILD).unlink()
    result = trial.command("up", STACK, "--yes", **environment)
    assert result.code == 0, result.err
    (pushed,) = fake_programs.Records.load(programs).pushed
    assert "web" in pushed


def test_an_interrupt_during_the_preview_changes_nothing(trial: Trial) -> None:
    trial.write(RED)
    trial.project.cloud.plan_fault("hang", "diff", SERVICE)
    result = trial.interrupt(trial.start("up", STACK, "--yes"), "diff", SERVICE)
    assert (result.code, result.out) == (1, "")
    assert result.sentence == "trial: cancelled during the preview; nothing was changed. Run the command again."
    assert list(trial.locks.iterdir()) == []
    assert trial.project.cloud.calls("update") == []


def interrupt_until_it_ends(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C as a user does: again after a while, because Python notices none just before it waits for a line."""
    for _ in range(INTERRUPTS):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=10)[1]
    raise AssertionError(f"{INTERRUPTS} interrupts had no effect")


def test_an_interrupt_at_the_question_after_the_preview_changes_nothing(trial: Trial) -> None:
    trial.write(RED)
    user, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "automation", "up", STACK], cwd=trial.project.folder, text=True, start_new_session=True,
        env=dict(trial.project.environment), stdin=terminal, stdout=terminal, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while b"Apply these changes" not in shown:
        assert select.select([user], [], [], TIMEOUT_SECONDS)[0], shown
        shown += os.read(user, 4096)
    err = interrupt_until_it_ends(process)
    os.close(user)
    assert err.strip() == "nothing was changed"
    assert process.returncode == 1
    assert trial.project.cloud.calls("update") == []


def test_an_interrupt_while_the_services_are_awaited_keeps_the_update(trial: Trial) -> None:
    trial.write(RED)
    trial.project.cloud.plan_fault("rollback", "update", SERVICE)
    trial.project.cloud.plan_fault("hang", "read", SERVICE)
    result = trial.interrupt(trial.start("up", STACK, "--yes"), "read", SERVICE)
    assert result.code == 1
    assert result.sentence.startswith("trial: cancelled during ")
    assert list(trial.locks.iterdir()) == []
    assert (SERVICE, "trial-compute-web") in trial.project.cloud.calls("update")


def test_an_interrupt_cancels_cleanly_and_a_retry_continues(trial: Trial) -> None:
    trial.write(RED)
    trial.project.cloud.plan_fault("hang", "update", SERVICE)
    result = trial.interrupt(trial.start("up", STACK, "--yes"), "update", SERVICE)
    assert result.code == 1
    assert result.sentence.startswith("trial: cancelled")
    assert list(trial.locks.iterdir()) == []
    assert trial.command("up", STACK, "--yes").code == 0


def test_a_second_interrupt_ends_the_update_and_refers_to_recover(trial: Trial) -> None:
    trial.write(RED)
    trial.project.cloud.plan_fault("stuck", "update", SERVICE)
    result = trial.interrupt(trial.start("up", STACK, "--yes"), "update", SERVICE, times=2)
    assert result.code == 1
    assert result.sentence.startswith("trial: the engine was stopped without waiting for running operations during ")
    assert result.sentence.endswith("Run `agent-platform recover trial`.")
    json.loads(trial.state_file.read_text(encoding="utf-8"))


def test_a_concurrent_update_fails_with_the_lock_holder(trial: Trial) -> None:
    trial.write(RED)
    trial.project.cloud.plan_fault("hang", "update", SERVICE)
    first = trial.start("up", STACK, "--yes")
    start = time.monotonic()
    while not list(trial.locks.iterdir()):
        assert time.monotonic() - start < TIMEOUT_SECONDS
        time.sleep(0.05)
    second = trial.command("up", STACK, "--yes")
    assert second.code == 1
    assert " has held the lock since " in second.sentence
    assert trial.interrupt(first, "update", SERVICE).sentence.startswith("trial: cancelled")
