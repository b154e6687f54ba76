"""Commands of other programs, such as docker, aws, gcloud and az: printed, run, and ended when the user interrupts.

Commands are printed to standard error, so that standard output holds results alone. No environment variable is printed,
and what one command pipes into another passes through the kernel and never through this process.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from types import FrameType
from typing import IO, NoReturn

import psutil

from automation.command_errors import DOCKER, command_failure, missing_program
from automation.deploy.errors import DeploymentFailed
from automation.processes import end_session, signals_handled
from providers.contract.cli import CliCommand, CliProgram

GRACE_SECONDS = 5.0
"""Time for an interrupted program to end by itself before it is killed."""
KEPT_LINES = 200
"""Last lines of a program's output that are kept to explain its failure."""
BROKEN_PIPE = -signal.SIGPIPE
"""Exit code of a program whose reader has ended first; the reader's own code states the cause."""
BROKEN_PIPE_TEXT = re.compile(r"[Bb]roken ?[Pp]ipe|EPIPE")
TERMINATION_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

Process = subprocess.Popen[bytes]


def print_to_stderr(text: str) -> None:
    """Print a line to standard error."""
    print(text, file=sys.stderr, flush=True)


def command_text(command: CliCommand) -> str:
    """Return a command as a user would type it, without environment variables."""
    return " | ".join(shlex.join(part.arguments) for part in _pipeline(command))


@dataclass(frozen=True)
class LocalShell:
    """`Shell` of this machine; `programs` state how to install what is missing, `echo` prints commands and output."""

    programs: Sequence[CliProgram] = ()
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Variables for every command, beside those of this process."""
    echo: Callable[[str], object] = print_to_stderr
    sleep: Callable[[float], None] = time.sleep

    def output(self, command: CliCommand) -> str:
        """See `Shell.output`."""
        self._print(command)
        code, out, err = self._captured(command)
        if code != 0:
            raise command_failure(command_text(command), err or out)
        return out

    def succeeds(self, command: CliCommand) -> bool:
        """See `Shell.succeeds`."""
        self._print(command)
        return self._captured(command)[0] == 0

    def stream(self, command: CliCommand) -> int:
        """See `Shell.stream`."""
        self._print(command)
        sys.stdout.flush()
        with self._started(command, None, None, own_session=False) as process:
            return process.wait()

    def relay(self, command: CliCommand) -> None:
        """Run a command that must succeed, such as a build, and print its output line by line."""
        self._print(command)
        lines = deque[str](maxlen=KEPT_LINES)
        with self._started(command, subprocess.PIPE, subprocess.STDOUT) as process:
            for line in process.stdout or ():
                lines.append(line.decode(errors="replace").rstrip())
                self.echo(lines[-1])
            code = process.wait()
        if code != 0:
            raise command_failure(command_text(command), "\n".join(lines))

    def relay_all(self, commands: Mapping[str, CliCommand]) -> Mapping[str, tuple[str, DeploymentFailed | None]]:
        """Run commands at the same time and print their lines after their names; return output and failure of each."""
        with ExitStack() as running:
            readers: dict[str, _LineReader] = {}
            for name, command in commands.items():
                self._print(command)
                process = running.enter_context(self._started(command, subprocess.PIPE, subprocess.STDOUT))
                prefix = f"{name} | " if len(commands) > 1 else ""
                readers[name] = _LineReader(process, lambda line, prefix=prefix: self.echo(f"{prefix}{line}"))
                readers[name].start()
            for reader in readers.values():
                reader.join()
        return {name: (reader.text, _failure_of(commands[name], reader)) for name, reader in readers.items()}

    def _print(self, command: CliCommand) -> None:
        self.echo(f"$ {command_text(command)}")

    def _captured(self, command: CliCommand) -> tuple[int, str, str]:
        """Return exit code, output and errors of a command, or of the command before the pipe when that failed."""
        parts = _pipeline(command)
        with ExitStack() as files:
            errors = [files.enter_context(TemporaryFile()) for _ in parts]
            with self._started(command, subprocess.PIPE, errors[-1], errors[:-1]) as process:
                out, _ = process.communicate()
            texts = [_text_of(file) for file in errors]
        return process.returncode, out.decode(errors="replace"), "\n".join(text for text in texts if text)

    @contextmanager
    def _started(
        self,
        command: CliCommand,
        stdout: int | None,
        stderr: int | IO[bytes] | None,
        source_errors: Sequence[IO[bytes]] = (),
        *,
        own_session: bool = True,
    ) -> Generator[Process]:
        """Start a command and those before its pipe; end all of them when this program is interrupted."""
        *before, last = _pipeline(command)
        running: list[Process] = []
        # a terminal's Ctrl-C reaches every process of its session: programs in a separate session end through this one
        stdin: int | IO[bytes] | None = subprocess.DEVNULL if own_session else None
        try:
            for index, part in enumerate(before):
                errors = source_errors[index] if index < len(source_errors) else None
                running.append(self._popen(part, stdin, subprocess.PIPE, errors, own_session))
                stdin = running[-1].stdout
            running.append(self._popen(last, stdin, stdout, stderr, own_session))
            for process in running[:-1]:
                if process.stdout is not None:
                    process.stdout.close()
            yield running[-1]
            self._refuse_failed_sources(before, running, source_errors)
        except BaseException:
            for process in running:
                _end(process, own_session=own_session)
            raise

    def _popen(
        self,
        part: CliCommand,
        stdin: int | IO[bytes] | None,
        stdout: int | None,
        stderr: int | IO[bytes] | None,
        own_session: bool,
    ) -> Process:
        try:
            return subprocess.Popen(  # noqa: S603  # commands of this package, without a shell
                part.arguments, stdin=stdin, stdout=stdout, stderr=stderr, cwd=self.folder,
                env={**os.environ, **self.environment, **part.environment}, start_new_session=own_session,
            )  # fmt: skip
        except (FileNotFoundError, PermissionError):
            self._refuse_missing(part.program)

    def _refuse_missing(self, program: str) -> NoReturn:
        install = next((each.install for each in (*self.programs, DOCKER) if each.name == program), "")
        raise missing_program(program, install) from None

    def _refuse_failed_sources(
        self, before: Sequence[CliCommand], running: Sequence[Process], errors: Sequence[IO[bytes]]
    ) -> None:
        """Raise the failure of a command before the pipe, which is the cause when the last one fails too."""
        for index, (part, process) in enumerate(zip(before, running, strict=False)):
            code, text = process.wait(), _text_of(errors[index]) if index < len(errors) else ""
            # a program that reports the broken pipe has a reader that ended first, and that failure is the cause
            if code not in (0, BROKEN_PIPE) and not BROKEN_PIPE_TEXT.search(text):
                raise command_failure(command_text(part), text)


class _LineReader(threading.Thread):
    """Thread that prints and keeps the output of a process until it ends."""

    def __init__(self, process: Process, echo: Callable[[str], object]) -> None:
        super().__init__(daemon=True)
        self.process, self.echo, self.code = process, echo, 0
        self.lines: list[str] = []

    def run(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line.decode(errors="replace").rstrip())
            self.echo(self.lines[-1])
        self.code = self.process.wait()

    @property
    def text(self) -> str:
        """Complete output."""
        return "\n".join(self.lines)


def _failure_of(command: CliCommand, reader: _LineReader) -> DeploymentFailed | None:
    text = "\n".join(reader.lines[-KEPT_LINES:])
    return command_failure(command_text(command), text) if reader.code else None


@contextmanager
def termination_as_interrupt() -> Generator[None]:
    """Treat SIGTERM and SIGHUP as Ctrl-C, so that what was opened is closed when a CI service cancels the job."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with signals_handled(interrupt, TERMINATION_SIGNALS):
        yield


@contextmanager
def interrupts_deferred(numbers: Sequence[signal.Signals] = (signal.SIGINT, *TERMINATION_SIGNALS)) -> Generator[None]:
    """Complete the body before an interrupt takes effect, such as closing what was opened."""
    received: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        received.append(number)

    with signals_handled(remember, numbers):
        yield
    if received:
        raise KeyboardInterrupt


def _pipeline(command: CliCommand) -> list[CliCommand]:
    """Return the commands of a pipe, the first one first."""
    return [*(_pipeline(command.stdin) if command.stdin is not None else []), command]


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def _end(process: Process, *, own_session: bool) -> None:
    """Interrupt a program, wait for it, and kill it and its children when it does not end."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError, PermissionError):
        if own_session:
            os.killpg(process.pid, signal.SIGINT)
        elif not sys.stdin.isatty():
            process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.wait(GRACE_SECONDS)
        return
    if own_session:
        end_session(process.pid)
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
    process.kill()
    process.wait()
