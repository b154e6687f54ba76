"""Lock holder of a stack, and whether it is running on this machine."""

import os
import socket

from automation.deploy.state import LockHolder, parse_lock_holder
from tests.automation.test_failures import LOCK_ERROR

UNUSED_PID = 2**22 + 1
"""Above the highest process id of Linux."""


def test_the_holder_is_read_from_the_error_of_the_engine() -> None:
    assert parse_lock_holder(LOCK_ERROR) == LockHolder("maria", "ci-7", 20334, "2026-11-21T11:13:43Z")


def test_an_error_without_a_holder_has_none() -> None:
    assert parse_lock_holder("error: [409] Conflict: Another update is currently in progress.") is None


def test_a_holder_is_printed_with_process_and_time() -> None:
    assert str(parse_lock_holder(LOCK_ERROR)) == "maria@ci-7 (process 20334) since 2026-11-21T11:13:43Z"
    assert str(LockHolder()) == "an update in progress"


def test_a_running_process_of_this_machine_runs_on_it() -> None:
    assert LockHolder("maria", socket.gethostname(), os.getpid(), "now").runs_on_this_machine


def test_an_ended_process_does_not_run() -> None:
    assert not LockHolder("maria", socket.gethostname(), UNUSED_PID, "now").runs_on_this_machine


def test_a_process_of_another_machine_does_not_run_on_this_one() -> None:
    assert not LockHolder("maria", "elsewhere.example.com", os.getpid(), "now").runs_on_this_machine
