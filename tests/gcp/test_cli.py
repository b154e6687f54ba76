"""Commands of `gcloud`: their arguments, and what logs, run and exec do with each answer."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from providers import command_line
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack, LogQuery, run_missing
from providers.contract.diagnostics import InvalidConfiguration
from providers.gcp.cli import CLI, GcpCli
from providers.gcp.cli_job import GcpJob
from providers.gcp.context import GcpContext
from tests.gcp.plans import mapping_at, spec_of
from tests.planning import plan, production

GCLOUD = shutil.which("gcloud")
COMMAND = ("python", "-c", "print('a|b')")
BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
EXECUTION = "prod-gateway-run-0a1b2c3d-x7k2p"
FAILED_TASK = [
    {"status": {"conditions": [{"type": "Completed", "status": "False"}], "lastAttemptResult": {"exitCode": 3}}}
]
ANSWERS: Mapping[str, str] = {
    "executions list": f"{EXECUTION}\n",
    "executions describe": "2026-11-28T04:00:00Z\n",
    "tasks list": json.dumps([{"status": {"conditions": [{"type": "Completed", "status": "True"}]}}]),
}


@dataclass
class FakeShell:
    """Shell that answers by the words of a command and records every command."""

    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    existing: tuple[str, ...] = ()
    interrupted: str = ""
    codes: Mapping[str, int] = field(default_factory=dict[str, int])
    commands: list[CliCommand] = field(default_factory=list[CliCommand])
    slept: list[float] = field(default_factory=list[float])

    def output(self, command: CliCommand) -> str:
        text = self._recorded(command)
        return next((answer for words, answer in {**ANSWERS, **self.answers}.items() if words in text), "")

    def succeeds(self, command: CliCommand) -> bool:
        text = self._recorded(command)
        return any(words in text for words in self.existing)

    def stream(self, command: CliCommand) -> int:
        text = self._recorded(command)
        if self.interrupted and self.interrupted in text:
            raise KeyboardInterrupt
        return next((code for words, code in self.codes.items() if words in text), 0)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @property
    def verbs(self) -> list[str]:
        """Words of each command before its first argument or option."""
        return [" ".join(words_of(command)) for command in self.commands]

    def _recorded(self, command: CliCommand) -> str:
        self.commands.append(command)
        return " ".join(command.arguments)


def words_of(command: CliCommand) -> Iterator[str]:
    for word in command.arguments[1:]:
        if not word.isalpha():
            return
        yield word


@cache
def deployed() -> DeployedStack:
    """Stack whose resources have the inputs of the plan as outputs; the log bucket has its generation."""
    resources = [
        DeployedResource(each.name, each.type, each.name, {**each.inputs, **computed(each.type)})
        for each in plan(production(cloud="gcp")).custom
    ]
    return DeployedStack("prod", spec_of(), tuple(resources))


def computed(token: str) -> Mapping[str, object]:
    return {"bucketId": "prod-platform-1a2b3c"} if token == BUCKET else {}


def job(service: str = "gateway", command: tuple[str, ...] = COMMAND) -> GcpJob:
    resource = next(each for each in deployed().resources if each.name == f"prod-compute-{service}")
    return GcpJob(GcpContext(deployed().spec, "prod", "us-central1"), service, resource, command)


def option(command: CliCommand, name: str) -> str:
    (value,) = [word.partition("=")[2] for word in command.arguments if word.startswith(f"--{name}=")]
    return value


def test_the_module_is_the_command_line_of_google_cloud() -> None:
    assert command_line("gcp") is CLI
    (program,) = CLI.programs
    assert program.name == "gcloud" and "gcloud auth login" in program.install


def test_the_address_of_every_own_image_is_known_before_a_deployment() -> None:
    assert CLI.repositories(spec_of(), "prod") == {
        "chat": "us-central1-docker.pkg.dev/acme-agents/prod-images/chat",
        "worker": "us-central1-docker.pkg.dev/acme-agents/prod-images/worker",
    }


def test_docker_logs_in_with_a_token_from_standard_input() -> None:
    (login,) = CLI.registry_login(spec_of(), "prod")
    assert " ".join(login.arguments) == (
        "docker login --username oauth2accesstoken --password-stdin https://us-central1-docker.pkg.dev"
    )
    assert login.stdin is not None and login.stdin.arguments == ("gcloud", "auth", "print-access-token")


def test_the_registry_is_open_to_every_login_and_an_update_needs_nothing_more() -> None:
    shell = FakeShell()
    assert CLI.open_registry(deployed(), shell) is False
    CLI.close_registry(deployed(), shell)
    assert CLI.after_update(deployed(), shell) == () and not shell.commands


def logs(query: LogQuery, shell: FakeShell, stack: DeployedStack | None = None) -> int:
    cli = GcpCli(now=lambda: datetime(2026, 11, 28, 4, 0, tzinfo=UTC))
    return cli.logs(stack or deployed(), query, shell)


def test_logs_are_the_output_of_the_containers_in_the_stacks_bucket() -> None:
    shell = FakeShell()
    assert logs(LogQuery("gateway", since_seconds=900), shell) == 0
    (read,) = shell.commands
    assert read.arguments[:3] == ("gcloud", "logging", "read")
    assert read.arguments[3] == (
        'resource.type="cloud_run_revision" AND resource.labels.service_name="prod-gateway" AND '
        '(log_id("run.googleapis.com/stdout") OR log_id("run.googleapis.com/stderr") OR '
        'log_id("run.googleapis.com/varlog/system")) AND timestamp>="2026-11-28T03:45:00Z"'
    )
    assert read.arguments[4:] == (
        "--project=acme-agents",
        "--bucket=prod-platform-1a2b3c",
        "--location=us-central1",
        "--view=_AllLogs",
        "--order=asc",
        "--format=value(timestamp,severity,firstof(textPayload,jsonPayload.message,jsonPayload))",
    )


def test_new_lines_follow_the_stored_ones() -> None:
    shell = FakeShell()
    logs(LogQuery("worker", follow=True), shell)
    assert shell.verbs == ["logging read", "beta logging tail"]
    tail = shell.commands[1].arguments[4]
    assert 'resource.type="cloud_run_worker_pool" AND resource.labels.worker_pool_name="prod-worker"' in tail
    assert "timestamp" not in tail and "--buffer-window=2s" in shell.commands[1].arguments


def test_a_failed_lookup_of_logs_is_not_followed() -> None:
    shell = FakeShell(codes={"logging read": 1})
    assert logs(LogQuery("gateway", follow=True), shell) == 1 and len(shell.commands) == 1


def test_logs_before_the_bucket_exists_are_in_the_default_one() -> None:
    stack = DeployedStack("prod", spec_of(), tuple(each for each in deployed().resources if each.type != BUCKET))
    shell = FakeShell()
    logs(LogQuery("gateway"), shell, stack)
    assert not [word for word in shell.commands[0].arguments if word.startswith(("--bucket", "--view", "--location"))]


ACTIONS: Mapping[str, Callable[[DeployedStack, str, FakeShell], int]] = {
    "logs": lambda stack, service, shell: CLI.logs(stack, LogQuery(service), shell),
    "run": lambda stack, service, shell: CLI.run(stack, service, COMMAND, shell),
    "exec": lambda stack, service, shell: CLI.exec(stack, service, COMMAND, shell),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_service_that_is_not_deployed_is_refused(action: str) -> None:
    with pytest.raises(CliFailure, match=r"not deployed yet. Run agent-platform up prod"):
        ACTIONS[action](DeployedStack("prod", spec_of()), "gateway", FakeShell())


def test_a_task_runs_in_a_job_that_is_deleted() -> None:
    shell = FakeShell()
    assert CLI.run(deployed(), "gateway", COMMAND, shell) == 0
    assert shell.verbs == [
        "run jobs describe",
        "run jobs create",
        "run jobs execute",
        "run jobs executions list",
        "run jobs executions describe",
        "logging read",
        "run jobs executions tasks list",
        "run jobs delete",
    ]
    assert "--wait" in shell.commands[2].arguments
    assert f'labels."run.googleapis.com/execution_name"="{EXECUTION}"' in shell.commands[5].arguments[3]


def test_a_job_has_what_the_service_has() -> None:
    create = job().create_command()
    assert create.arguments[4] == job().name and job().name.startswith("prod-gateway-run-")
    template = mapping_at(job().resource.outputs, "template")
    assert option(create, "image") == mapping_at(template, "containers", 0)["image"]
    assert option(create, "args") == "^~^python~-c~print('a|b')"
    assert option(create, "service-account") == template["serviceAccount"]
    assert option(create, "key") == template["encryptionKey"]
    assert (option(create, "cpu"), option(create, "memory")) == ("1", "2048Mi")
    assert option(create, "network-tags") == "^|^prod-gateway" and option(create, "vpc-egress") == "all-traffic"
    assert (option(create, "tasks"), option(create, "max-retries")) == ("1", "0")
    assert option(create, "labels") == "^|^team=agents|stack=prod"
    assert {"^|^LOG_LEVEL=info", "LOG_LEVEL=info", "PGUSER=platform"} & set(option(create, "set-env-vars").split("|"))
    assert "PGUSER=platform" in option(create, "set-env-vars")


def test_a_job_has_secrets_by_reference_and_mounted_files() -> None:
    secrets = option(job().create_command(), "set-secrets").removeprefix("^|^").split("|")
    listed = set(deployed().spec.services["gateway"].secrets)
    stores = {"DATABASE_URL", "PGPASSWORD", "REDIS_URL", "/etc/agent-platform/redis/ca.pem"}
    assert {secret.partition("=")[0] for secret in secrets} == listed | stores
    version = "<secretmanager:SecretVersion prod-secrets-OPENAI_API_KEY-value>.version"
    assert f"OPENAI_API_KEY=prod-OPENAI_API_KEY:{version}" in secrets


def test_the_sidecar_is_not_a_part_of_a_job() -> None:
    assert "rungmp" not in " ".join(job().create_command().arguments)


def test_a_worker_has_jobs_too() -> None:
    assert option(job("worker").create_command(), "network-tags") == "^|^prod-worker"


def test_the_name_of_a_job_follows_from_its_command() -> None:
    assert job().name == job().name != job(command=("python", "-c", "1")).name


def test_the_exit_code_of_the_command_is_returned() -> None:
    assert CLI.run(deployed(), "gateway", COMMAND, FakeShell(answers={"tasks list": json.dumps(FAILED_TASK)})) == 3
    assert CLI.run(deployed(), "gateway", COMMAND, FakeShell(answers={"tasks list": "[]"})) == 1


def test_a_command_that_was_killed_is_not_started_again() -> None:
    shell = FakeShell(existing=("jobs describe",))
    assert CLI.run(deployed(), "gateway", COMMAND, shell) == 0
    assert "run jobs create" not in shell.verbs and "run jobs execute" not in shell.verbs
    assert shell.verbs[-1] == "run jobs delete"


def test_a_job_that_never_started_is_made_again() -> None:
    shell = FakeShell(existing=("jobs describe",), answers={"executions list": ""})
    with pytest.raises(CliFailure, match="did not start"):
        CLI.run(deployed(), "gateway", COMMAND, shell)
    assert shell.verbs[:4] == ["run jobs describe", "run jobs executions list", "run jobs delete", "run jobs create"]


@dataclass
class SlowShell(FakeShell):
    """Shell in which the execution ends at the third look."""

    looks: int = 0

    def output(self, command: CliCommand) -> str:
        answer = super().output(command)
        if "executions describe" in " ".join(command.arguments):
            self.looks += 1
            return answer if self.looks > 2 else "\n"
        return answer


def test_a_task_that_still_runs_is_waited_for() -> None:
    shell = SlowShell(existing=("jobs describe",))
    assert CLI.run(deployed(), "gateway", COMMAND, shell) == 0
    assert shell.slept[:2] == [10, 10] and shell.looks == 3


def test_an_interrupt_ends_the_task() -> None:
    shell = FakeShell(interrupted="jobs execute")
    with pytest.raises(KeyboardInterrupt):
        CLI.run(deployed(), "gateway", COMMAND, shell)
    assert shell.verbs[-1] == "run jobs delete" and "--quiet" in shell.commands[-1].arguments


def test_a_list_that_no_separator_fits_is_refused() -> None:
    with pytest.raises(CliFailure, match="every separator"):
        job(command=("a|b~c@@d##e%%f;;g&&h",)).create_command()


def test_exec_names_run_in_its_place() -> None:
    with pytest.raises(InvalidConfiguration, match=r"agent-platform run prod gateway -- python -c"):
        CLI.exec(deployed(), "gateway", COMMAND, FakeShell())


def test_the_state_has_a_bucket_and_a_key_in_the_project() -> None:
    backend = CLI.state_backend(spec_of(), "prod")
    assert backend.url == "gs://acme-agents-prod-state"
    assert backend.secrets_provider == (
        "gcpkms://projects/acme-agents/locations/us-central1/keyRings/prod-pulumi/cryptoKeys/state"
    )
    assert [" ".join(command.arguments) for command in backend.commands] == [
        "gcloud services enable cloudkms.googleapis.com storage.googleapis.com --project=acme-agents",
        "gcloud storage buckets create gs://acme-agents-prod-state --project=acme-agents --location=us-central1 "
        "--uniform-bucket-level-access --public-access-prevention",
        "gcloud storage buckets update gs://acme-agents-prod-state --project=acme-agents --versioning "
        "--uniform-bucket-level-access --public-access-prevention",
        "gcloud kms keyrings create prod-pulumi --location=us-central1 --project=acme-agents",
        "gcloud kms keys create state --keyring=prod-pulumi --location=us-central1 --project=acme-agents "
        "--purpose=encryption --rotation-period=90d --next-rotation-time=90d",
    ]


def test_a_repeated_creation_of_the_state_creates_nothing() -> None:
    shell = FakeShell(existing=("describe",))
    run_missing(CLI.state_backend(spec_of(), "prod").commands, shell)
    assert "create" not in " ".join(shell.verbs)


@pytest.mark.parametrize("name", ["", "-prod", "Prod", "a" * 50])
def test_a_name_that_no_bucket_can_have_is_refused(name: str) -> None:
    with pytest.raises(CliFailure, match="Use up to 45 lower-case letters"):
        CLI.state_backend(spec_of(), name)


def commands() -> Iterator[CliCommand]:
    """Every command of `gcloud` that the module can build."""
    shell = FakeShell()
    logs(LogQuery("gateway", follow=True), shell)
    CLI.run(deployed(), "gateway", COMMAND, shell)
    backend = CLI.state_backend(spec_of(), "prod").commands
    yield from shell.commands
    yield from backend
    yield from (command.unless for command in backend if command.unless is not None)
    yield from (CliCommand(program.check) for program in CLI.programs)


VALUES: Mapping[str, str] = {
    r"<secretmanager:SecretVersion [^>]*>\.version": "3",
    r"<kms:CryptoKey [^>]*>\.id": "projects/acme-agents/locations/us-central1/keyRings/ring/cryptoKeys/key",
    r"<serviceaccount:Account [^>]*>\.email": "prod-gateway@acme-agents.iam.gserviceaccount.com",
    r"<[^>]*>\.\w+": "name",
}
"""Values that gcloud accepts in place of those that a plan does not know, by pattern."""


def with_values(word: str) -> str:
    for pattern, value in VALUES.items():
        word = re.sub(pattern, value, word)
    return word


def gcloud(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run gcloud without an account: it stops after it has parsed the arguments, or with exit code 2 before."""
    environment = {**os.environ, "CLOUDSDK_CONFIG": str(folder), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.long(reason="needs gcloud")
@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_parses_every_command(tmp_path: Path) -> None:
    for command in commands():
        done = gcloud([with_values(word) for word in command.arguments], tmp_path)
        reached = done.returncode == 0 if "version" in command.arguments else "active account" in done.stderr
        assert reached, f"{' '.join(command.arguments)}: {done.stderr}"


@pytest.mark.long(reason="needs gcloud")
@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_refuses_a_wrong_option(tmp_path: Path) -> None:
    done = gcloud(["gcloud", "run", "jobs", "create", "job", "--argz=x", "--image=x"], tmp_path)
    assert done.returncode == 2 and "unrecognized arguments" in done.stderr
