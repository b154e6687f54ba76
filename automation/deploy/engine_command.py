"""Engine command line as a child process: interrupted cleanly, and ended with every process that it started.

The engine runs in its own session, so Ctrl-C at a terminal reaches it once, through this process, and not a second time
from the terminal: the engine takes a second interrupt as an order to stop without waiting for running operations.
A command that is no operation, such as one that reads a tag or looks at the lock, takes a second and is completed before an
interrupt takes effect: the engine ends it at once otherwise, and may leave the lock that it holds. Commands never request
secrets in plain text.
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

from automation.processes import end_session, signals_handled

SHOW_SECRETS = "--show-secrets"
"""Option that the SDK adds and that is never passed to the engine."""
NON_INTERACTIVE = "--non-interactive"
GRACE_SECONDS = 10
"""Time for the engine to save its state after the second interrupt, before it is killed."""
READER_TIMEOUT_SECONDS = 5
"""Time to read remaining output after the engine has ended."""
ENGINE_VARIABLES = {"PULUMI_AUTOMATION_API": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
OPERATIONS = frozenset({"preview", "up", "refresh", "destroy", "import"})
"""Commands that the engine cancels cleanly when it is interrupted."""
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))

OnLine = Callable[[str], object]


@dataclass
class Interruptions:
    """Interrupts of the last command, and whether the engine had to be killed."""

    count: int = 0
    killed: bool = False


class EngineCommand(PulumiCommand):
    """Engine at `path`, run with this process's environment overridden by `environment`."""

    def __init__(self, path: str, environment: Mapping[str, str]) -> None:
        # The constructor of the base class searches only the PATH of this process.
        self.command = path
        self.version = engine_version(path)
        self.environment = dict(environment)
        self.interruptions = Interruptions()
        self.last_result: CommandResult | None = None
        self._process: subprocess.Popen[str] | None = None

    def interrupt(self) -> None:
        """Cancel the running command cleanly, as the first Ctrl-C does."""
        if self._process is not None and self._process.poll() is None:
            self.interruptions.count += 1
            self._process.send_signal(signal.SIGINT)

    @contextmanager
    def variable(self, name: str, value: str) -> Generator[None]:
        """Pass an environment variable to the commands in the meantime."""
        self.environment[name] = value
        try:
            yield
        finally:
            self.environment.pop(name, None)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnLine | None = None,
        on_error: OnLine | None = None,
        stdin: str | None = None,
    ) -> CommandResult:
        """Run a command of the engine; raises CommandError with its output when it fails.

        Raises KeyboardInterrupt after a command that is no operation and that the user interrupted.
        """
        arguments = [arg for arg in args if arg not in (SHOW_SECRETS, NON_INTERACTIVE)]
        self.interruptions = Interruptions()
        is_operation = bool(arguments) and arguments[0] in OPERATIONS
        with subprocess.Popen(  # noqa: S603  # the engine that `require_engine` located, with arguments of this package
            [self.command, NON_INTERACTIVE, *arguments],
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=cwd, env={**os.environ, **self.environment, **additional_env, **ENGINE_VARIABLES},
            encoding="utf-8", errors="replace", start_new_session=True,
        ) as process, forward_interrupts(process, self.interruptions, 1 if is_operation else 2):  # fmt: skip
            self._process = process
            out, err = _start_reader(process.stdout, on_output), _start_reader(process.stderr, on_error)
            if stdin is not None and process.stdin is not None:
                with suppress(BrokenPipeError), process.stdin:
                    process.stdin.write(stdin)
            process.wait()
            if process.returncode < 0 or self.interruptions.count:
                end_session(process.pid)
            for reader in (out, err):
                reader.join(READER_TIMEOUT_SECONDS)
        self.last_result = result = CommandResult("\n".join(out.lines), "\n".join(err.lines), process.returncode)
        if self.interruptions.count and not is_operation:
            raise KeyboardInterrupt
        if process.returncode != 0:
            raise create_command_error(result)
        return result


@cache
def engine_version(path: str) -> VersionInfo | None:
    """Return the version of the engine at a path; None when it prints none."""
    result = subprocess.run(  # noqa: S603  # see `EngineCommand.run`
        [path, "version"], capture_output=True, encoding="utf-8", env={**os.environ, **ENGINE_VARIABLES}
    )
    text = result.stdout.strip().removeprefix("v")
    return VersionInfo.parse(text) if VersionInfo.is_valid(text) else None


@contextmanager
def forward_interrupts(process: subprocess.Popen[str], interruptions: Interruptions, first: int) -> Generator[None]:
    """Forward interrupts to the engine from the `first` on: one cancels cleanly, the second stops at once; then it is killed."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        interruptions.count += 1
        if interruptions.count >= first and process.poll() is None:
            process.send_signal(signal.SIGINT)
        if interruptions.count == 2:
            threading.Thread(target=_kill_after_grace, args=(process, interruptions), daemon=True).start()

    with signals_handled(on_signal, INTERRUPTS):
        yield


class _Reader(threading.Thread):
    """Thread that reads a stream to its end, so that the engine never blocks on a full pipe."""

    def __init__(self, stream: IO[str], on_line: OnLine | None) -> None:
        super().__init__(daemon=True)
        self.stream, self.on_line, self.lines = stream, on_line, list[str]()

    def run(self) -> None:
        for line in self.stream:
            self.lines.append(line.rstrip())
            if self.on_line:
                self.on_line(line.rstrip())


def _start_reader(stream: IO[str] | None, on_line: OnLine | None) -> _Reader:
    if stream is None:
        raise ValueError("the engine's output is not a pipe")
    reader = _Reader(stream, on_line)
    reader.start()
    return reader


def _kill_after_grace(process: subprocess.Popen[str], interruptions: Interruptions) -> None:
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        interruptions.killed = True
        process.kill()
