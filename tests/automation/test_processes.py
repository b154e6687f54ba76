"""Processes of this machine: which of them outlived their engine, and which may be ended."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from automation.processes import Process, end, end_session, is_engine, is_running, orphans, running, session_pids

FOLDER = "/srv/agents"
HOST = ("/usr/bin/pulumi-language-python", "127.0.0.1:40000")
PLUGIN = ("/home/ci/.pulumi/plugins/resource-aws-v7.51.1/pulumi-resource-aws", "127.0.0.1:40000")
PROGRAM = ("/srv/agents/.venv/bin/python", "/usr/bin/pulumi-language-python-exec", "--stack", "prod")
ENGINE = Process(10, 1, "pulumi", ("pulumi", "up"), FOLDER)
INIT = Process(1, 0, "init")


def orphan_pids(*processes: Process) -> list[int]:
    found = orphans([INIT, *processes], lambda folder: folder == Path(FOLDER))
    return [process.pid for process in found]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Child process in its own session."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as process:
        yield process
        process.kill()


def test_host_program_and_plugins_without_an_engine_are_orphans() -> None:
    host = Process(20, 1, "pulumi-language-python", HOST, FOLDER)
    program = Process(21, 20, "python", PROGRAM, FOLDER)
    plugin = Process(22, 1, "pulumi-resource-aws", PLUGIN, FOLDER)
    assert orphan_pids(host, program, plugin) == [20, 21, 22]


def test_processes_of_a_running_engine_are_not_orphans() -> None:
    host = Process(20, 10, "pulumi-language-python", HOST, FOLDER)
    assert orphan_pids(ENGINE, host, Process(21, 20, "python", PROGRAM, FOLDER)) == []


def test_a_process_in_another_folder_is_not_an_orphan() -> None:
    assert orphan_pids(Process(20, 1, "pulumi-language-python", HOST, "/srv/others")) == []


def test_a_process_in_an_unknown_folder_is_not_an_orphan() -> None:
    assert orphan_pids(Process(20, 1, "pulumi-language-python", HOST)) == []


def test_other_programs_in_the_folder_are_not_orphans() -> None:
    server = Process(20, 1, "python", ("python", "-m", "http.server"), FOLDER)
    assert orphan_pids(server, Process(21, 1, "pulumi", (), FOLDER)) == []


def test_a_process_is_ended_by_its_id(sleeper: subprocess.Popen[bytes]) -> None:
    (process,) = (process for process in running() if process.pid == sleeper.pid)
    assert end(process)
    assert sleeper.pid not in [process.pid for process in running()]


def test_a_reused_id_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    assert not end(Process(sleeper.pid, 1, "pulumi-resource-aws", PLUGIN, FOLDER, started=1.0))
    assert sleeper.poll() is None


def test_a_session_is_ended_with_every_process_in_it(sleeper: subprocess.Popen[bytes]) -> None:
    assert session_pids(sleeper.pid) == (sleeper.pid,)
    end_session(sleeper.pid)
    assert sleeper.wait(timeout=5) == -9
    assert session_pids(sleeper.pid) == ()


def test_an_id_above_the_systems_maximum_is_not_running() -> None:
    assert is_running(os.getpid())
    assert not is_running(2**22 + 1)


def test_a_process_of_another_program_is_no_engine() -> None:
    assert not is_engine(os.getpid())


def test_an_engine_that_was_killed_does_not_run_although_its_parent_has_not_asked_for_it(tmp_path: Path) -> None:
    engine = shutil.copy("/bin/sleep", tmp_path / "pulumi")
    process = subprocess.Popen([engine, "60"])
    try:
        assert is_engine(process.pid) and is_running(process.pid)
        process.send_signal(signal.SIGKILL)
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert not is_engine(process.pid) and not is_running(process.pid)
    finally:
        process.kill()
        process.wait()
