"""Failover of a platform in two regions of the fake cloud in a separate process, which a test kills: `warm_process FOLDER KIND`."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from automation.deploy.failover_record import Kind
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.engine.warm_aws import WarmStack
from tests.planning import ROOT

PLANNED = "planned"


def kill_during(stack: WarmStack, kind: Kind, verb: str, token: str, name: str, *, planned: bool) -> None:
    """Begin a failover, and kill its process and the engine during a call to a provider."""
    cloud = stack.project.cloud
    cloud.plan_fault("stuck", verb, token, name)
    command = [sys.executable, "-m", "tests.engine.warm_process", str(stack.project.folder.parent), kind]
    process = subprocess.Popen([*command, *([PLANNED] if planned else [])], cwd=ROOT, stdout=subprocess.DEVNULL)
    start = time.monotonic()
    while (token, name) not in cloud.calls(verb):
        assert process.poll() is None, "the failover ended before the call"
        assert time.monotonic() - start < TIMEOUT_SECONDS, f"no {verb} of {name}"
        time.sleep(0.05)
    for child in (parent := psutil.Process(process.pid)).children(recursive=True):
        child.send_signal(signal.SIGKILL)
    parent.send_signal(signal.SIGKILL)
    process.wait(TIMEOUT_SECONDS)


def main(folder: str, kind: str, *planned: str) -> None:
    """Carry out a failover or failback of the stack in a folder."""
    stack = WarmStack(EngineProject.create(Path(folder)))
    stack.move("failback" if kind == "failback" else "failover", planned=PLANNED in planned)


if __name__ == "__main__":
    main(*sys.argv[1:])
