"""Faults made from outside, as a crash or a pulled cable makes them, and what is measured while they last."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.local.load import Asked, Report, load
from tests.local.machine import Machine, docker
from tests.local.waiting import eventually

A_SECOND = 30
STEADY_SECONDS = 5


@dataclass(frozen=True)
class Measured:
    """What became of the load.

    `answered_seconds` is from the fault to the last request that went without a good answer, 0 where all had one;
    `whole_seconds` to when the platform was whole again.
    """

    report: Report
    answered_seconds: float
    whole_seconds: float


def crash(container: str) -> None:
    """End a container's first process at once, as a crash would; Docker's own kill would count as somebody's wish."""
    os.kill(int(docker("inspect", "--format", "{{.State.Pid}}", container)), signal.SIGKILL)


def back(container: str) -> Callable[[], bool]:
    """Asks whether a container that stands now has been started anew and is well."""
    before = _state(container)["StartedAt"]

    def asked() -> bool:
        state = _state(container)
        return state["StartedAt"] != before and state["Health"]["Status"] == "healthy"

    return asked


def _state(container: str) -> dict[str, Any]:
    return json.loads(docker("inspect", "--format", "{{json .State}}", container))


def notes(number: int) -> Asked:
    """Messages that are acknowledged, each with a mark of its own, and a chat among them now and then."""
    if number % A_SECOND:
        return "/notes", {"text": f"note {number} {uuid4().hex}"}
    return "/chat", {"message": "What is 17 * 23?", "session_id": uuid4().hex}


def under_load(
    machine: Machine,
    fault: Callable[[], None],
    recovered: Callable[[], object],
    seconds: float,
    ask: Callable[[int], Asked] = notes,
) -> Measured:
    """A fault under load, which goes on until `recovered` and a little longer; fails when that takes over `seconds`."""
    with load(machine, A_SECOND, ask, bodies=True) as report:
        time.sleep(STEADY_SECONDS)
        start = time.monotonic()
        fault()
        eventually(recovered, seconds)
        eventually(lambda: machine.ask("/health").status == 200, seconds)
        whole_seconds = time.monotonic() - start
        time.sleep(STEADY_SECONDS)
    assert not [one for one in report.failed if one.at < start - 1], "the load failed before the fault"
    return Measured(report, max(0.0, report.recovered_seconds(start)), whole_seconds)


def lost(machine: Machine, report: Report) -> list[str]:
    """Notes that were acknowledged and are not there."""
    promised = [str(body["id"]) for body in report.acknowledged() if body and "id" in body]
    assert len(promised) > A_SECOND
    return [identifier for identifier in promised if machine.ask(f"/notes/{identifier}").status != 200]
