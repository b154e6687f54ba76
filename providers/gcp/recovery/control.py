"""Failover on Google Cloud: services and schedules by region, the roles of the database instances, and the backends of the entry.

Cloud Run, Cloud Scheduler and the databases are in a region; Cloud SQL's API, the load balancer and transfers are global, so a
request about the region that serves needs nothing of the other one.
"""

from collections.abc import Collection, Iterator, Sequence

from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.failover import (
    Address,
    DatabaseState,
    FailoverCommands,
    FailoverControl,
    Move,
    Notice,
)
from providers.gcp.naming import failover_log
from providers.gcp.recovery import instances, workloads
from providers.gcp.recovery.differences import has_dr_replica
from providers.gcp.rest import ApiRequest

ENTRY_ADDRESS = "gcp:compute/globalAddress:GlobalAddress"
POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
MINUTES = {"stop": 5.0, "promote": 10.0, "adopt": 8.0, "test": 2.0, "route": 2.0, "finish": 8.0, "delete": 1.0}
"""Expected minutes: a switchover takes some minutes, and a standby is added to the promoted database. Estimates: a drill of them needs
a project."""


class GcpFailover:
    """See `providers.contract.failover.FailoverControl` for each member."""

    reseeds: bool = False
    shares_entry: bool = True

    def answers(self, stack: DeployedStack, region: str, shell: Shell) -> bool:
        """See `FailoverControl.answers`."""
        return shell.succeeds(workloads.probe(stack, region).probe())

    def database(self, stack: DeployedStack, region: str, shell: Shell) -> DatabaseState:
        """See `FailoverControl.database`."""
        return instances.state_of(stack, region, shell)

    def stop(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.stop`; what services wrote since the last hourly transfer is copied when nothing writes any more."""
        other = _other(stack, region)
        _send(workloads.sizes(stack, region, stopped=True), shell)
        workloads.set_schedules(stack, region, shell, paused=True)
        workloads.copy_last_objects(stack, other, shell)
        _send(workloads.set_transfer(stack, other, "DISABLED"), shell)

    def start(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.start`."""
        _send(workloads.sizes(stack, region, stopped=False), shell)
        workloads.set_schedules(stack, region, shell, paused=False)
        _send(workloads.set_transfer(stack, _other(stack, region), "ENABLED"), shell)

    def promote(self, stack: DeployedStack, region: str, shell: Shell, *, planned: bool) -> None:
        """See `FailoverControl.promote`."""
        _send(workloads.set_transfer(stack, region, "DISABLED"), shell)
        instances.promote(stack, region, shell, planned=planned)

    def problem(self, stack: DeployedStack, region: str, shell: Shell) -> str:
        """See `FailoverControl.problem`."""
        return workloads.problem_of(stack, region, shell)

    def route(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.route`; first no transfer may write older objects over those of the region."""
        _send(workloads.set_transfer(stack, region, "DISABLED"), shell)
        _send(workloads.routes(stack, region), shell)

    def address(self, stack: DeployedStack, region: str) -> Address | None:
        """See `FailoverControl.address`; the load balancer has one address for every region."""
        address = stack.resource(ENTRY_ADDRESS, f"{stack.name}-entry-address")
        if address is None:
            return None
        return Address.of_entry(address.outputs.get("address"), stack)

    def notify(self, stack: DeployedStack, region: str, notice: Notice, shell: Shell) -> bool:
        """See `FailoverControl.notify`; a policy of Cloud Monitoring sends each entry of a log to the channels."""
        project = stack.spec.gcp.project if stack.spec.gcp else ""
        policy = stack.resource(POLICY, f"{stack.name}-monitoring-failover-notices")
        if policy is None:
            return False
        shell.output(_entry(project, stack.name, notice).command())
        return True

    def delete_database(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.delete_database`; nothing is deleted for a failback (`reseeds`)."""
        problem = f"the database of {region} is not deleted: no replica can have its place"
        raise CliFailure("database", problem, f"run agent-platform recovery status {stack.name}")

    def database_type(self) -> str:
        """See `FailoverControl.database_type`."""
        return instances.INSTANCE

    def commanded_types(self) -> Collection[str]:
        """See `FailoverControl.commanded_types`."""
        return (workloads.SERVICE, workloads.POOL, workloads.SCHEDULE, workloads.TRANSFER, workloads.BACKEND)

    def copied_objects_minutes(self) -> int:
        """See `FailoverControl.copied_objects_minutes`: transfers are hourly, and take less than an hour as a rule."""
        return 120

    def copies(self, stack: DeployedStack, region: str) -> Sequence[str]:
        """See `FailoverControl.copies`; no database is deleted."""
        return ()

    def commands(self, stack: DeployedStack, move: Move, *, planned: bool) -> FailoverCommands:
        """See `FailoverControl.commands`."""
        name = instances.name_of(stack, move.target)
        promotion: tuple[ApiRequest, ...] = ()
        if name is not None:
            designated = has_dr_replica(stack.spec)
            promotion = (instances.promotion(stack, name, planned=planned, designated=designated),)
        stopped = (
            *workloads.sizes(stack, move.source, stopped=True),
            *workloads.schedule_changes(stack, move.source, paused=True),
            *workloads.last_copies(stack, move.target),
            *_held(stack, move),
        )
        return FailoverCommands(
            stop=_commands(stopped),
            promote=_commands((*_held(stack, move), *promotion)) if promotion else (),
            route=_commands((*_held(stack, move), *workloads.routes(stack, move.target))),
            minutes=MINUTES,
        )


def _entry(project: str, stack: str, notice: Notice) -> ApiRequest:
    """Return the request that writes a notice into the log of the failover."""
    entry = {
        "logName": failover_log(project, stack),
        "resource": {"type": "global", "labels": {"project_id": project}},
        "severity": "CRITICAL",
        "jsonPayload": {"subject": notice.subject, "text": notice.text},
    }
    return ApiRequest("POST", "logging", "v2/entries:write", body={"entries": [entry]})


def _held(stack: DeployedStack, move: Move) -> Iterator[ApiRequest]:
    return workloads.set_transfer(stack, move.target, "DISABLED")


def _commands(requests: tuple[ApiRequest, ...]) -> tuple[CliCommand, ...]:
    return tuple(request.command() for request in requests)


def _send(requests: Iterator[ApiRequest], shell: Shell) -> None:
    for request in requests:
        shell.output(request.command())


def _other(stack: DeployedStack, region: str) -> str:
    spec = stack.spec
    return (spec.standby_region or "") if region == spec.home_region else spec.home_region


CONTROL: FailoverControl = GcpFailover()
