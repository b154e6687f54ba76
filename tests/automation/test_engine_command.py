"""Engine command line: no secrets in plain text, clean cancellation, and no process left after a kill."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pulumi.automation import CommandError

from automation.deploy import engine_command
from automation.deploy.engine_command import EngineCommand
from automation.processes import session_pids

Engine = Callable[[str], EngineCommand]
MAX_SECONDS = 20
WAIT_FOR_INTERRUPT = "trap 'echo cancelling; exit 1' INT; while :; do sleep 0.1; done"


@pytest.fixture(autouse=True)
def default_interrupt_handler() -> None:
    """A test run in the background ignores Ctrl-C, and so would the processes that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Function that returns an engine made of a shell script."""

    def create(script: str) -> EngineCommand:
        path = tmp_path / "pulumi"
        path.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo v3.260.0; exit; fi\n{script}\n', encoding="utf-8")
        path.chmod(0o755)
        return EngineCommand(str(path), {"OVERRIDDEN": "override"})

    return create


def interrupt_later(seconds: float, times: int = 1, number: int = signal.SIGINT) -> None:
    """Interrupt this process after some seconds, as Ctrl-C does."""

    def send() -> None:
        for _ in range(times):
            time.sleep(seconds)
            os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()


def remaining_processes(session: int) -> list[int]:
    """Return processes of a session that still run two seconds after they were killed."""
    deadline = time.monotonic() + 2
    while remaining := [pid for pid in session_pids(session) if is_active(pid)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return remaining


def is_active(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_no_command_requests_secrets_in_plain_text(engine: Engine, tmp_path: Path) -> None:
    result = engine('echo "$@"').run(["stack", "export", "--show-secrets"], str(tmp_path), {})
    assert result.stdout == "--non-interactive stack export"


def test_the_version_is_that_of_the_engine(engine: Engine) -> None:
    assert str(engine("").version) == "3.260.0"


def test_the_environment_overrides_variables_of_this_process(engine: Engine, tmp_path: Path) -> None:
    result = engine('echo "$OVERRIDDEN $MORE ${HOME:+home}"').run(["up"], str(tmp_path), {"MORE": "more"})
    assert result.stdout == "override more home"


def test_standard_input_is_passed_to_the_engine(engine: Engine, tmp_path: Path) -> None:
    assert engine("cat").run(["config"], str(tmp_path), {}, stdin="a value").stdout == "a value"


def test_a_failure_keeps_the_output_of_the_engine(engine: Engine, tmp_path: Path) -> None:
    command = engine("echo out; echo 'error: no' >&2; exit 3")
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert command.last_result is not None
    result = command.last_result
    assert (result.stdout, result.stderr, result.code) == ("out", "error: no", 3)


def test_each_line_is_passed_to_the_callback(engine: Engine, tmp_path: Path) -> None:
    lines = list[str]()
    engine("echo one; echo two").run(["up"], str(tmp_path), {}, lines.append)
    assert lines == ["one", "two"]


def test_the_first_interrupt_lets_the_engine_finish(engine: Engine, tmp_path: Path) -> None:
    command = engine(WAIT_FOR_INTERRUPT)
    interrupt_later(0.5)
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert command.last_result is not None
    assert command.last_result.stdout == "cancelling"
    assert (command.interruptions.count, command.interruptions.killed) == (1, False)


def test_a_command_that_is_no_operation_is_completed_before_the_interrupt(engine: Engine, tmp_path: Path) -> None:
    command = engine("trap 'echo interrupted; exit 1' INT; sleep 1.5; echo completed")
    interrupt_later(0.5)
    with pytest.raises(KeyboardInterrupt):
        command.run(["stack", "rename", "prod"], str(tmp_path), {})
    assert command.last_result is not None
    assert (command.last_result.stdout, command.last_result.code) == ("completed", 0)


def test_a_second_interrupt_ends_a_command_that_hangs(engine: Engine, tmp_path: Path) -> None:
    command = engine(WAIT_FOR_INTERRUPT)
    interrupt_later(0.5, times=2)
    with pytest.raises(KeyboardInterrupt):
        command.run(["stack", "export"], str(tmp_path), {})
    assert command.last_result is not None
    assert command.last_result.stdout == "cancelling"


def test_a_termination_by_the_system_is_forwarded_as_an_interrupt(engine: Engine, tmp_path: Path) -> None:
    command = engine(WAIT_FOR_INTERRUPT)
    interrupt_later(0.5, number=signal.SIGTERM)
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert command.interruptions.count == 1


def test_the_second_interrupt_kills_a_hanging_engine_and_its_processes(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_command, "GRACE_SECONDS", 0.3)
    # `set -m` gives the child its own process group, as the engine does with its plugins
    command = engine("trap '' INT; set -m; sleep 60 & echo $$; wait; sleep 60")
    interrupt_later(0.5, times=2)
    started = time.monotonic()
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert time.monotonic() - started < MAX_SECONDS
    assert (command.interruptions.count, command.interruptions.killed) == (2, True)
    assert command.last_result is not None
    assert remaining_processes(int(command.last_result.stdout)) == []


def test_a_killed_engine_leaves_no_process(engine: Engine, tmp_path: Path) -> None:
    command = engine("set -m; sleep 60 & echo $$; kill -9 $$")
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert command.last_result is not None
    assert remaining_processes(int(command.last_result.stdout)) == []


def test_interrupt_handlers_are_restored(engine: Engine, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    engine("true").run(["up"], str(tmp_path), {})
    assert signal.getsignal(signal.SIGINT) is before


def test_signals_are_not_handled_in_other_threads(engine: Engine, tmp_path: Path) -> None:
    outputs = list[str]()
    command = engine("echo done")
    thread = threading.Thread(target=lambda: outputs.append(command.run(["up"], str(tmp_path), {}).stdout))
    thread.start()
    thread.join()
    assert outputs == ["done"]
