"""Failover on Azure: apps and jobs by location, the switchover of the database servers, and the origins of Front Door.

Questions go to the location that they are about, and end within seconds. Front Door is global and in the resource group of
the home location, so its address is one for both locations, and a request reaches a location only after `route`.
"""

import json
from collections.abc import Collection, Iterator, Sequence

from providers.azure.cli_commands import MANAGEMENT_URL, az, home_context
from providers.azure.naming import profile_name
from providers.azure.recovery import app_states, servers
from providers.azure.recovery.objects_direction import direct_objects, open_objects
from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.diagnostics import listed
from providers.contract.failover import (
    Address,
    DatabaseState,
    FailoverCommands,
    FailoverControl,
    Move,
    Notice,
)
from providers.contract.region_specs import is_warm

ENDPOINT, WORKFLOW = "azure-native:cdn:AFDEndpoint", "azure-native:logic:Workflow"
CALLBACK_VERSION = "2019-05-01"
"""Microsoft.Logic/workflows."""
HTTPS_PORT = 443
COPIED_MINUTES = 15
MINUTES = {"stop": 3.0, "promote": 10.0, "adopt": 8.0, "test": 3.0, "route": 5.0, "finish": 10.0}
"""Expected minutes; a change of Front Door takes minutes to reach every edge location. Estimates: a drill needs a subscription."""


class AzureFailover:
    """See `providers.contract.failover.FailoverControl` for each member."""

    reseeds: bool = False
    shares_entry: bool = True

    def answers(self, stack: DeployedStack, region: str, shell: Shell) -> bool:
        """See `FailoverControl.answers`."""
        return shell.succeeds(app_states.probe(stack, region))

    def database(self, stack: DeployedStack, region: str, shell: Shell) -> DatabaseState:
        """See `FailoverControl.database`."""
        return servers.state_of(stack, region, shell)

    def stop(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.stop`."""
        app_states.stop(stack, region, shell)

    def start(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.start`; the settings of apps and jobs are those of the spec, also while they are stopped."""
        app_states.start(stack, region, shell)

    def promote(self, stack: DeployedStack, region: str, shell: Shell, *, planned: bool) -> None:
        """See `FailoverControl.promote`; services write objects as soon as the location has its role."""
        open_objects(stack, region, shell)
        servers.promote(stack, region, shell, planned=planned)

    def problem(self, stack: DeployedStack, region: str, shell: Shell) -> str:
        """See `FailoverControl.problem`; what an earlier failover has left stopped is started first."""
        app_states.start(stack, region, shell)
        return app_states.problem_of(stack, region, shell)

    def route(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.route`; without a database nothing was promoted, and the objects are opened here."""
        open_objects(stack, region, shell)
        for command in _routes(stack, region):
            shell.output(command)

    def address(self, stack: DeployedStack, region: str) -> Address | None:
        """See `FailoverControl.address`; Front Door has one address for every location."""
        endpoint = stack.resource(ENDPOINT, f"{stack.name}-entry-endpoint")
        return Address(str(endpoint.outputs.get("hostName")), HTTPS_PORT) if endpoint is not None else None

    def notify(self, stack: DeployedStack, region: str, notice: Notice, shell: Shell) -> bool:
        """See `FailoverControl.notify`; an action group sends e-mail for alerts alone, so only the chat receives notices."""
        workflow = stack.resource(WORKFLOW, f"{stack.name_in(region)}-channels-slack")
        if workflow is None:
            return False
        shell.output(_message(workflow.id, notice))
        return True

    def delete_database(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.delete_database`; nothing is deleted for a failback (`reseeds`)."""
        problem = f"the server in {region} is not deleted: it follows the other one by itself"
        raise CliFailure("database", problem, f"run agent-platform recovery status {stack.name}")

    def database_type(self) -> str:
        """See `FailoverControl.database_type`."""
        return servers.SERVER

    def commanded_types(self) -> Collection[str]:
        """See `FailoverControl.commanded_types`; stopping changes no setting, and the origins are part of the role."""
        return ()

    def copied_objects_minutes(self) -> int:
        """See `FailoverControl.copied_objects_minutes`."""
        return COPIED_MINUTES

    def copies(self, stack: DeployedStack, region: str) -> Sequence[str]:
        """See `FailoverControl.copies`; no server is deleted, so the backups of one stay."""
        return ()

    def commands(self, stack: DeployedStack, move: Move, *, planned: bool) -> FailoverCommands:
        """See `FailoverControl.commands`."""
        has_database = stack.spec.database is not None
        return FailoverCommands(
            stop=tuple(app_states.stop_commands(stack, move.source)),
            promote=(servers.promotion(stack, move.target, planned=planned),) if has_database else (),
            route=tuple(_routes(stack, move.target)),
            minutes=MINUTES,
        )


def complete_standby(stack: DeployedStack, shell: Shell) -> Sequence[str]:
    """Start what a failover stopped, connect the replica and direct the copies of objects; return what was done.

    An update is refused while a failover is in progress, so nothing is stopped on purpose here.
    """
    spec = stack.spec
    if not is_warm(spec):
        return ()
    done: list[str] = []
    for region in (spec.home_region, spec.standby_region or ""):
        started = app_states.start(stack, region, shell)
        if started:
            done.append(f"started {listed(started, 'and')} in {region}")
    if spec.database is not None:
        done += servers.connect_endpoint(stack, shell)
    return [*done, *direct_objects(stack, shell)]


def _routes(stack: DeployedStack, region: str) -> Iterator[CliCommand]:
    """Yield the commands that enable the origins of a location, and disable those of the other one afterwards."""
    context = home_context(stack.spec, stack.name)
    of = ("--profile-name", profile_name(stack.name), "--resource-group", context.group)
    for location, state, priority in (
        (region, "Enabled", "1"),
        (servers.other_region(stack, region), "Disabled", "2"),
    ):
        for service in stack.spec.public:
            origin = ("--origin-group-name", service, "--origin-name", location)
            change = ("--enabled-state", state, "--priority", priority, "--output", "none")
            yield az(context, "afd", "origin", "update", *of, *origin, *change)


def _message(workflow: str, notice: Notice) -> CliCommand:
    """Return the call of the workflow that posts to the chat; its URL authorizes the caller, and is in no argument."""
    essentials = {
        "monitorCondition": "Notice",
        "description": notice.text,
        "alertRule": notice.subject,
        "severity": "Sev1",
    }
    url = f"{MANAGEMENT_URL}{workflow}/triggers/alert/listCallbackUrl?api-version={CALLBACK_VERSION}"
    query = "join('', ['url = \"', value, '\"'])"
    callback = CliCommand(("az", "rest", "--method", "post", "--url", url, "--query", query, "--output", "tsv"))
    body = json.dumps({"data": {"essentials": essentials}})
    options = ("--silent", "--show-error", "--fail", "--header", "Content-Type: application/json", "--data", body)
    return CliCommand(("curl", *options, "--config", "-"), stdin=callback)


CONTROL: FailoverControl = AzureFailover()
