"""Supervisor of a service in a dev session, and the spare process that has imported the installed modules before an edit."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from automation.dev.container import supervisor
from automation.dev.service_source import write_tools
from tests.local.poll import eventually

pytestmark = pytest.mark.long(reason="real processes that wait for edits")

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Start]:
    """Function that starts a supervised program and returns its process; ended after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *options: str, command: Sequence[str] = (sys.executable, "-u")) -> "subprocess.Popen[str]":
        tools = write_tools(tmp_path, debugger="--debug" in options)
        path = tmp_path / "program.py"
        path.write_text(program, encoding="utf-8")
        words = [sys.executable, "-I", "-S", str(tools / "supervisor.py"), *options, "--", *command, str(path)]
        variables = {**os.environ, "PYTHONPATH": str(tmp_path / "site-packages")}
        started.append(
            subprocess.Popen(words, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=20)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    text = process.stdout.readline().strip()
    if text.startswith("Traceback"):
        text += "".join(process.stdout.readlines())
    return text


def test_a_service_is_started_again_on_a_signal_and_ends_with_its_supervisor(supervised: Start, tmp_path: Path) -> None:
    process = supervised("import time\nprint('one')\ntime.sleep(60)\n")
    assert line(process) == "one"
    (tmp_path / "program.py").write_text("import time\nprint('two')\ntime.sleep(60)\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    assert line(process) == "two"
    started = time.monotonic()
    process.terminate()
    assert process.wait(timeout=20) == 0
    assert time.monotonic() - started < 15


def test_code_that_fails_is_reported_once_and_runs_after_the_next_edit(supervised: Start, tmp_path: Path) -> None:
    process = supervised("raise SystemExit(3)\n")
    assert line(process) == "[dev] ended with exit code 3; waiting for the next edit"
    (tmp_path / "program.py").write_text("import time\nprint('repaired')\ntime.sleep(60)\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    assert line(process) == "repaired"


def children(process: "subprocess.Popen[str]") -> list[str]:
    """Ids of the processes that a supervisor has started."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return path.read_text(encoding="ascii").split()


@pytest.fixture
def port() -> int:
    """Free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Installed module of the service."""
    path = tmp_path / "site-packages" / "installed.py"
    path.parent.mkdir()
    path.write_text("VALUE = 'first'\n", encoding="utf-8")
    return path


def program_of(port: int, version: str) -> str:
    """Service that prints whether its installed module was imported before it, and the search path that its processes get."""
    return f"""
import os, socket, sys, time
early = "installed" in sys.modules
import installed
print("{version}", early, installed.VALUE, os.environ["PYTHONPATH"].endswith("site-packages"), flush=True)
listener = socket.create_server(("127.0.0.1", {port}))
time.sleep(60)
"""


@pytest.mark.parametrize("command", [(sys.executable,), ("/bin/sh", "-c", f"exec {sys.executable} $0 ${{UNSET:-}}")])
def test_a_spare_process_has_imported_the_installed_modules_before_the_edit(
    supervised: Start, tmp_path: Path, port: int, installed: Path, command: Sequence[str]
) -> None:
    process = supervised(program_of(port, "one"), "--port", str(port), "--spare", command=command)
    assert line(process) == "one False first True"
    assert line(process).startswith(f"[dev] listens on port {port}")
    eventually(lambda: len(children(process)) == 2, 20)
    for version in ("two", "three"):
        (tmp_path / "program.py").write_text(program_of(port, version), encoding="utf-8")
        time.sleep(1)  # the spare process waits
        process.send_signal(signal.SIGHUP)
        assert line(process) == f"{version} True first True"
        assert line(process).startswith(f"[dev] listens on port {port}")
        eventually(lambda: len(children(process)) == 2, 20)


def test_edits_in_quick_succession_are_served_by_copies_of_one_spare_process(
    supervised: Start, tmp_path: Path, port: int, installed: Path
) -> None:
    process = supervised(program_of(port, "one"), "--port", str(port), "--spare")
    assert line(process) == "one False first True"
    assert line(process).startswith(f"[dev] listens on port {port}")
    first = children(process)
    eventually(lambda: len(children(process)) == 2, 20)
    (spare,) = set(children(process)) - set(first)
    for version in ("two", "three", "four"):
        (tmp_path / "program.py").write_text(program_of(port, version), encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        assert line(process) == f"{version} True first True"
        assert line(process).startswith(f"[dev] listens on port {port}")
        assert spare in children(process)
    assert len(children(process)) == 2
    process.terminate()
    assert process.wait(timeout=20) == 0
    eventually(lambda: not Path(f"/proc/{spare}").exists(), 20)


def test_a_copy_that_ends_is_reported_with_its_exit_code(
    supervised: Start, tmp_path: Path, port: int, installed: Path
) -> None:
    process = supervised(program_of(port, "one"), "--port", str(port), "--spare")
    assert line(process) == "one False first True"
    assert line(process).startswith(f"[dev] listens on port {port}")
    eventually(lambda: len(children(process)) == 2, 20)
    failing = program_of(port, "{}") + "raise SystemExit(7)\n"
    failing = failing.replace("time.sleep(60)\n", "").replace("listener =", "_ =")
    for version, early in (("two", True), ("three", True), ("four", False)):
        (tmp_path / "program.py").write_text(failing.format(version), encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        # after two failures in a row, nothing is imported in advance
        assert line(process) == f"{version} {early} first True"
        assert line(process) == "[dev] ended with exit code 7; waiting for the next edit"


def test_a_process_with_threads_is_not_copied(supervised: Start, tmp_path: Path, port: int, installed: Path) -> None:
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    installed.write_text(thread + installed.read_text(encoding="utf-8"), encoding="utf-8")
    process = supervised(
        program_of(port, "one").replace("print(", "import threading; print(threading.active_count(), "),
        "--port",
        str(port),
        "--spare",
    )
    assert line(process) == "2 one False first True"
    assert line(process).startswith(f"[dev] listens on port {port}")
    eventually(lambda: len(children(process)) == 2, 20)
    time.sleep(1)  # the spare process waits
    waiting = children(process)
    process.send_signal(signal.SIGHUP)
    assert line(process) == "2 one True first True"
    assert line(process).startswith(f"[dev] listens on port {port}")
    eventually(lambda: len(children(process)) == 2, 20)
    assert len(set(waiting) & set(children(process))) == 1, "the waiting process is the service now"


def test_a_spare_process_listens_for_a_debugger_after_the_edit(supervised: Start, port: int, installed: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        debug_port = listener.getsockname()[1]
    debugger = f"[dev] the debugger listens on port {debug_port}"
    process = supervised(program_of(port, "one"), "--port", str(port), "--debug", str(debug_port), "--spare")
    assert (line(process), line(process)) == (debugger, "one False first True")
    assert line(process).startswith(f"[dev] listens on port {port}")
    time.sleep(6)  # the spare process imports the debugger too
    process.send_signal(signal.SIGHUP)
    assert (line(process), line(process)) == (debugger, "one True first True")


def test_a_spare_process_is_started_again_after_a_change_of_an_installed_module(
    supervised: Start, tmp_path: Path, port: int, installed: Path
) -> None:
    process = supervised(program_of(port, "one"), "--port", str(port), "--spare")
    assert line(process) == "one False first True"
    eventually(lambda: len(children(process)) == 2, 20)
    time.sleep(1)  # the spare process waits
    installed.write_text("VALUE = 'second'\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    assert line(process).startswith("[dev] listens")
    assert line(process) == "one False second True"


def test_a_module_that_the_service_does_without_is_skipped(supervised: Start, port: int, installed: Path) -> None:
    (installed.parent / "optional.py").write_text("raise RuntimeError('not configured')\n", encoding="utf-8")
    attempt = "try:\n    import optional\nexcept RuntimeError:\n    pass\n"
    program = program_of(port, "one").replace("import installed\n", f"{attempt}import installed\n")
    process = supervised(program, "--port", str(port), "--spare")
    assert line(process) == "one False first True"
    eventually(lambda: len(children(process)) == 2, 20)
    time.sleep(1)  # the spare process waits
    process.send_signal(signal.SIGHUP)
    assert line(process).startswith("[dev] listens")
    assert line(process) == "one True first True"


def test_a_module_that_cannot_be_imported_in_advance_is_imported_by_the_service(
    supervised: Start, port: int, installed: Path
) -> None:
    installed.write_text("import sys\nVALUE = sys.modules['__main__'].early\n", encoding="utf-8")
    process = supervised(program_of(port, "one"), "--port", str(port), "--spare")
    assert line(process) == "one False False True"
    eventually(lambda: len(children(process)) == 2, 20)
    process.send_signal(signal.SIGHUP)
    assert line(process).startswith("[dev] listens")
    assert line(process) == "one False False True"


@pytest.mark.parametrize(
    "command", [("/bin/sh",), (sys.executable, "-I"), ("/bin/sh", "-c", f"true && exec {sys.executable} $0")]
)
def test_a_command_that_may_do_other_work_has_no_spare_process(
    supervised: Start, port: int, command: Sequence[str]
) -> None:
    program = (
        f"exec {sys.executable} -c \"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)\""
        if command == ("/bin/sh",)  # the file is a program of the shell
        else f"import socket, time\ns = socket.create_server(('127.0.0.1', {port}))\ntime.sleep(60)\n"
    )
    process = supervised(program, "--port", str(port), "--spare", command=command)
    assert line(process).startswith(f"[dev] listens on port {port}")
    time.sleep(2)
    assert len(children(process)) == 1


@pytest.mark.parametrize(
    ("limit", "used", "expected"), [("max", 10**9, True), ("1000", 400, True), ("1000", 500, False)]
)
def test_a_spare_process_needs_memory_for_twice_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, used: int, expected: bool
) -> None:
    (tmp_path / "limit").write_text(f"{limit}\n", encoding="ascii")
    (tmp_path / "stat").write_text(f"cache 7\nanon {used}\n", encoding="ascii")
    files = (("/absent", "/absent", "rss"), (str(tmp_path / "limit"), str(tmp_path / "stat"), "anon"))
    monkeypatch.setattr(supervisor, "MEMORY", files)
    assert supervisor.has_memory() == expected
