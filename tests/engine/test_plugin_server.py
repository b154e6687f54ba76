"""Plugin server, fake cloud and killed processes of the engine tests: nothing waits for a process that has been killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from automation.processes import is_running, session_pids
from tests.engine.fake_cloud.cloud import FakeCloud
from tests.engine.plugin_server.client import LANGUAGE, send
from tests.engine.plugin_server.programs import ForkedProgram
from tests.engine.project import plugin_server
from tests.engine.warm_process import kill_with_children
from tests.planning import ROOT

WAIT_SECONDS = 10.0
"""Less than the time after which a program that no monitor answers ends by itself."""
VERB, TOKEN, NAME = "create", "aws:rds/instance:Instance", "prod-database"
MIN_STARTED = 3
STARTER = "import subprocess, sys, time\nwhile True:\n    subprocess.Popen(['sleep', '600']), time.sleep(0.02)\n"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Socket of a process that forks programs."""
    path = tmp_path_factory.mktemp("programs") / "socket"
    command = [sys.executable, "-m", "tests.engine.plugin_server.programs", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        yield path
        process.kill()


@pytest.fixture
def hanging(programs: Path) -> Iterator[Callable[[], ForkedProgram]]:
    """Start of a program that hangs, because its monitor answers nothing."""
    started: list[ForkedProgram] = []
    with socket.socket() as monitor:
        monitor.bind(("127.0.0.1", 0))
        monitor.listen()
        settings = {"project": "p", "stack": "s", "parallel": 1, "monitor": f"127.0.0.1:{monitor.getsockname()[1]}"}

        def start() -> ForkedProgram:
            request = {"arguments": [json.dumps(settings), "program"], "folder": None, "environment": dict(os.environ)}
            started.append(ForkedProgram(programs, request, [1, 2]))
            return started[-1]

        yield start
        for program in started:
            program.kill()


def exit_code(program: ForkedProgram) -> int | None:
    """Return the exit code of a program that ends in a short time; None for one that is still running."""
    waiting = threading.Thread(target=program.wait, daemon=True)
    waiting.start()
    waiting.join(WAIT_SECONDS)
    return None if waiting.is_alive() else program.poll()


def test_a_program_is_killed_before_its_process_id_is_known(hanging: Callable[[], ForkedProgram]) -> None:
    program = hanging()
    program.kill()
    assert exit_code(program) == -signal.SIGKILL
    program.send_signal(signal.SIGINT)
    program.kill()


def test_the_end_of_a_program_is_seen_while_a_later_one_runs(hanging: Callable[[], ForkedProgram]) -> None:
    first, second = hanging(), hanging()
    pid = json.loads(second.connection.makefile().readline())["pid"]
    first.kill()
    assert exit_code(first) == -signal.SIGKILL
    os.kill(pid, 0)


def test_a_request_that_never_arrives_stops_no_other_program(
    programs: Path, hanging: Callable[[], ForkedProgram]
) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(programs))
    program = hanging()
    program.kill()
    assert exit_code(program) == -signal.SIGKILL


@pytest.mark.parametrize("plugin", [LANGUAGE, "random"])
def test_the_outputs_of_a_plugin_are_closed_when_its_client_ends(plugin: str, tmp_path: Path) -> None:
    outputs, descriptor = os.pipe()
    request = {"plugin": plugin, "arguments": ["127.0.0.1:1"], "environment": {"FAKE_CLOUD": str(tmp_path)}}
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(plugin_server() / "plugins"))
        send(client, request, [descriptor, descriptor])
        os.close(descriptor)
        assert int(client.makefile().readline())
    reading = threading.Thread(target=os.read, args=(outputs, 1), daemon=True)
    reading.start()
    reading.join(WAIT_SECONDS)
    assert not reading.is_alive()
    os.close(outputs)


def test_a_planned_fault_is_awaited_and_not_an_earlier_call(tmp_path: Path) -> None:
    cloud = FakeCloud(tmp_path).create()
    cloud.record_call(VERB, TOKEN, NAME)
    cloud.plan_fault("stuck", VERB, TOKEN, NAME)
    with pytest.raises(AssertionError, match="the process ended before its create"):
        cloud.wait_for_fault(VERB, TOKEN, WAIT_SECONDS, lambda: True)
    with pytest.raises(AssertionError, match="no create of"):
        cloud.wait_for_fault(VERB, TOKEN, 0)
    assert cloud.take_fault(VERB, TOKEN, NAME) == "stuck"
    cloud.wait_for_fault(VERB, TOKEN, 0)


def test_a_killed_process_leaves_none_that_it_starts_in_the_meantime() -> None:
    process = subprocess.Popen([sys.executable, "-c", STARTER], start_new_session=True)
    while len(session_pids(process.pid)) < MIN_STARTED and process.poll() is None:
        time.sleep(0.02)
    kill_with_children(process)
    left = [pid for pid in session_pids(process.pid) if is_running(pid)]
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert left == []
