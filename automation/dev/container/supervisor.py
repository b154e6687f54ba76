"""Process 1 of a service in a `dev` session: runs the service's command, and runs it again on SIGHUP.

    python3 -I -S supervisor.py [--port N] [--debug N] -- COMMAND...

A command that ends by itself, such as one whose code fails at import, is run again at the next SIGHUP: a container that
restarted in the meantime would lose time and fill the log. Runs with the Python of the service's image, which may be 3.8,
and with the standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time

STOP_SECONDS = 1.0
"""Time for the command to end after SIGTERM."""
POLL_SECONDS = 0.02
LISTENING = "0A"
"""State of a listening socket, proc_pid_net(5)."""
SIGNALS = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
DEBUG_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "debug")


def main() -> int:
    """Run the command until SIGTERM or SIGINT."""
    options = _options()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    received: int = signal.SIGHUP
    while received == signal.SIGHUP:
        started = time.monotonic()
        child = _start(options)
        received = _wait(child, options.port, started)
        _stop(child)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--debug", type=int)
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _start(options: argparse.Namespace) -> subprocess.Popen[bytes] | None:
    variables = dict(os.environ)
    if options.debug:
        paths = (DEBUG_FOLDER, variables.get("PYTHONPATH", ""))
        variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        variables["AGENT_PLATFORM_DEBUG_PORT"] = str(options.debug)
    try:
        return subprocess.Popen(  # noqa: S603  # the command of the service
            options.command,
            env=variables,
            start_new_session=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS),
        )
    except OSError as error:
        _report(f"{options.command[0]} cannot be started: {error.strerror}")
        return None


def _wait(child: subprocess.Popen[bytes] | None, port: int | None, started: float) -> int:
    """Return the signal that ends the command; report when it listens and when it has ended by itself."""
    listens, ended = port is None, child is None
    while True:
        received = signal.sigtimedwait(SIGNALS, POLL_SECONDS if not (listens or ended) else 3600)
        if received is not None and received.si_signo != signal.SIGCHLD:
            return received.si_signo
        if child is not None and not ended and child.poll() is not None:
            ended = True
            _report(f"ended with exit code {child.returncode}; waiting for the next edit")
        _reap(child)
        if port is not None and not listens and not ended and _is_listening(port):
            listens = True
            _report(f"listens on port {port} after {time.monotonic() - started:.1f} s")


def _stop(child: subprocess.Popen[bytes] | None) -> None:
    """End the command and every process that it left behind, such as the adapter of its debugger."""
    if child is not None and child.poll() is None:
        _kill_group(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    if child is not None:
        _kill_group(child.pid, signal.SIGKILL)
        child.wait()
    for pid in _children_of(os.getpid()):
        _kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _reap(child: subprocess.Popen[bytes] | None) -> None:
    """Wait for processes whose parents have ended; process 1 inherits them."""
    for pid in _children_of(os.getpid()):
        if child is None or pid != child.pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _kill_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _kill(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _children_of(parent: int) -> list[int]:
    """Return the ids of the processes whose parent is `parent`."""
    children: list[int] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                    # the second field is the name of the program, which may have spaces and parentheses
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                children.append(int(name))
    return children


def _is_listening(port: int) -> bool:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        if any(row[1].endswith(f":{port:04X}") and row[3] == LISTENING for row in rows):
            return True
    return False


def _report(text: str) -> None:
    print(f"[dev] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
