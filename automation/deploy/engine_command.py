"""The engine as a process of its own: started, interrupted cleanly, and ended with everything it started.

It runs in a session of its own, so that ctrl-C at a terminal reaches it once, by us, and not a second time by the
terminal: to the engine a second interrupt means to stop without waiting for what is under way. Whatever asks it, it
is never asked for secrets in clear.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from types import FrameType
from typing import IO

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from automation.processes import end_session

SHOW_SECRETS = "--show-secrets"
"""Option of the engine that the SDK adds by itself, and that is never passed on."""
GRACE_SECONDS = 10
"""How long the engine has after the second ctrl-C to write its state, before it is killed."""
READER_TIMEOUT_SECONDS = 5
"""How long we read on after the engine has ended."""
QUIET = {"PULUMI_AUTOMATION_API": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


@dataclass
class Interruptions:
    """How often the last command was interrupted, and whether the engine had to be killed."""

    count: int = 0
    killed: bool = False


class EngineCommand(PulumiCommand):
    """The engine's command line at `path`, run with this process's environment and `environment` over it."""

    def __init__(self, path: str, environment: Mapping[str, str]) -> None:
        # The SDK's own constructor looks for the engine on the PATH of this process alone.
        self.command = path
        self.version = engine_version(path)
        self.environment = dict(environment)
        self.interruptions = Interruptions()
        self.last: CommandResult | None = None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], object] | None = None,
        on_error: Callable[[str], object] | None = None,
        given: str | None = None,
    ) -> CommandResult:
        """Run a command of the engine, `given` on its standard input; raises CommandError, with what it said, when it fails."""
        told = [arg for arg in args if arg not in (SHOW_SECRETS, "--non-interactive")]
        self.interruptions = Interruptions()
        with subprocess.Popen(  # noqa: S603  # the engine, found by `require_engine`, with our own arguments
            [self.command, "--non-interactive", *told],
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=cwd, env={**os.environ, **self.environment, **additional_env, **QUIET},
            encoding="utf-8", errors="replace", start_new_session=True,
        ) as process, forward_interrupts(process, self.interruptions):  # fmt: skip
            out, err = _read(process.stdout, on_output), _read(process.stderr, on_error)
            if given is not None and process.stdin is not None:
                with suppress(BrokenPipeError), process.stdin:
                    process.stdin.write(given)
            process.wait()
            if process.returncode < 0 or self.interruptions.count:
                end_session(process.pid)
            for reader in (out, err):
                reader.join(READER_TIMEOUT_SECONDS)
        self.last = result = CommandResult("\n".join(out.lines), "\n".join(err.lines), process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result


@cache
def engine_version(path: str) -> VersionInfo | None:
    """Version of the engine at a path; None when it does not tell one."""
    ended = subprocess.run([path, "version"], capture_output=True, encoding="utf-8", env={**os.environ, **QUIET})  # noqa: S603
    text = ended.stdout.strip().removeprefix("v")
    return VersionInfo.parse(text) if VersionInfo.is_valid(text) else None


class _Reader(threading.Thread):
    """Reads a stream to its end, line by line, so that the engine never waits for us."""

    def __init__(self, stream: IO[str], on_line: Callable[[str], object] | None) -> None:
        super().__init__(daemon=True)
        self.stream, self.on_line, self.lines = stream, on_line, list[str]()

    def run(self) -> None:
        for line in self.stream:
            self.lines.append(line.rstrip())
            if self.on_line:
                self.on_line(line.rstrip())


def _read(stream: IO[str] | None, on_line: Callable[[str], object] | None) -> _Reader:
    if stream is None:
        raise ValueError("the engine's output is not a pipe")
    reader = _Reader(stream, on_line)
    reader.start()
    return reader


@contextmanager
def forward_interrupts(process: subprocess.Popen[str], told: Interruptions) -> Generator[None]:
    """Hand ctrl-C on to the engine: once to cancel cleanly, twice to stop at once; then kill what does not stop.

    Python hands signals to the main thread alone; a caller in another thread handles them itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        told.count += 1
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        if told.count == 2:
            threading.Thread(target=_kill_after_grace, args=(process, told), daemon=True).start()

    before = {number: signal.signal(number, on_signal) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _kill_after_grace(process: subprocess.Popen[str], told: Interruptions) -> None:
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        told.killed = True
        process.kill()
