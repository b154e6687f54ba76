"""The commands `failover` and `failback`, from `automation.failover`."""

from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.formats import print_json_line
from automation.cli.session import (
    AsJson,
    StackName,
    Verbose,
    Yes,
    checked_deployment,
    confirm,
    operation,
    require_confirmation,
)
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automation.cli.display import Display
    from automation.deploy import Deployment
    from automation.deploy.failover_record import FailoverRecord, Kind
    from automation.failover.stack_failover import StackFailover

Planned = Annotated[
    bool,
    typer.Option("--planned", help="Both regions answer: stop the services first, and wait until nothing can be lost."),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Promote although the other region answers or the loss is unknown; move although the test fails.",
    ),
]
WhenUnreachable = Annotated[
    bool,
    typer.Option(
        "--when-unreachable",
        help="Check the region that serves three times, and fail over within recovery.failover_timeout_minutes; for a schedule.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the steps, their commands and minutes; change nothing.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(failover)
    app.command()(failback)


def failover(
    stack: StackName,
    planned: Planned = False,
    force: Force = False,
    when_unreachable: WhenUnreachable = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Run a failover: let the other region of a warm standby serve. Continues one that was interrupted."""
    if when_unreachable:
        _refuse_decisions({"--planned": planned, "--force": force, "--dry-run": dry_run})
        _watch(stack, yes=yes, as_json=as_json, verbose=verbose)
        return
    _move(stack, "failover", planned=planned, force=force, dry_run=dry_run, yes=yes, as_json=as_json, verbose=verbose)


def failback(
    stack: StackName,
    force: Force = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Return to the region from before a failover.

    Copies the data there, waits until the replica has everything, and renews the standby region.
    """
    _move(stack, "failback", planned=True, force=force, dry_run=dry_run, yes=yes, as_json=as_json, verbose=verbose)


def _move(
    stack: str, kind: "Kind", *, planned: bool, force: bool, dry_run: bool, yes: bool, as_json: bool, verbose: bool
) -> None:
    deployment = checked_deployment(stack)
    _refuse_one_region(deployment)
    if not dry_run:
        require_confirmation(yes=yes, as_json=as_json, command=f"{kind} {stack}")
    with operation(as_json=as_json, verbose=verbose) as display:
        from automation.failover.begin import begin, recorded
        from automation.failover.driver import FailoverDriver
        from automation.failover.stack_failover import StackFailover
        from automation.rollout.record import refuse_rollouts

        refuse_rollouts(deployment, f"agent-platform {kind} {stack}")
        port = StackFailover(deployment, display.note, lambda title: display.changes(title, {}))
        record = recorded(port, kind)
        if dry_run:
            return _print_steps(port, kind, record, planned=planned, display=display)
        if record is None:
            record, lost = begin(port, kind, planned=planned, force=force)
            display.note(f"{stack}: {record.target} will serve instead of {record.source}; lost: {lost}")
            confirm(_question(record), yes=yes)
        else:
            record = record.by_hand
            port.resume()
            display.note(f"{stack}: continuing the {kind} to {record.target} ({record.phase})")
        end = FailoverDriver(deployment.name, port, deployment.clock, display.note, force=force).run(record)
    _print_end(stack, end, as_json=as_json)


def _watch(stack: str, *, yes: bool, as_json: bool, verbose: bool) -> None:
    """Check the region that serves, and move the stack by itself when it does not answer."""
    deployment = checked_deployment(stack)
    _refuse_one_region(deployment)
    timeout_minutes = deployment.file.spec.recovery.failover_timeout_minutes
    if timeout_minutes is None:
        problem = "not set, so nothing is moved without a person"
        fix = f"set it to the minutes that a failover may take, or run `agent-platform failover {stack}`"
        raise InvalidConfiguration([ConfigError("recovery.failover_timeout_minutes", problem, fix)])
    require_confirmation(yes=yes, as_json=as_json, command=f"failover {stack} --when-unreachable")
    with operation(as_json=as_json, verbose=verbose) as display:
        from automation.failover.automatic import AutomaticFailover
        from automation.failover.stack_failover import StackFailover

        port = StackFailover(deployment, display.note, lambda title: display.changes(title, {}))
        confirm(f"Let the other region serve when {port.active} does not answer?", yes=yes)
        ended = AutomaticFailover(
            port,
            deployment.clock,
            display.note,
            timeout_minutes=timeout_minutes,
            max_loss_seconds=port.max_loss_seconds(),
        ).run()
    if as_json:
        print_json_line({"event": "result", "stack": stack, "kind": "failover", "region": port.active, "ended": ended})
    else:
        typer.echo(f"{stack}: {port.active} serves")


def _refuse_decisions(options: "Mapping[str, bool]") -> None:
    given = [option for option, value in options.items() if value]
    if given:
        problem = "not possible with --when-unreachable, which moves nothing without three failed checks"
        raise InvalidConfiguration([ConfigError(given[0], problem, "leave one of them out")])


def _refuse_one_region(deployment: "Deployment") -> None:
    if deployment.file.spec.recovery.mode != "warm":
        mode = deployment.file.spec.recovery.mode
        problem = f'with "{mode}" no services run in a standby region'
        fix = f"set it to warm before a loss; after one, follow `agent-platform recovery plan {deployment.name}`"
        raise InvalidConfiguration([ConfigError("recovery.mode", problem, fix)])


def _question(record: "FailoverRecord") -> str:
    if record.kind == "failback":
        return (
            f"Delete the old database of {record.target} after a last snapshot, copy the data there, and return to it?"
        )
    return f"Promote the database of {record.target}, which cannot be undone, and let the region serve?"


def _print_steps(
    port: "StackFailover", kind: "Kind", record: "FailoverRecord | None", *, planned: bool, display: "Display"
) -> None:
    from automation.failover.begin import next_record
    from automation.failover.steps import step_lines

    for line in step_lines(port, record or next_record(port, kind, planned=planned)):
        display.note(line)


def _print_end(stack: str, end: "FailoverRecord", *, as_json: bool) -> None:
    if as_json:
        print_json_line({"event": "result", "stack": stack, "kind": end.kind, "region": end.target, "since": end.since})
    else:
        typer.echo(f"{stack}: {end.target} serves")
