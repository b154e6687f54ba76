"""Failover of a platform in two regions of the fake cloud in a separate process, which a test kills: `warm_process FOLDER KIND`."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from automation.deploy.failover_record import Kind
from automation.processes import end_session, is_running, session_pids
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.engine.warm_aws import WarmStack
from tests.planning import ROOT

PLANNED = "planned"
KILL_SECONDS = 30.0
"""Longest time for killed processes to end."""


def kill_during(stack: WarmStack, kind: Kind, verb: str, token: str, name: str, *, planned: bool) -> None:
    """Begin a failover, and kill its process and the engine during a call to a provider."""
    cloud = stack.project.cloud
    cloud.plan_fault("stuck", verb, token, name)
    command = [sys.executable, "-m", "tests.engine.warm_process", str(stack.project.folder.parent), kind]
    process = subprocess.Popen(
        [*command, *([PLANNED] if planned else [])], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        cloud.wait_for_fault(verb, token, TIMEOUT_SECONDS, lambda: process.poll() is not None)
    finally:
        kill_with_children(process)


def kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started, also what begins in the meantime, and wait until everything has ended.

    Engine and plugin server have sessions, in which their children remain when their parent ends first.
    """
    sessions = {process.pid}
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        parent.suspend()  # starts no further session
        for child in parent.children(recursive=True):
            with suppress(ProcessLookupError):
                sessions.add(os.getsid(child.pid))
    deadline = time.monotonic() + KILL_SECONDS
    while any(is_running(pid) for session in sessions for pid in session_pids(session)):
        assert time.monotonic() < deadline, "killed processes have not ended"
        for session in sessions:
            end_session(session)
        process.poll()
        time.sleep(0.05)
    process.wait(KILL_SECONDS)


def main(folder: str, kind: str, *planned: str) -> None:
    """Carry out a failover or failback of the stack in a folder."""
    stack = WarmStack(EngineProject.create(Path(folder)))
    stack.move("failback" if kind == "failback" else "failover", planned=PLANNED in planned)


if __name__ == "__main__":
    main(*sys.argv[1:])
