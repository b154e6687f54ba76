"""Commands of a cloud's own command line: registry login, logs, one-off tasks, and the place of the Pulumi state.

`agent-platform images`, `login`, `logs`, `run` and `exec` run these and print each first, so that a user can repeat them
(docs/adr/0013-operate-through-the-clouds-command-lines.md). Pure: imports no SDK. Every `providers/<cloud>/cli.py` ends
with `CLI: CloudCli = <Cloud>Cli()`, which the type checker checks against this Protocol.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from providers.contract.diagnostics import listed, sentences
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw, is_mapping

JsonObject = Mapping[str, object]


@dataclass(frozen=True)
class CliCommand:
    """Command of a program on PATH; no argument contains a secret, because it is printed and visible to other processes.

    `stdin` is a command whose output is piped into this one, such as a token into `docker login --password-stdin`.
    `environment` adds variables that are passed on and never printed. `unless` is a lookup whose success makes the command
    unnecessary, for clouds whose create commands fail when the resource exists. `failure` is set for a lookup that must
    succeed before the next commands, such as one of the account. Both are read by `run_missing`.
    """

    arguments: tuple[str, ...]
    stdin: "CliCommand | None" = None
    unless: "CliCommand | None" = None
    failure: "CliFailure | None" = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def program(self) -> str:
        """Name of the program."""
        return self.arguments[0]


@dataclass(frozen=True)
class CliProgram:
    """Program that commands need: name, a command that succeeds without network, and the fix when it is missing."""

    name: str
    check: tuple[str, ...]
    install: str


@dataclass(frozen=True)
class DeployedResource:
    """Resource in the state: logical name, type token, ID and outputs in wire format, secrets masked."""

    name: str
    type: str
    id: str
    outputs: JsonObject
    incomplete: bool = False
    """True for one whose creation failed when the object existed already."""


@dataclass(frozen=True)
class DeployedStack:
    """Stack in the state, with the spec of its file."""

    name: str
    spec: Platform
    resources: tuple[DeployedResource, ...] = ()
    backend: str = ""
    """URL of the backend of the state; empty for the one that this user is logged in to."""

    def resource(self, type_token: str, name: str) -> DeployedResource | None:
        """Return the resource with a type token and a logical name; None when it is not deployed."""
        return next((each for each in self.resources if (each.type, each.name) == (type_token, name)), None)

    @property
    def active_name(self) -> str:
        """Beginning of the logical names in the region that serves: the stack's name, with the region in the standby region."""
        return self.name_in(self.spec.active_region)

    def name_in(self, region: str) -> str:
        """Beginning of the logical names in a region."""
        return self.name if region == self.spec.home_region else f"{self.name}-{region}"

    def require_job(self, job: str) -> None:
        """Raise CliFailure for a job that the stack file does not have."""
        if job not in self.spec.jobs:
            problem, fix = (
                f"the stack {self.name} has no such job",
                f"use {listed(self.spec.jobs) or 'agent-platform run'}",
            )
            raise CliFailure(f"jobs.{job}", problem, fix)

    def not_deployed(self, name: str) -> "CliFailure":
        """Return the failure of a service or job that the state does not have."""
        return CliFailure(self.key_of(name), "not deployed yet", f"run agent-platform up {self.name}")

    def key_of(self, name: str) -> str:
        """Key of a service or job in the stack file."""
        return f"{'jobs' if name in self.spec.jobs else 'services'}.{name}"


@dataclass(frozen=True)
class OutputReader:
    """Reader of a deployed resource's outputs; `resource` names it in failures, such as `ECS service`."""

    resource: str

    def mapping(self, values: JsonObject, key: str) -> Raw:
        """Return a mapping; raises CliFailure when it is missing."""
        value = values.get(key)
        if not is_mapping(value):
            raise self.missing(key)
        return value

    def text(self, values: JsonObject, key: str) -> str:
        """Return a text; raises CliFailure when it is missing."""
        value = values.get(key)
        if not isinstance(value, str):
            raise self.missing(key)
        return value

    def missing(self, key: str) -> "CliFailure":
        """Return the failure of a missing output."""
        return CliFailure(key, f"missing in the state of the {self.resource}", "run agent-platform up for the stack")


@dataclass(frozen=True)
class LogQuery:
    """Logs of one service or job: the last `since_seconds`, then new lines until interrupted when `follow` is set."""

    service: str
    """Name of the service or job."""
    since_seconds: int = 900
    follow: bool = False


@dataclass(frozen=True)
class StateBackend:
    """Place of the Pulumi state and of the key that encrypts secrets, and the commands that create both.

    The commands can be repeated: one that finds its resource has nothing to do. Run them with `run_missing`.
    """

    url: str
    """Argument of `pulumi login`, such as s3://acme-pulumi-state."""
    secrets_provider: str
    """Argument of `--secrets-provider`, such as awskms://alias/acme-pulumi?region=us-west-2."""
    commands: tuple[CliCommand, ...]


class DataClient(StrEnum):
    """Program of a client of a data store."""

    PSQL = "psql"
    REDIS = "redis-cli"

    @property
    def store(self) -> str:
        """Key of the store in the stack file."""
        return "database" if self is DataClient.PSQL else "cache"


class CliFailure(Exception):
    """Command that cannot do what was asked, such as a task that did not start.

    `problem` is a lower-case clause and `fix` an imperative one, as in `Unsupported`.
    """

    def __init__(self, key: str, problem: str, fix: str) -> None:
        self.key, self.problem, self.fix = key, problem, fix
        super().__init__(sentences(key, problem, fix))


class Shell(Protocol):
    """Runs commands and prints each before it runs; raises DeploymentFailed when one fails."""

    def output(self, command: CliCommand) -> str:
        """Return the standard output of a command that must succeed."""
        ...

    def succeeds(self, command: CliCommand) -> bool:
        """Run a command whose failure is an answer, such as a lookup; print nothing of its output."""
        ...

    def stream(self, command: CliCommand) -> int:
        """Run a command on this terminal, with its input and output, and return its exit code."""
        ...

    @property
    def sleep(self) -> Callable[[float], None]:
        """Function that waits some seconds between two polls."""
        ...


def run_missing(commands: Sequence[CliCommand], shell: Shell) -> None:
    """Run commands that create resources, in order, without those whose lookup finds the resource; raises CliFailure."""
    for command in commands:
        if command.failure is not None:
            if not shell.succeeds(command):
                raise command.failure
        elif command.unless is None or not shell.succeeds(command.unless):
            shell.output(command)


class CloudCli(Protocol):
    """Commands of one cloud."""

    @property
    def programs(self) -> Sequence[CliProgram]:
        """Programs that the commands need, without docker."""
        ...

    @property
    def keeps_images_on_host(self) -> bool:
        """True where images run from the host that builds them, so that none is pushed to a registry."""
        ...

    def repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """Return the address without tag of each image in the stack's own registry, by service.

        The addresses are known before anything is deployed.
        """
        ...

    def standby_repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """Return the address without tag in the registry of the standby region, by service; empty without copies.

        `registry_login` logs in to that registry too.
        """
        ...

    def registry_login(self, spec: Platform, stack: str) -> Sequence[CliCommand]:
        """Return the commands that log docker in to the stack's registry, with a short-lived token of the cloud."""
        ...

    def open_registry(self, stack: DeployedStack, shell: Shell) -> bool:
        """Allow this machine to push, where the registry is private; True when `close_registry` must undo it."""
        ...

    def close_registry(self, stack: DeployedStack, shell: Shell) -> None:
        """Undo `open_registry`; succeeds when there is nothing to undo."""
        ...

    def after_update(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """Do what the deployed resources need besides the update, and return one sentence for each thing done.

        Can be repeated: nothing to do is an empty sequence. Raises DeploymentFailed for what remains to be done.
        """
        ...

    def logs(self, stack: DeployedStack, query: LogQuery, shell: Shell) -> int:
        """Print the logs of a service or job and return the exit code."""
        ...

    def run(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """Run a command once in a new container with image, environment, secrets, identity and network of a service.

        Prints its output and returns its exit code.
        """
        ...

    def run_job(self, stack: DeployedStack, job: str, shell: Shell) -> int:
        """Start a run of a scheduled job now, wait for it, print its output and return its exit code."""
        ...

    def exec(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """Run a command in a running replica, with this terminal.

        Raises InvalidConfiguration with `Unsupported` where the cloud has no such access.
        """
        ...

    def open_data(self, stack: DeployedStack, client: DataClient, arguments: Sequence[str], shell: Shell) -> int:
        """Open a client of the stack's database or cache on this terminal, and return its exit code.

        Raises InvalidConfiguration with `Unsupported` and the way that works where only services reach the store.
        """
        ...

    def state_backend(self, spec: Platform, name: str) -> StateBackend:
        """Return the bucket for the state and the key for its secrets, both named after `name`."""
        ...
