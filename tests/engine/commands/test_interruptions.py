"""Interrupted and concurrent updates with the real engine."""

import json
import time

import pytest

from tests.engine.commands.conftest import SERVICE, STACK, Trial
from tests.engine.project import TIMEOUT_SECONDS

pytestmark = pytest.mark.xdist_group("commands")
RED = {"services.web.environment.COLOUR": "red"}
PENDING = "pending_operations"


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
    trial.project.cloud.plan_fault("hang", "update", SERVICE)
    result = trial.interrupt(trial.start("up", STACK, "--yes"), "update", SERVICE, times=2)
    assert result.code == 1
    assert result.sentence.startswith("trial: cancelled during ")
    assert result.sentence.endswith("Run `agent-platform recover trial`, then retry.")
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
