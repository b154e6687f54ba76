"""Commands of other programs: what is printed, how failures read, and how programs end after an interrupt."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from automation.command_errors import COMMAND_PATTERNS, command_failure
from automation.deploy.errors import DeploymentFailed, Failure
from automation.shell import LocalShell, command_text, interrupts_deferred, termination_as_interrupt
from providers.contract.cli import CliCommand, CliProgram

ERROR_TEXTS = {
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock": (
        Failure.NO_PERMISSION, "this user may not use the Docker daemon",
    ),
    "ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?": (
        Failure.OFFLINE, "cannot reach the Docker daemon",
    ),
    "docker: 'buildx' is not a docker command.\nSee 'docker --help'": (
        Failure.NO_PROGRAM, "docker has no buildx plugin",
    ),
    'ERROR: process "/bin/sh -c pip install" did not complete successfully: exec format error': (
        Failure.COMMAND, "this machine cannot run programs of the image's architecture during the build",
    ),
    "ERROR: no matching manifest for linux/arm64 in the manifest list entries": (
        Failure.COMMAND, "a base image does not exist for the service's architecture linux/arm64",
    ),
    "Unable to locate credentials. You can configure credentials by running \"aws configure\".": (
        Failure.NO_CREDENTIALS, "the AWS CLI has no valid credentials",
    ),
    "ERROR: (gcloud.auth.print-access-token) You do not currently have an active account selected.": (
        Failure.NO_CREDENTIALS, "the Google Cloud CLI has no valid credentials",
    ),
    "ERROR: Please run 'az login' to setup account.": (
        Failure.NO_CREDENTIALS, "the Azure CLI has no valid credentials",
    ),
    "name unknown: The repository with name 'prod/web' does not exist in the registry with id '111122223333'": (
        Failure.NO_REGISTRY, "the registry of the stack does not exist yet",
    ),
    "denied: client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall": (
        Failure.NO_PERMISSION, "the registry accepts no connection from 203.0.113.7",
    ),
    "tag invalid: The image tag '1.0' already exists in the 'web' repository and cannot be overwritten": (
        Failure.TAKEN, "the registry has another image with this tag, and its tags cannot be changed",
    ),
    "failed to copy: write /var/lib/docker/tmp/x: no space left on device": (
        Failure.QUOTA, "the registry or this machine has no room for the image: failed to copy: write "
        "/var/lib/docker/tmp/x: no space left on device",
    ),
    "no basic auth credentials": (Failure.NO_CREDENTIALS, "docker is not logged in to the registry"),
    'denied: Permission "artifactregistry.repositories.uploadArtifacts" denied on resource': (
        Failure.NO_PERMISSION, 'the credentials have no permission: denied: Permission '
        '"artifactregistry.repositories.uploadArtifacts" denied on resource',
    ),
    'Step 1/9 : ARG BASE_IMAGE=python:3.13-slim\nStep 2/9 : FROM ${BASE_IMAGE}\nGet "https://registry-1.docker.io/v2/": dial tcp: '
    "lookup registry-1.docker.io on 10.0.0.2:53: no such host": (
        Failure.NO_IMAGE, 'the base image of the Dockerfile cannot be pulled: Get "https://registry-1.docker.io/v2/": dial tcp: '
        "lookup registry-1.docker.io on 10.0.0.2:53: no such host",
    ),
    "write tcp 10.0.0.2:41234->203.0.113.9:443: write: connection reset by peer": (
        Failure.OFFLINE, "the connection was lost: write tcp 10.0.0.2:41234->203.0.113.9:443: write: connection "
        "reset by peer",
    ),
}  # fmt: skip
"""Text of each known failure, in the order of the table, with its kind and problem."""


def python(code: str, stdin: CliCommand | None = None, **environment: str) -> CliCommand:
    return CliCommand((sys.executable, "-c", code), stdin=stdin, environment=environment)


@pytest.fixture
def printed() -> list[str]:
    return []


@pytest.fixture
def shell(printed: list[str]) -> LocalShell:
    return LocalShell((CliProgram("cloudctl", ("cloudctl", "--version"), "install cloudctl from its site"),),
                      echo=printed.append)  # fmt: skip


def test_a_command_is_printed_as_a_user_would_type_it_and_without_its_environment(
    shell: LocalShell, printed: list[str]
) -> None:
    command = python("import os; print(os.environ['TOKEN'])", TOKEN="hidden value")
    assert shell.output(command) == "hidden value\n"
    assert printed == [f"$ {command_text(command)}"]
    assert "hidden" not in printed[0] and "hidden" not in repr(command)


def test_a_piped_command_reads_the_output_of_the_command_before(shell: LocalShell, printed: list[str]) -> None:
    command = python("print(input()[::-1])", python("print('abc')"))
    assert shell.output(command) == "cba\n"
    assert " | " in printed[0]


def test_a_failed_command_before_the_pipe_is_the_failure(shell: LocalShell) -> None:
    failing = python("import sys; sys.exit('no valid session')")
    with pytest.raises(DeploymentFailed, match="no valid session"):
        shell.output(python("import sys; sys.exit('empty password')", failing))


def test_a_failure_has_the_last_lines_of_the_program(shell: LocalShell) -> None:
    code = "import sys; [print(f'line {n}', file=sys.stderr) for n in range(9)]; sys.exit(3)"
    with pytest.raises(DeploymentFailed) as failed:
        shell.output(python(code))
    assert failed.value.problem.endswith("failed: line 6 / line 7 / line 8")
    assert "\n" not in str(failed.value)
    assert "line 0" in failed.value.log


def test_a_lookup_may_fail(shell: LocalShell, printed: list[str]) -> None:
    assert not shell.succeeds(python("raise SystemExit('not found')"))
    assert shell.succeeds(python("print('found')"))
    assert len(printed) == 2


def test_a_streamed_command_returns_its_exit_code(shell: LocalShell) -> None:
    assert shell.stream(python("raise SystemExit(7)")) == 7


def test_a_relayed_command_prints_every_line_and_fails_with_the_last(shell: LocalShell, printed: list[str]) -> None:
    with pytest.raises(DeploymentFailed, match="failed: step 1 / step 2: RUN false"):
        shell.relay(python("print('step 1', flush=True); raise SystemExit('step 2: RUN false')"))
    assert printed[1:] == ["step 1", "step 2: RUN false"]


@pytest.mark.parametrize(
    ("program", "fix"),
    [("cloudctl", "Install cloudctl from its site."), ("other", "Install other and put it on PATH.")],
)
def test_a_missing_program_is_one_sentence_with_the_installation(shell: LocalShell, program: str, fix: str) -> None:
    with pytest.raises(DeploymentFailed) as failed:
        shell.succeeds(CliCommand((program, "--version")))
    assert failed.value.kind is Failure.NO_PROGRAM
    assert str(failed.value).endswith(f"the program {program} is not on PATH. {fix}")


@pytest.mark.parametrize("text", ERROR_TEXTS, ids=lambda text: re.sub(r"\W+", "-", text)[:40])
def test_known_failures_are_one_sentence_with_the_fix(text: str) -> None:
    failure = command_failure("docker push web", f"#1 pushing layers\n{text}\n")
    assert (failure.kind, failure.problem) == ERROR_TEXTS[text]
    assert failure.fix


def test_every_known_failure_has_a_text() -> None:
    matched = [next(n for n, pattern in enumerate(COMMAND_PATTERNS) if pattern.match(text) is not None)
               for text in ERROR_TEXTS]  # fmt: skip
    assert matched == list(range(len(COMMAND_PATTERNS)))


@pytest.mark.parametrize("method", ["output", "relay", "stream"])
def test_an_interrupt_ends_the_program_and_its_children(method: str, tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    child = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    code = (
        "import sys; from automation.shell import LocalShell; from providers.contract.cli import CliCommand; "
        f"LocalShell().{method}(CliCommand((sys.executable, '-c', {parent!r})))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    start = time.monotonic()
    while not (marker.exists() and marker.read_text()):
        assert time.monotonic() - start < 30
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors
    pid = int(marker.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_termination_is_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)


def test_an_interrupt_takes_effect_after_the_deferred_part() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), interrupts_deferred():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("closed")
    assert done == ["closed"]


def test_interrupts_are_left_alone_in_other_threads() -> None:
    results: list[str] = []

    def work() -> None:
        with termination_as_interrupt(), interrupts_deferred():
            results.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == ["done"]
