"""Commands of the Azure CLI for a stack: images, logs, tasks, and what a deployment needs beside its update.

`az` is used with the user's login and without extensions (docs/adr/0013-operate-through-the-clouds-command-lines.md).
Pure but for the files and the output of tasks; imports no SDK.
"""

import shlex
from collections.abc import Mapping, Sequence

from providers.azure.cli_commands import az, context_of, home_context, lines, required
from providers.azure.console_logs import show_logs
from providers.azure.entry.limits import APPROVAL_MESSAGE, APPROVED, PENDING, has_gateway, link_query
from providers.azure.naming import app_name
from providers.azure.recovery.control import complete_standby
from providers.azure.registry_access import (
    close_if_open,
    close_registry,
    login_commands,
    open_registry,
    repositories,
    standby_repositories,
)
from providers.azure.state_backend import state_backend
from providers.azure.tasks import run_job, run_task
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
from providers.contract.data_clients import private_store
from providers.contract.region_specs import is_warm
from providers.contract.spec import Platform

PROGRAMS = (
    CliProgram(
        name="az",
        check=("az", "version", "--output", "none"),
        install="install the Azure CLI (https://learn.microsoft.com/cli/azure/install-azure-cli) and run az login",
    ),
    CliProgram(name="curl", check=("curl", "--version"), install="install curl"),
)
POLL_SECONDS = 10
MAX_POLLS = 18
"""Three minutes until Front Door's request for the private link appears."""


class AzureCli:
    """Commands of Azure; see `providers.contract.cli.CloudCli` for each method."""

    @property
    def programs(self) -> Sequence[CliProgram]:
        """See `CloudCli.programs`."""
        return PROGRAMS

    @property
    def keeps_images_on_host(self) -> bool:
        """See `CloudCli.keeps_images_on_host`."""
        return False

    def repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """See `CloudCli.repositories`."""
        return repositories(spec, stack)

    def standby_repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """See `CloudCli.standby_repositories`."""
        return standby_repositories(spec, stack)

    def registry_login(self, spec: Platform, stack: str) -> Sequence[CliCommand]:
        """See `CloudCli.registry_login`."""
        return login_commands(spec, stack)

    def open_registry(self, stack: DeployedStack, shell: Shell) -> bool:
        """See `CloudCli.open_registry`."""
        return open_registry(stack, shell)

    def close_registry(self, stack: DeployedStack, shell: Shell) -> None:
        """See `CloudCli.close_registry`."""
        close_registry(stack, shell)

    def after_update(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """Approve the private links of Front Door, close a registry that a push has left open, and complete a warm standby."""
        addresses = close_if_open(stack, shell)
        closed = [f"closed the registry, which a push had left open to {addresses}"] if addresses else []
        approved = [f"approved the private link of Front Door ({name})" for name in approve_links(stack, shell)]
        return [*closed, *approved, *complete_standby(stack, shell)]

    def logs(self, stack: DeployedStack, query: LogQuery, shell: Shell) -> int:
        """See `CloudCli.logs`."""
        return show_logs(stack, query, shell)

    def run(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """See `CloudCli.run`."""
        return run_task(stack, service, command, shell)

    def run_job(self, stack: DeployedStack, job: str, shell: Shell) -> int:
        """See `CloudCli.run_job`."""
        stack.require_job(job)
        return run_job(stack, job, shell)

    def exec(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """Run a command in one of the replicas; Azure reports no exit code of it."""
        context = context_of(stack.spec, stack.name)
        required(stack, "app:ContainerApp", f"{stack.active_name}-compute-{service}")
        name = ("--name", app_name(stack.name, service), "--resource-group", context.group)
        arguments = ("containerapp", "exec", *name, "--container", "app", "--command", shlex.join(command))
        return shell.stream(az(context, *arguments))

    def open_data(self, stack: DeployedStack, client: DataClient, arguments: Sequence[str], shell: Shell) -> int:
        """See `CloudCli.open_data`; `exec` connects this terminal with a replica."""
        raise private_store("azure", stack, client, "exec")

    def state_backend(self, spec: Platform, name: str) -> StateBackend:
        """See `CloudCli.state_backend`."""
        return state_backend(home_context(spec, name), name)


def pending_approvals(stack: DeployedStack, region: str, shell: Shell) -> Sequence[str]:
    """Return the ids of the private link requests of this platform to a location that wait for an approval."""
    return _connections(stack, region, PENDING, shell)


def approve_links(stack: DeployedStack, shell: Shell) -> Sequence[str]:
    """Approve the pending private links of a stack with public services and return their names; raises CliFailure.

    That of a standby location is approved with the first update, before requests move there.
    """
    spec = stack.spec
    if not spec.public or has_gateway(spec):
        return ()
    regions = (spec.home_region, spec.standby_region or "") if is_warm(spec) else (spec.home_region,)
    return [name for region in regions for name in _approved_links(stack, region, shell)]


def _approved_links(stack: DeployedStack, region: str, shell: Shell) -> Sequence[str]:
    for _ in range(MAX_POLLS):
        pending = pending_approvals(stack, region, shell)
        for connection in pending:
            shell.output(_approval(connection))
        if pending or _connections(stack, region, APPROVED, shell):
            return [connection.rpartition("/")[2] for connection in pending]
        shell.sleep(POLL_SECONDS)
    problem = f"Front Door has not asked for its private link within {POLL_SECONDS * MAX_POLLS} s"
    raise CliFailure("entry", problem, f"run agent-platform up {stack.name} again in some minutes")


def _connections(stack: DeployedStack, region: str, status: str, shell: Shell) -> Sequence[str]:
    """Return the ids of the private link requests of this platform to the environment of a location, in a state."""
    environment = required(stack, "app:ManagedEnvironment", f"{stack.name_in(region)}-environment").id
    arguments = ("network", "private-endpoint-connection", "list", "--id", environment)
    return lines(shell.output(CliCommand(("az", *arguments, "--query", link_query(status), "--output", "tsv"))))


def _approval(connection: str) -> CliCommand:
    """Approval of one connection; its id names the subscription, and --subscription would be refused beside it."""
    arguments = ("network", "private-endpoint-connection", "approve", "--id", connection)
    return CliCommand(("az", *arguments, "--description", APPROVAL_MESSAGE, "--output", "none"))


CLI: CloudCli = AzureCli()
