"""Commands of Docker's command line for logs, tasks and shells, with a shell that answers as Docker does."""

import json
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from providers import command_line
from providers.contract.cli import CliCommand, CliFailure, DeployedStack, LogQuery
from providers.docker.cli import CLI, PASSPHRASE_FILE, STATE_FOLDER, log_script
from tests.docker.specs import spec_of

CONTAINER = {
    "Image": "sha256:" + "1" * 64,
    "Config": {
        "User": "65532:65532",
        "Env": ["PATH=/usr/bin", "HOME=/tmp", "LOG_LEVEL=debug", "API_KEY=line one\nline two", "EMPTY="],
    },
}
STACK = DeployedStack("prod", spec_of(), backend="file:///srv/one/.local/state")


@dataclass
class FakeShell:
    """Shell that answers `docker ps` and `docker inspect`, and records the commands."""

    listed: str = "prod-compute-chat-2-0a1b2c3 running\nprod-compute-chat-1-1a2b3c4 running\n"
    commands: list[CliCommand] = field(default_factory=list[CliCommand])

    def output(self, command: CliCommand) -> str:
        self.commands.append(command)
        answers: Mapping[str, str] = {
            "ps": self.listed,
            "update": "",
            "container": json.dumps(CONTAINER),
            "image": json.dumps(["PATH=/usr/bin", "LOG_LEVEL=info"]),
        }
        return answers[command.arguments[1]]

    def succeeds(self, command: CliCommand) -> bool:
        raise NotImplementedError

    def stream(self, command: CliCommand) -> int:
        self.commands.append(command)
        return 7

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def test_docker_has_commands_and_no_registry() -> None:
    assert command_line("docker") is CLI
    assert (dict(CLI.repositories(STACK.spec, "prod")), list(CLI.registry_login(STACK.spec, "prod"))) == ({}, [])
    assert not CLI.open_registry(STACK, FakeShell())


def test_an_update_limits_the_processes_of_every_container() -> None:
    shell = FakeShell("0a1b2c3\n4d5e6f7\n")
    assert list(CLI.after_update(STACK, shell)) == []
    listing, update = (command.arguments for command in shell.commands)
    assert {"--all", "label=project=agent-platform", "label=stack=prod"} < set(listing)
    assert update == ("docker", "update", "--pids-limit=1024", "0a1b2c3", "4d5e6f7")


def test_a_stack_without_containers_needs_no_limit() -> None:
    shell = FakeShell("")
    CLI.after_update(STACK, shell)
    assert [command.arguments[1] for command in shell.commands] == ["ps"]


def test_replicas_are_found_by_the_labels_of_their_stack() -> None:
    shell = FakeShell()
    CLI.exec(STACK, "chat", ["sh"], shell)
    assert {"label=project=agent-platform", "label=stack=prod"} < set(shell.commands[0].arguments)
    assert "name=^prod-compute-(chat)-[0-9]+-[0-9a-f]{7}$" in shell.commands[0].arguments


OTHERS = "prod-compute-chat-1-2b3c4d5 running\t/srv/two\n"


def test_replicas_of_another_checkout_are_left_alone() -> None:
    shell = FakeShell(f"{OTHERS}prod-compute-chat-2-0a1b2c3 running\t/srv/one\n")
    CLI.exec(STACK, "chat", ["sh"], shell)
    assert shell.commands[-1].arguments[-2:] == ("prod-compute-chat-2-0a1b2c3", "sh")
    with pytest.raises(CliFailure, match="no replica of it exists on this host in the stack prod"):
        CLI.run(STACK, "chat", ["sh"], FakeShell(OTHERS))
    limited = FakeShell("0a1b2c3\t/srv/one\n4d5e6f7\t/srv/two\n")
    CLI.after_update(STACK, limited)
    assert limited.commands[-1].arguments == ("docker", "update", "--pids-limit=1024", "0a1b2c3")


def test_the_logs_of_all_replicas_are_sorted_by_time() -> None:
    shell = FakeShell()
    assert CLI.logs(STACK, LogQuery("chat", since_seconds=60), shell) == 7
    script = shell.commands[-1].arguments[-1]
    assert "prod-compute-chat-1-1a2b3c4 prod-compute-chat-2-0a1b2c3" in script
    assert "docker logs --timestamps --since 60s {}" in script
    assert script.endswith("| sort")


@pytest.mark.parametrize("follow", [False, True])
def test_each_line_of_a_log_has_its_time_and_its_replica(tmp_path: Path, follow: bool) -> None:
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\nfor name; do :; done\necho "2026-11-28T04:0${#name}:00Z $* says hello" >&2\n')
    docker.chmod(0o755)
    script = log_script(["abc", "a"], LogQuery("chat", follow=follow))
    run = subprocess.run(
        ["sh", "-c", script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    words = "logs --timestamps --since 900s --follow" if follow else "logs --timestamps --since 900s"
    lines = [
        f"2026-11-28T04:01:00Z a | {words} a says hello",
        f"2026-11-28T04:03:00Z abc | {words} abc says hello",
    ]
    assert (sorted(run.stdout.splitlines()) if follow else run.stdout.splitlines()) == lines


def test_a_task_runs_like_a_replica() -> None:
    shell = FakeShell()
    assert CLI.run(STACK, "chat", ["python", "-m", "migrate"], shell) == 7
    arguments = shell.commands[-1].arguments
    assert {
        "--rm",
        "--read-only",
        "--cap-drop=ALL",
        "--user=65532:65532",
        "--network=container:prod-compute-chat-1-1a2b3c4",
        "--volumes-from=prod-compute-chat-1-1a2b3c4:ro",
    } <= set(arguments)
    assert arguments[-4:] == (CONTAINER["Image"], "python", "-m", "migrate")


def test_a_task_gets_the_values_of_variables_in_its_environment_only() -> None:
    shell = FakeShell()
    CLI.run(STACK, "chat", ["true"], shell)
    task = shell.commands[-1]
    assert {word for word in task.arguments if word.startswith("--env=")} == {
        "--env=API_KEY",
        "--env=EMPTY",
        "--env=HOME=/tmp",
        "--env=LOG_LEVEL",
    }
    assert task.environment == {"API_KEY": "line one\nline two", "EMPTY": "", "LOG_LEVEL": "debug"}
    assert "line one" not in repr(task)


def test_a_service_without_a_replica_is_refused_with_the_command_that_makes_one() -> None:
    with pytest.raises(CliFailure) as failure:
        CLI.logs(STACK, LogQuery("chat"), FakeShell(""))
    assert str(failure.value) == (
        "services.chat: no replica of it exists on this host in the stack prod. Run `agent-platform up prod`."
    )


def test_a_task_needs_a_running_replica() -> None:
    ended = FakeShell("prod-compute-chat-1-1a2b3c4 exited\n")
    with pytest.raises(CliFailure, match=r"no replica of it is running\. Run `agent-platform logs prod chat`"):
        CLI.run(STACK, "chat", ["true"], ended)
    assert CLI.logs(STACK, LogQuery("chat"), ended) == 7


def test_the_state_is_a_folder_with_a_passphrase_that_is_made_once(tmp_path: Path) -> None:
    backend = CLI.state_backend(STACK.spec, "prod")
    assert (backend.url, backend.secrets_provider) == ("file://./.local/state", "passphrase")
    passphrases: set[str] = set()
    for _ in range(2):
        for command in backend.commands:
            subprocess.run(command.arguments, cwd=tmp_path, check=True)
        passphrases.add((tmp_path / PASSPHRASE_FILE).read_text(encoding="utf-8"))
    assert [len(passphrase) for passphrase in passphrases] == [32]
    assert (tmp_path / STATE_FOLDER / "state").is_dir()
    assert stat.S_IMODE((tmp_path / PASSPHRASE_FILE).stat().st_mode) == 0o600
