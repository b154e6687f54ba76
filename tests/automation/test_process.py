"""The engine as a process: never asked for secrets, cancelled cleanly, killed with all that it started."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi.automation import CommandError

from automation.deploy import engine_command
from automation.deploy.engine_command import EngineCommand
from automation.processes import session_pids

Engine = Callable[[str], EngineCommand]
LONGEST_SECONDS = 20


@pytest.fixture(autouse=True)
def interruptible() -> None:
    """A run that was started in the background ignores Ctrl-C, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine that is a shell script; it tells its version as the real one does."""

    def written(script: str) -> EngineCommand:
        path = tmp_path / "pulumi"
        path.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo v3.260.0; exit; fi\n{script}\n', encoding="utf-8")
        path.chmod(0o755)
        return EngineCommand(str(path), {"GIVEN": "here"})

    return written


def interrupted(seconds: float, times: int = 1, number: int = signal.SIGINT) -> None:
    """Have this process interrupted in a while, as ctrl-C does."""

    def send() -> None:
        for _ in range(times):
            time.sleep(seconds)
            os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()


def test_the_engine_is_never_asked_for_secrets_in_clear(engine: Engine, tmp_path: Path) -> None:
    told = engine('echo "$@"').run(["stack", "export", "--show-secrets"], str(tmp_path), {})
    assert told.stdout == "--non-interactive stack export"


def test_the_version_is_the_engines_own(engine: Engine) -> None:
    assert str(engine("").version) == "3.260.0"


def test_the_given_environment_is_laid_over_this_process_s(engine: Engine, tmp_path: Path) -> None:
    told = engine('echo "$GIVEN $MORE ${HOME:+home}"').run(["up"], str(tmp_path), {"MORE": "more"})
    assert told.stdout == "here more home"


def test_a_failure_keeps_what_the_engine_said(engine: Engine, tmp_path: Path) -> None:
    command = engine("echo out; echo 'error: no' >&2; exit 3")
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert command.last is not None
    assert (command.last.stdout, command.last.stderr, command.last.code) == ("out", "error: no", 3)


def test_lines_are_handed_on_as_they_come(engine: Engine, tmp_path: Path) -> None:
    lines = list[str]()
    engine("echo one; echo two").run(["up"], str(tmp_path), {}, lines.append)
    assert lines == ["one", "two"]


def test_ctrl_c_lets_the_engine_finish(engine: Engine, tmp_path: Path) -> None:
    command = engine("trap 'echo cancelling; exit 1' INT; while :; do sleep 0.1; done")
    interrupted(0.5)
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert command.last is not None
    assert command.last.stdout == "cancelling"
    assert (command.interruptions.count, command.interruptions.killed) == (1, False)


def test_an_end_that_is_asked_for_by_the_system_is_handed_on_as_ctrl_c(engine: Engine, tmp_path: Path) -> None:
    command = engine("trap 'echo cancelling; exit 1' INT; while :; do sleep 0.1; done")
    interrupted(0.5, number=signal.SIGTERM)
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert command.interruptions.count == 1


def test_the_second_ctrl_c_kills_an_engine_that_does_not_stop_and_all_that_it_started(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_command, "GRACE_SECONDS", 0.3)
    # `set -m` gives the child a process group of its own, as the engine does with its plugins
    command = engine("trap '' INT; set -m; sleep 60 & echo $$; wait; sleep 60")
    interrupted(0.5, times=2)
    began = time.monotonic()
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert time.monotonic() - began < LONGEST_SECONDS
    assert (command.interruptions.count, command.interruptions.killed) == (2, True)
    assert command.last is not None
    assert still_alive(int(command.last.stdout)) == []


def still_alive(session: int) -> list[int]:
    """Processes of a session that still run a while after they were ended; the system takes a moment."""
    until = time.monotonic() + 2
    while left := [pid for pid in session_pids(session) if state_of(pid) != "Z"]:
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    return left


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_a_killed_engine_leaves_nothing_behind(engine: Engine, tmp_path: Path) -> None:
    command = engine("set -m; sleep 60 & echo $$; kill -9 $$")
    with pytest.raises(CommandError):
        command.run(["up"], str(tmp_path), {})
    assert command.last is not None
    assert still_alive(int(command.last.stdout)) == []


def test_ctrl_c_is_python_s_own_again_afterwards(engine: Engine, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    engine("true").run(["up"], str(tmp_path), {})
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_leaves_signals_alone(engine: Engine, tmp_path: Path) -> None:
    ended = list[str]()
    command = engine("echo done")
    thread = threading.Thread(target=lambda: ended.append(command.run(["up"], str(tmp_path), {}).stdout))
    thread.start()
    thread.join()
    assert ended == ["done"]
