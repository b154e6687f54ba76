"""psql and redis-cli on each cloud: they are opened, or refused with the command that works; never with a password."""

from dataclasses import dataclass, field

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, command_line
from providers.contract.cli import CliCommand, CliFailure, DataClient, DeployedStack
from providers.contract.data_clients import QUERIES, require_store
from providers.contract.diagnostics import InvalidConfiguration, Unsupported
from tests.planning import production

OPENED = ("docker", "kubernetes")
CONTAINERS = {DataClient.PSQL: "prod-database-server-0a1b2c3", DataClient.REDIS: "prod-cache-server-0a1b2c3"}


@dataclass
class DataShell:
    """Shell whose Docker has the containers of database and cache."""

    state: str = "running"
    commands: list[CliCommand] = field(default_factory=list[CliCommand])

    def output(self, command: CliCommand) -> str:
        found = [
            name for name in CONTAINERS.values() if any(name.rpartition("-")[0] in each for each in command.arguments)
        ]
        return "".join(f"{name} {self.state}\n" for name in found)

    def succeeds(self, command: CliCommand) -> bool:
        raise NotImplementedError

    def stream(self, command: CliCommand) -> int:
        self.commands.append(command)
        return 3

    def sleep(self, seconds: float, /) -> None:
        raise NotImplementedError


def deployed(cloud: str) -> DeployedStack:
    return DeployedStack("prod", stack_of("prod", {PLATFORM_KEY: production({}, cloud)}).spec)


@pytest.mark.parametrize("client", DataClient)
@pytest.mark.parametrize("cloud", [name for name in AVAILABLE if name not in OPENED])
def test_a_cloud_refuses_and_names_the_command_that_works(cloud: str, client: DataClient) -> None:
    stack, shell = deployed(cloud), DataShell()
    with pytest.raises(InvalidConfiguration) as refused:
        command_line(cloud).open_data(stack, client, (), shell)
    (diagnostic,) = refused.value.diagnostics
    assert isinstance(diagnostic, Unsupported)
    assert (diagnostic.cloud, diagnostic.key, shell.commands) == (cloud, client.store, [])
    user = stack.spec.users_of(client.store)[0]
    command = "exec" if cloud in ("azure", "kubernetes") else "run"
    assert diagnostic.fix == (
        f"run `agent-platform {command} prod {user} -- {QUERIES[client]}`, with {client} in its image"
    )


@pytest.mark.parametrize("client", DataClient)
def test_docker_runs_the_client_in_the_container_of_the_server(client: DataClient) -> None:
    shell = DataShell()
    assert command_line("docker").open_data(deployed("docker"), client, ("--version",), shell) == 3
    (command,) = shell.commands
    assert command.arguments[:3] == ("docker", "exec", "--interactive")
    assert CONTAINERS[client] in command.arguments
    assert command.arguments[-1] == "--version"
    assert command.environment == {}, "the password stays in the container"


def test_psql_opens_the_database_as_the_role_of_the_services() -> None:
    shell = DataShell()
    command_line("docker").open_data(deployed("docker"), DataClient.PSQL, (), shell)
    assert shell.commands[0].arguments[-3:] == ("psql", "--username=platform", "--dbname=agents")


@pytest.mark.parametrize("client", DataClient)
def test_a_server_that_does_not_run_is_reported_with_the_fix(client: DataClient) -> None:
    with pytest.raises(CliFailure) as failed:
        command_line("docker").open_data(deployed("docker"), client, (), DataShell("exited"))
    assert str(failed.value) == f"{client.store}: its container is not running. Run `agent-platform up prod`."


@pytest.mark.parametrize("client", DataClient)
def test_a_stack_without_the_store_is_refused(client: DataClient) -> None:
    spec = stack_of("prod", {PLATFORM_KEY: with_values(BASE, {"cloud": "docker"})}).spec
    with pytest.raises(InvalidConfiguration, match=f"{client.store}: the stack prod has no {client.store}"):
        require_store(spec, "prod", client)
