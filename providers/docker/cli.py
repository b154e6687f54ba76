"""Commands of Docker's command line: logs, one-off tasks and a shell in a replica, and the place of the Pulumi state.

A host has no registry: images are built on it, so nothing is pushed. Replicas are found by the labels of their stack and
checkout, so these commands also work while the state is locked.
"""

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.contract.cli import (
    CliCommand,
    CliFailure,
    CliProgram,
    CloudCli,
    DataClient,
    DeployedStack,
    LogQuery,
    Shell,
    StateBackend,
)
from providers.contract.naming import next_part
from providers.contract.spec import Platform
from providers.contract.spec.defaults import is_list, is_mapping
from providers.docker.compute.sizes import cpus, memory_mib
from providers.docker.database.parameters import DATABASE_NAME, USERNAME
from providers.docker.naming import (
    BACKEND_VARIABLE,
    CACHE,
    CONFIG_FOLDER,
    CONTAINER_SUFFIX,
    STATE_FOLDER,
    replica_pattern,
)
from providers.docker.ownership import Owner, listing, owner_of_state

PASSPHRASE_FILE = f"{STATE_FOLDER}/passphrase"
STATE_URL = f"file://./{STATE_FOLDER}/state"
CREATE_STATE = (
    f"umask 077; mkdir -p {STATE_FOLDER}/state; "
    f"test -s {PASSPHRASE_FILE} || head -c 24 /dev/urandom | base64 | tr -d '\\n' > {PASSPHRASE_FILE}"
)
"""Keeps an existing passphrase, without which the secrets of the state are lost."""
JOB_PROGRAM = f"{CONFIG_FOLDER}/job.sh"
PIDS_LIMIT = 1024
"""Processes and threads of one container, the least that GKE lets a pod be limited to
(https://cloud.google.com/kubernetes-engine/docs/how-to/node-system-config#kubelet-options)."""
REDIS_SCRIPT = (
    f'REDISCLI_AUTH="$(cat {CONFIG_FOLDER}/password)"; export REDISCLI_AUTH REDISCLI_HISTFILE=/dev/null; '
    'exec "$(command -v valkey-cli || command -v redis-cli)" '
    f'--tls --cacert {CONFIG_FOLDER}/ca.pem -h {CACHE} "$@"'
)
HARDENING = (
    "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true", f"--pids-limit={PIDS_LIMIT}",
    "--no-healthcheck",
)  # fmt: skip
"""Options of every container of the platform; a task needs no health check."""


def _psql(container: str) -> tuple[str, ...]:
    """Command on the server's socket, as the role of the services; the root of the container is read-only."""
    return (
        "--env=PSQL_HISTORY=/tmp/.psql_history", container, "psql", f"--username={USERNAME}", f"--dbname={DATABASE_NAME}",
    )  # fmt: skip


def _redis_cli(container: str) -> tuple[str, ...]:
    """Command that reads the password in the container."""
    return container, "/bin/sh", "-c", REDIS_SCRIPT, "redis-cli"


CLIENTS: Mapping[DataClient, Callable[[str], tuple[str, ...]]] = {
    DataClient.PSQL: _psql,
    DataClient.REDIS: _redis_cli,
}
"""Arguments of `docker exec` for a client in the container of its server."""


@dataclass(frozen=True)
class Replica:
    """Container of a service."""

    name: str
    running: bool


class DockerCli:
    """Commands of a Docker host; see `providers.contract.cli.CloudCli` for each method."""

    programs: Sequence[CliProgram] = ()
    keeps_images_on_host: bool = True

    def repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """Return nothing: images stay on the host that builds them."""
        return {}

    def standby_repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """Return nothing: there is no standby region."""
        return {}

    def registry_login(self, spec: Platform, stack: str) -> Sequence[CliCommand]:
        """Return nothing: there is no registry to log in to."""
        return ()

    def open_registry(self, stack: DeployedStack, shell: Shell) -> bool:
        """Return False: there is no registry to open."""
        return False

    def close_registry(self, stack: DeployedStack, shell: Shell) -> None:
        """Do nothing."""

    def after_update(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """Limit the processes of every container of the stack; the update waited for the containers itself.

        The provider's container has no such limit, and the client's `update` changes it without a restart
        (https://docs.docker.com/reference/cli/docker/container/update/). Docker keeps it when a container restarts.
        """
        command = listing(stack.name, "--all", columns="{{.ID}}")
        containers = _owner(stack).lines(shell.output(CliCommand(command)))
        if containers:
            shell.output(limit_processes(*containers))
        return ()

    def logs(self, stack: DeployedStack, query: LogQuery, shell: Shell) -> int:
        """Print the logs of all replicas, those that have ended too, each line with its time and the replica."""
        if query.service in stack.spec.jobs:
            names = [job_container(stack, query.service, shell).name]
        else:
            names = [replica.name for replica in replicas(stack, query.service, shell)]
        return shell.stream(CliCommand(("sh", "-c", log_script(names, query))))

    def run(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """Run a command in a new container in the network of a running replica, with its variables and files."""
        return shell.stream(task(stack, service, command, running_replica(stack, service, shell), shell))

    def run_job(self, stack: DeployedStack, job: str, shell: Shell) -> int:
        """Run the command of a job at once in its container, unless a run is in progress."""
        stack.require_job(job)
        container = job_container(stack, job, shell)
        if not container.running:
            fix = f"run `agent-platform logs {stack.name} {job}` to see why it ended"
            raise CliFailure(f"jobs.{job}", "its container is not running", fix)
        return shell.stream(CliCommand(("docker", "exec", *_terminal(), container.name, "/bin/sh", JOB_PROGRAM, "now")))

    def exec(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """Run a command in a running replica."""
        name = running_replica(stack, service, shell)
        return shell.stream(CliCommand(("docker", "exec", *_terminal(), name, *command)))

    def open_data(self, stack: DeployedStack, client: DataClient, arguments: Sequence[str], shell: Shell) -> int:
        """Run a client in the container of its server, which has the password or needs none for its socket."""
        store = client.store
        containers = containers_named(stack, f"{stack.name}-{store}-server-{CONTAINER_SUFFIX}", shell)
        running = next((each.name for each in containers if each.running), None)
        if running is None:
            raise CliFailure(store, "its container is not running", f"run `agent-platform up {stack.name}`")
        return shell.stream(CliCommand(("docker", "exec", *_terminal(), *CLIENTS[client](running), *arguments)))

    def state_backend(self, spec: Platform, name: str) -> StateBackend:
        """Return a folder beside the stack file, with a passphrase that only this user can read."""
        return StateBackend(STATE_URL, "passphrase", (CliCommand(("sh", "-c", CREATE_STATE)),))


def replicas(stack: DeployedStack, service: str, shell: Shell) -> list[Replica]:
    """Return the containers of a service in the order of their names; raises CliFailure when there are none.

    Those of a new revision during a rollout come last.
    """
    in_steps = stack.spec.services[service].rollout.in_steps
    parts = (service, next_part(service)) if in_steps else (service,)
    containers = containers_named(stack, replica_pattern(stack.name, *parts), shell)
    if not containers:
        fix = f"run `agent-platform up {stack.name}`"
        raise CliFailure(f"services.{service}", f"no replica of it exists on this host in the stack {stack.name}", fix)
    return containers


def job_container(stack: DeployedStack, job: str, shell: Shell) -> Replica:
    """Return the container of a job; raises CliFailure when there is none."""
    containers = containers_named(stack, f"{stack.name}-jobs-{job}-{CONTAINER_SUFFIX}", shell)
    if not containers:
        fix = f"run `agent-platform up {stack.name}`"
        raise CliFailure(f"jobs.{job}", f"no container of it exists on this host in the stack {stack.name}", fix)
    return containers[0]


def containers_named(stack: DeployedStack, pattern: str, shell: Shell) -> list[Replica]:
    """Return the containers of the stack whose name matches, in the order of their names."""
    command = listing(stack.name, "--all", "--filter", f"name=^{pattern}$", columns="{{.Names}} {{.State}}")
    lines = _owner(stack).lines(shell.output(CliCommand(command)))
    found = sorted(line.partition(" ")[::2] for line in lines)
    return [Replica(name, state == "running") for name, state in found]


def _owner(stack: DeployedStack) -> Owner:
    return owner_of_state(stack.name, {BACKEND_VARIABLE: stack.backend})


def running_replica(stack: DeployedStack, service: str, shell: Shell) -> str:
    """Return the name of a running replica; raises CliFailure when none runs."""
    running = next((replica.name for replica in replicas(stack, service, shell) if replica.running), None)
    if running is None:
        fix = f"run `agent-platform logs {stack.name} {service}` to see why it ended"
        raise CliFailure(f"services.{service}", "no replica of it is running", fix)
    return running


def log_script(names: Sequence[str], query: LogQuery) -> str:
    """Return a shell script that prints the logs of containers, sorted by time unless new lines follow.

    `docker logs` reads one container, and Docker Compose knows only its own projects. `xargs` starts one reader for each
    container; unlike `&` of a shell, it lets Ctrl-C reach them.
    """
    options = f"--timestamps --since {query.since_seconds}s"
    reader = f'docker logs {options}%s {{}} 2>&1 | sed %s"s/ / {{}} | /"'
    words = " ".join(shlex.quote(name) for name in names)
    if query.follow:
        return f"printf '%s\\n' {words} | xargs -P {len(names)} -I{{}} sh -c '{reader % (' --follow', '-u ')}'"
    return f"printf '%s\\n' {words} | xargs -I{{}} sh -c '{reader % ('', '')}' | sort"


def task(stack: DeployedStack, service: str, command: Sequence[str], replica: str, shell: Shell) -> CliCommand:
    """Return the command that runs a task like `replica`.

    The task joins the replica's network, which gives it all of its networks with one option on every version of Docker,
    and mounts its files. Variables are passed by name, and their values in the environment of the command.
    """
    container = json_object(shell.output(inspect("container", replica, "{{json .}}")))
    image = str(container.get("Image", ""))
    of_image = _variables(json.loads(shell.output(inspect("image", image, "{{json .Config.Env}}"))))
    settings = container.get("Config")
    variables = _variables(settings.get("Env") if is_mapping(settings) else None)
    own = {name: value for name, value in variables.items() if of_image.get(name) != value}
    # the home folder of the container would also become that of Docker's command line, which reads its settings there
    home = [f"--env=HOME={own.pop('HOME')}"] if "HOME" in own else []
    size = stack.spec.services[service].size
    return CliCommand(
        (
            "docker", "run", "--rm", *_terminal(), *HARDENING,
            f"--user={settings.get('User', '') if is_mapping(settings) else ''}",
            f"--network=container:{replica}", f"--volumes-from={replica}:ro", "--tmpfs=/tmp:rw,nosuid,nodev,mode=1777",
            f"--memory={memory_mib(size.memory_gib)}m", f"--cpus={cpus(size.vcpu)}",
            *home, *(f"--env={name}" for name in sorted(own)), image, *command,
        ),
        environment=own,
    )  # fmt: skip


def _terminal() -> Iterator[str]:
    """Options that connect this terminal, or the input that is piped in."""
    yield "--interactive"
    if sys.stdin.isatty() and sys.stdout.isatty():
        yield "--tty"


def limit_processes(*containers: str) -> CliCommand:
    """Return the command that limits the processes of containers, for which the provider has no setting."""
    return CliCommand(("docker", "update", f"--pids-limit={PIDS_LIMIT}", *containers))


def inspect(kind: str, name: str, template: str) -> CliCommand:
    """Return the command that prints a part of a container or an image."""
    return CliCommand(("docker", kind, "inspect", "--format", template, name))


def json_object(text: str) -> Mapping[str, object]:
    """Return the object in an answer in JSON; empty for anything else."""
    document: object = json.loads(text)
    return document if is_mapping(document) else {}


def _variables(pairs: object) -> dict[str, str]:
    """Variables by name, from Docker's list of `NAME=value`; None when an image sets none."""
    split = (str(pair).partition("=") for pair in (pairs if is_list(pairs) else []))
    return {name: value for name, _, value in split}


CLI: CloudCli = DockerCli()
