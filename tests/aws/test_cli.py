"""Commands of the AWS CLI: their arguments, and what run, logs and exec do with each answer."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import pytest

from providers import command_line
from providers.aws.cli import WAITS, run_task
from providers.aws.context import AwsContext
from providers.aws.naming import task_family
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack, LogQuery, run_missing
from providers.contract.diagnostics import InvalidConfiguration
from tests.aws.plans import context_of, production_plan, spec_of
from tests.planning import DROP

CLI = command_line("aws")
ACCOUNT = "111122223333"
CLUSTER = f"arn:aws:ecs:us-west-2:{ACCOUNT}:cluster/prod-agents"
TASK = f"arn:aws:ecs:us-west-2:{ACCOUNT}:task/prod-agents/0f1e2d3c"
COMMAND = ("python", "-m", "migrate", "--to", "head")
OUTPUTS: Mapping[str, object] = {
    "cluster": CLUSTER,
    "taskDefinition": f"arn:aws:ecs:us-west-2:{ACCOUNT}:task-definition/prod-gateway:7",
    "networkConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], "assignPublicIp": False},
    "enableExecuteCommand": False,
}
ENDED: Mapping[str, object] = {
    "lastStatus": "STOPPED",
    "containers": [{"name": "metrics_collector", "exitCode": 0}, {"name": "gateway", "exitCode": 3}],
}
INVALID_SAMPLES = ("kms create-key", "kms describe-key", "sts get-caller-identity")
"""Operations whose sample answer the AWS CLI itself refuses, after it has accepted the arguments."""
needs_aws = pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")


@dataclass
class FakeShell:
    """Shell that answers by the words of a command and records every command."""

    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    failing: tuple[str, ...] = ()
    interrupted: str = ""
    commands: list[CliCommand] = field(default_factory=list[CliCommand])
    slept: list[float] = field(default_factory=list[float])

    def output(self, command: CliCommand) -> str:
        text = self._recorded(command)
        defaults = {"get-caller-identity": f"{ACCOUNT}\n", "run-task": json.dumps({"tasks": [{"taskArn": TASK}]})}
        answers = {**defaults, "describe-tasks": json.dumps(ENDED), **self.answers}
        return next((answer for word, answer in answers.items() if word in text), "")

    def succeeds(self, command: CliCommand) -> bool:
        text = self._recorded(command)
        return not any(word in text for word in self.failing)

    def stream(self, command: CliCommand) -> int:
        self._recorded(command)
        return 0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def _recorded(self, command: CliCommand) -> str:
        self.commands.append(command)
        text = " ".join(command.arguments)
        if self.interrupted and self.interrupted in text:
            raise KeyboardInterrupt
        return text

    @property
    def operations(self) -> list[str]:
        """Service and operation of each command."""
        return [" ".join(command.arguments[1:3]) for command in self.commands]


def stack(outputs: Mapping[str, object] | None = None) -> DeployedStack:
    """Stack with a deployed gateway."""
    service = DeployedResource("prod-compute-gateway", "aws:ecs/service:Service", "arn:service", outputs or OUTPUTS)
    log = DeployedResource("prod-compute-gateway-log", "aws:cloudwatch/logGroup:LogGroup", "log", {})
    return DeployedStack("prod", spec_of(), (service, log))


def empty() -> DeployedStack:
    return DeployedStack("prod", spec_of())


def options(command: CliCommand) -> dict[str, str]:
    """Values of a command's options, by option."""
    words = command.arguments
    return {word: words[n + 1] for n, word in enumerate(words[:-1]) if word.startswith("--")}


def test_repositories_are_those_that_the_stack_declares() -> None:
    addresses = CLI.repositories(spec_of(), "prod")
    declared = {repository.inputs["name"] for repository in production_plan().of_type("ecr:Repository")}
    assert set(addresses) == {"chat", "worker"}
    assert {address.partition("/")[2] for address in addresses.values()} == declared
    assert addresses["chat"] == f"{ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/agent-platform/prod/chat"


def test_the_registry_of_the_chinese_partition_has_its_own_suffix() -> None:
    spec = spec_of({"aws.region": "cn-north-1", "aws.models": [], "monitoring.slack": DROP})
    host = f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn"
    assert CLI.repositories(spec, "prod")["chat"].startswith(f"{host}/")
    (login,) = CLI.registry_login(spec, "prod")
    assert login.arguments[-1] == host


def test_the_standby_region_has_repositories_and_a_login_of_its_own() -> None:
    spec = spec_of({"recovery": {"mode": "backup", "standby_region": "us-east-1"}})
    assert CLI.standby_repositories(spec_of(), "prod") == {}
    home, standby = CLI.repositories(spec, "prod"), CLI.standby_repositories(spec, "prod")
    assert standby == {name: address.replace("us-west-2", "us-east-1") for name, address in home.items()}
    logins = CLI.registry_login(spec, "prod")
    tokens = [login.stdin.arguments[-1] for login in logins if login.stdin is not None]
    assert tokens == ["us-west-2", "us-east-1"]
    assert [login.arguments[-1] for login in logins] == [f"{ACCOUNT}.dkr.ecr.{each}.amazonaws.com" for each in tokens]


def test_docker_logs_in_with_a_token_that_is_piped_and_not_printed() -> None:
    (login,) = CLI.registry_login(spec_of(), "prod")
    assert login.arguments[:5] == ("docker", "login", "--username", "AWS", "--password-stdin")
    assert login.stdin is not None
    assert login.stdin.arguments == ("aws", "ecr", "get-login-password", "--region", "us-west-2")


def test_the_registry_needs_no_opening() -> None:
    shell = FakeShell()
    assert CLI.open_registry(stack(), shell) is False
    CLI.close_registry(stack(), shell)
    assert (list(CLI.after_update(stack(), shell)), shell.commands) == ([], [])


def test_logs_are_those_of_the_service_without_its_sidecars() -> None:
    shell = FakeShell()
    assert CLI.logs(stack(), LogQuery("gateway", since_seconds=60, follow=True), shell) == 0
    command = shell.commands[-1].arguments
    assert command[:4] == ("aws", "logs", "tail", "/agent-platform/prod/services/gateway")
    assert options(shell.commands[-1])["--log-stream-name-prefix"] == "gateway/gateway/"
    assert options(shell.commands[-1])["--since"] == "60s"
    assert "--follow" in command


def test_the_log_group_is_the_declared_one() -> None:
    declared = production_plan().one("prod-compute-gateway-log").inputs["name"]
    shell = FakeShell()
    CLI.logs(stack(), LogQuery("gateway"), shell)
    assert shell.commands[-1].arguments[3] == declared
    assert "--follow" not in shell.commands[-1].arguments


def test_a_command_runs_with_image_network_and_access_of_the_service() -> None:
    shell = FakeShell()
    assert CLI.run(stack(), "gateway", COMMAND, shell) == 3
    assert shell.operations == [
        "sts get-caller-identity",
        "ecs run-task",
        "ecs wait",
        "ecs describe-tasks",
        "logs filter-log-events",
    ]
    started = options(shell.commands[1])
    assert started["--task-definition"] == OUTPUTS["taskDefinition"]
    assert json.loads(started["--network-configuration"]) == {
        "awsvpcConfiguration": {
            "subnets": ["subnet-1", "subnet-2"],
            "securityGroups": ["sg-1"],
            "assignPublicIp": "DISABLED",
        }
    }
    assert json.loads(started["--overrides"]) == {"containerOverrides": [{"name": "gateway", "command": list(COMMAND)}]}
    assert options(shell.commands[4])["--log-stream-names"] == "gateway/gateway/0f1e2d3c"
    assert shell.slept == [5]


def test_the_container_that_runs_the_command_is_the_declared_one() -> None:
    definition = production_plan().one("prod-compute-gateway-task").inputs
    names = [container["name"] for container in json.loads(str(definition["containerDefinitions"]))]
    assert "gateway" in names
    assert definition["family"] == task_family("prod", "gateway")


def test_a_task_that_does_not_start_is_reported_with_the_reason_of_aws() -> None:
    answer = json.dumps({"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]})
    with pytest.raises(CliFailure, match=r"services.gateway: no task started: RESOURCE:MEMORY\. Run the same command"):
        CLI.run(stack(), "gateway", COMMAND, FakeShell({"run-task": answer}))


@pytest.mark.parametrize(
    "ended",
    [
        {
            "lastStatus": "STOPPED",
            "stoppedReason": "CannotPullContainerError: denied.",
            "containers": [{"name": "gateway"}],
        },
        {"lastStatus": "STOPPED", "containers": [{"name": "gateway", "reason": "CannotPullContainerError: denied"}]},
    ],
)
def test_a_task_that_stops_before_its_command_is_reported_with_the_reason_of_aws(ended: dict[str, object]) -> None:
    with pytest.raises(
        CliFailure, match=r"before its command ended: CannotPullContainerError: denied\. Read the service's logs"
    ):
        CLI.run(stack(), "gateway", COMMAND, FakeShell({"describe-tasks": json.dumps(ended)}))


def test_a_long_task_is_waited_for_again() -> None:
    shell = FakeShell({"describe-tasks": json.dumps({"lastStatus": "RUNNING"})}, failing=("wait",))
    with pytest.raises(CliFailure, match=r"still runs after 6 hours.*aws ecs stop-task"):
        CLI.run(stack(), "gateway", COMMAND, shell)
    assert shell.operations.count("ecs wait") == WAITS


def test_an_interrupted_task_is_stopped() -> None:
    shell = FakeShell(interrupted="wait tasks-stopped")
    with pytest.raises(KeyboardInterrupt):
        CLI.run(stack(), "gateway", COMMAND, shell)
    assert shell.operations[-1] == "ecs stop-task"
    assert options(shell.commands[-1])["--task"] == TASK


def operations() -> Sequence[Callable[[DeployedStack, str, FakeShell], int]]:
    return (
        lambda deployed, service, shell: CLI.run(deployed, service, COMMAND, shell),
        lambda deployed, service, shell: CLI.exec(deployed, service, COMMAND, shell),
        lambda deployed, service, shell: CLI.logs(deployed, LogQuery(service), shell),
    )


@pytest.mark.parametrize("operation", operations(), ids=["run", "exec", "logs"])
def test_a_service_that_is_not_deployed_is_reported(operation: Callable[..., int]) -> None:
    with pytest.raises(CliFailure, match=r"not deployed yet\. Run agent-platform up prod"):
        operation(empty(), "gateway", FakeShell())


@pytest.mark.parametrize("operation", operations(), ids=["run", "exec", "logs"])
def test_a_login_to_another_account_is_reported(operation: Callable[..., int]) -> None:
    with pytest.raises(CliFailure, match="logged in to account 444455556666, and the stack is in account 111122223333"):
        operation(stack(), "gateway", FakeShell({"get-caller-identity": "444455556666\n"}))


def test_a_shell_in_a_container_is_refused_with_the_command_that_works() -> None:
    with pytest.raises(InvalidConfiguration, match=r"agent-platform run prod gateway -- python -m migrate --to head"):
        CLI.exec(stack(), "gateway", COMMAND, FakeShell())


def test_a_service_that_enables_exec_is_entered() -> None:
    shell = FakeShell({"list-tasks": f"{TASK}\n"})
    assert CLI.exec(stack({**OUTPUTS, "enableExecuteCommand": True}), "gateway", ("sh",), shell) == 0
    assert shell.operations[-1] == "ecs execute-command"
    assert options(shell.commands[-1])["--command"] == "sh"


def test_a_service_without_a_running_replica_cannot_be_entered() -> None:
    enabled = stack({**OUTPUTS, "enableExecuteCommand": True})
    with pytest.raises(CliFailure, match="no replica is running"):
        CLI.exec(enabled, "gateway", ("sh",), FakeShell({"list-tasks": "None\n"}))


def test_the_place_of_the_state_and_its_key_are_named_after_one_name() -> None:
    backend = CLI.state_backend(spec_of(), "acme")
    assert backend.url == "s3://acme-pulumi-state?region=us-west-2"
    assert backend.secrets_provider == "awskms://alias/acme-pulumi?region=us-west-2"


def test_nothing_is_created_in_another_account() -> None:
    first = CLI.state_backend(spec_of(), "acme").commands[0]
    assert first.arguments == ("grep", "-x", ACCOUNT)
    assert first.stdin is not None and first.stdin.arguments[1:3] == ("sts", "get-caller-identity")
    shell = FakeShell(failing=("grep",))
    with pytest.raises(CliFailure, match=r"not logged in to account 111122223333 of the stack\. Set AWS_PROFILE"):
        run_missing(CLI.state_backend(spec_of(), "acme").commands, shell)
    assert [command.program for command in shell.commands] == ["grep"]


def test_a_bucket_is_private_versioned_and_encrypted_by_the_key() -> None:
    by_operation = {command.arguments[2]: options(command) for command in CLI.state_backend(spec_of(), "acme").commands}
    assert by_operation["put-public-access-block"]["--public-access-block-configuration"].count("=true") == 4
    assert by_operation["put-bucket-versioning"]["--versioning-configuration"] == "Status=Enabled"
    (rule,) = json.loads(by_operation["put-bucket-encryption"]["--server-side-encryption-configuration"])["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "alias/acme-pulumi",
    }


@pytest.mark.parametrize("existing", [True, False])
def test_a_bucket_and_a_key_that_exist_are_not_created_again(existing: bool) -> None:
    shell = FakeShell(failing=() if existing else ("head-bucket", "describe-key --key-id alias/acme-pulumi --region"))
    run_missing(CLI.state_backend(spec_of(), "acme").commands, shell)
    words = " ".join(word for command in shell.commands for word in command.arguments)
    assert ("create-bucket" in words, "create-alias" in words) == (not existing, not existing)
    assert "enable-key-rotation" in words


def test_the_default_region_is_no_location_constraint() -> None:
    def create(region: str) -> tuple[str, ...]:
        backend = CLI.state_backend(spec_of({"aws.region": region}), "acme")
        return next(command.arguments for command in backend.commands if "create-bucket" in command.arguments)

    assert "LocationConstraint=us-west-2" in create("us-west-2")
    assert "--create-bucket-configuration" not in create("us-east-1")


@pytest.mark.parametrize("name", ["Acme", "acme_state", "-acme", "a" * 49, ""])
def test_a_name_that_no_bucket_can_have_is_refused(name: str) -> None:
    with pytest.raises(CliFailure, match="--create-state"):
        CLI.state_backend(spec_of(), name)


def every_command() -> list[CliCommand]:
    """One command of each operation of the API that the adapter uses, with its lookups and the commands before a pipe."""
    shell = FakeShell({"list-tasks": TASK})
    CLI.run(stack(), "gateway", COMMAND, shell)
    CLI.exec(stack({**OUTPUTS, "enableExecuteCommand": True}), "gateway", ("sh",), shell)
    interrupted = FakeShell(interrupted="wait tasks-stopped")
    with pytest.raises(KeyboardInterrupt):
        CLI.run(stack(), "gateway", COMMAND, interrupted)
    stored = CLI.state_backend(spec_of(), "acme").commands
    lookups = [command.unless for command in stored if command.unless is not None]
    piped = [command.stdin for command in stored if command.stdin is not None]
    return [*shell.commands, *interrupted.commands, *stored, *lookups, *piped]


@cache
def validated() -> dict[str, CliCommand]:
    """Commands by service and operation, without waiters and commands that are no operation of the API."""
    found: dict[str, CliCommand] = {}
    for command in every_command():
        words = list(command.arguments)
        if words[0] == "xargs":
            words = [*words[1:], "an-id"]
        if words[0] == "aws" and words[2] != "wait":
            found[" ".join(words[1:3])] = CliCommand(tuple(words))
    return found


@pytest.mark.long(reason="needs the AWS CLI")
@needs_aws
@pytest.mark.parametrize("operation", sorted(validated()))
def test_the_aws_cli_accepts_the_arguments(operation: str) -> None:
    words = [word for word in validated()[operation].arguments if word not in ("--interactive",)]
    if operation == "ecs execute-command":
        words.append("--interactive")
    result = sample_answer(words)
    assert result.returncode == (255 if operation in INVALID_SAMPLES else 0), result.stderr
    assert "Unknown options" not in result.stderr


def sample_answer(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Return what the AWS CLI prints as a sample of the answer, after it has validated the input; it calls nothing."""
    environment = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "PATH": _path()}
    arguments = [*words, "--generate-cli-skeleton", "output"]
    return subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=60)


def _path() -> str:
    executable = shutil.which("aws")
    assert executable is not None
    return f"{executable.rpartition('/')[0]}:/usr/bin:/bin"


def test_the_commands_of_one_stack_name_its_region() -> None:
    for command in every_command():
        if command.program == "grep":
            continue
        assert options(command)["--region"] == "us-west-2", command.arguments


def test_a_task_of_another_region_is_started_there() -> None:
    context: AwsContext = context_of({"aws.region": "eu-west-1", "aws.models": []}, region="eu-west-1")
    command = run_task(context, stack().resources[0], "gateway", COMMAND)
    assert options(command)["--region"] == "eu-west-1"
