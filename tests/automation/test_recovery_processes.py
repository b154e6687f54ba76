"""Which processes a killed engine has left, and which are somebody's."""

import os
import subprocess
import sys
from pathlib import Path

from automation.recover.processes import Process, end, is_engine, left_over, running

HERE = "/srv/agents"
HOST = ("/usr/bin/pulumi-language-python", "127.0.0.1:40000")
PLUGIN = ("/home/ci/.pulumi/plugins/resource-aws-v7.51.1/pulumi-resource-aws", "127.0.0.1:40000")
PROGRAM = ("/srv/agents/.venv/bin/python", "/usr/bin/pulumi-language-python-exec", "--stack", "prod")
ENGINE = Process(10, 1, "pulumi", ("pulumi", "up"), HERE)
INIT = Process(1, 0, "init")


def left(*processes: Process) -> list[int]:
    return [process.pid for process in left_over([INIT, *processes], lambda folder: folder == Path(HERE))]


def test_host_program_and_plugins_without_an_engine_are_left_over() -> None:
    host = Process(20, 1, "pulumi-language-python", HOST, HERE)
    program = Process(21, 20, "python", PROGRAM, HERE)
    plugin = Process(22, 1, "pulumi-resource-aws", PLUGIN, HERE)
    assert left(host, program, plugin) == [20, 21, 22]


def test_what_a_living_engine_has_started_is_not() -> None:
    host = Process(20, 10, "pulumi-language-python", HOST, HERE)
    assert left(ENGINE, host, Process(21, 20, "python", PROGRAM, HERE)) == []


def test_what_works_in_another_folder_is_not() -> None:
    assert left(Process(20, 1, "pulumi-language-python", HOST, "/srv/others")) == []


def test_what_works_in_a_folder_that_is_not_told_is_not() -> None:
    assert left(Process(20, 1, "pulumi-language-python", HOST)) == []


def test_other_programs_in_the_folder_are_not() -> None:
    assert (
        left(Process(20, 1, "python", ("python", "-m", "http.server"), HERE), Process(21, 1, "pulumi", (), HERE)) == []
    )


def test_a_process_is_ended_by_its_own_number() -> None:
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (found,) = (process for process in running() if process.pid == started.pid)
    assert end(found)
    assert started.pid not in [process.pid for process in running()]


def test_a_number_that_was_given_out_again_is_left_alone() -> None:
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert not end(Process(started.pid, 1, "pulumi-resource-aws", PLUGIN, HERE, started=1.0))
        assert started.poll() is None
    finally:
        started.kill()
        started.wait()


def test_a_number_that_another_program_has_by_now_is_no_engine() -> None:
    assert not is_engine(os.getpid())
