"""Who holds a stack, and whether that is still at work here."""

import os
import socket

from automation.deploy.locks import LockHolder, parse_lock_holder
from tests.automation.test_failures import LOCK

GONE = 2**22 + 1
"""No process: above the highest process id that Linux gives."""


def test_a_lock_is_read_from_what_the_engine_says() -> None:
    assert parse_lock_holder(LOCK) == LockHolder("maria", "ci-7", 20334, "2026-11-21T11:13:43Z")


def test_a_text_without_a_holder_tells_of_none() -> None:
    assert parse_lock_holder("error: [409] Conflict: Another update is currently in progress.") is None


def test_a_holder_is_told_with_process_and_time() -> None:
    assert str(parse_lock_holder(LOCK)) == "maria@ci-7 (process 20334) since 2026-11-21T11:13:43Z"


def test_a_process_of_this_machine_that_runs_still_holds_the_stack() -> None:
    assert LockHolder("maria", socket.gethostname(), os.getpid(), "now").runs_on_this_machine


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert not LockHolder("maria", socket.gethostname(), GONE, "now").runs_on_this_machine


def test_a_process_of_another_machine_is_not_looked_for() -> None:
    assert not LockHolder("maria", "elsewhere.example.com", os.getpid(), "now").runs_on_this_machine
