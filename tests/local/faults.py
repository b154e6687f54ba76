"""Faults injected from outside, such as a crash or a disconnected network, and measurements during them."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.local.host_stack import HostStack, docker
from tests.local.load import Report, RequestSpec, load
from tests.local.poll import eventually

REQUESTS_PER_SECOND = 30
STEADY_SECONDS = 5


@dataclass(frozen=True)
class FaultResult:
    """Load during a fault.

    `answering_after_seconds` is the time from the fault to the last failed request, 0 when none failed;
    `healthy_after_seconds` the time until the platform was healthy again.
    """

    report: Report
    answering_after_seconds: float
    healthy_after_seconds: float


def crash(container: str) -> None:
    """Kill a container's first process like a crash; after `docker kill` Docker would not restart the container."""
    os.kill(int(docker("inspect", "--format", "{{.State.Pid}}", container)), signal.SIGKILL)


def restarted_and_healthy(container: str) -> Callable[[], bool]:
    """Return a condition: the container has restarted since now and is healthy."""
    before = _state(container)["StartedAt"]

    def condition() -> bool:
        state = _state(container)
        return state["StartedAt"] != before and state["Health"]["Status"] == "healthy"

    return condition


def _state(container: str) -> dict[str, Any]:
    return json.loads(docker("inspect", "--format", "{{json .State}}", container))


def notes_and_chats(number: int) -> RequestSpec:
    """Notes with unique texts, which are acknowledged, and one chat per second."""
    if number % REQUESTS_PER_SECOND:
        return "/notes", {"text": f"note {number} {uuid4().hex}"}
    return "/chat", {"message": "What is 17 * 23?", "session_id": uuid4().hex}


def under_load(
    stack: HostStack,
    fault: Callable[[], None],
    recovered: Callable[[], object],
    seconds: float,
    ask: Callable[[int], RequestSpec] = notes_and_chats,
) -> FaultResult:
    """Inject a fault under load and wait until `recovered`; fails when that takes longer than `seconds`."""
    with load(stack, REQUESTS_PER_SECOND, ask, bodies=True) as report:
        time.sleep(STEADY_SECONDS)
        start = time.monotonic()
        fault()
        eventually(recovered, seconds)
        eventually(lambda: stack.ask("/health").status == 200, seconds)
        healthy_after_seconds = time.monotonic() - start
        time.sleep(STEADY_SECONDS)
    assert not [sent for sent in report.failed if sent.at < start - 1], "the load failed before the fault"
    return FaultResult(report, max(0.0, report.recovered_seconds(start)), healthy_after_seconds)


def lost_notes(stack: HostStack, report: Report) -> list[str]:
    """Notes that were acknowledged and no longer exist."""
    acknowledged = [str(body["id"]) for body in report.acknowledged() if body and "id" in body]
    assert len(acknowledged) > REQUESTS_PER_SECOND
    return [identifier for identifier in acknowledged if stack.ask(f"/notes/{identifier}").status != 200]
