"""The commands `cancel` and `recover`, which make the state contain what exists in the cloud."""

from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.formats import print_json_line
from automation.cli.session import (
    AsJsonLines,
    ExitCode,
    Name,
    StackName,
    Verbose,
    Yes,
    checked_deployment,
    confirm,
    operation,
    require_confirmation,
    unchecked_deployment,
)
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from automation.recover import RecoveryStep


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (cancel, recover):
        app.command()(command)


def cancel(
    stack: StackName,
    name: Name = None,
    force: Annotated[
        bool, typer.Option("--force", help="Release the lock of an update that still runs on this machine.")
    ] = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Release a stale lock and print its owner."""
    deployment = unchecked_deployment(stack, name)
    require_confirmation(yes=yes, as_json=False, command=f"cancel {stack}")
    with operation(verbose=verbose):
        holder = deployment.lock_holder()
        if holder is None:
            typer.echo(f"{deployment.name} is not locked")
            return
        confirm(f"{deployment.name} is locked by {holder}. Release the lock?", yes=yes)
        deployment.cancel(force=force)
    typer.echo(f"{deployment.name}: released the lock of {holder}; run `agent-platform recover {stack}` next")


def recover(
    stack: StackName,
    name: Name = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the steps without changing anything.")] = False,
    take_lock: Annotated[
        bool, typer.Option("--take-lock", help="Release the lock of an update that ran on another machine and ended.")
    ] = False,
    continue_up: Annotated[
        bool, typer.Option("--continue", help="Run `up` after the recovery, without confirmation.")
    ] = False,
    as_json: AsJsonLines = False,
    verbose: Verbose = False,
) -> None:
    """Recover from a killed update.

    Ends its processes, imports what it created and lists what needs a decision; deletes nothing in the cloud.
    """
    if continue_up and dry_run:
        raise InvalidConfiguration(
            [ConfigError("--continue", problem="conflicts with --dry-run", fix="remove one of them")]
        )
    deployment = checked_deployment(stack, name)
    with operation(as_json=as_json, verbose=verbose) as display:
        from automation.recover import recover as recover_stack

        with display.read_only(f"{deployment.name}  recovering") as on_event:
            result = recover_stack(
                deployment, dry_run=dry_run, take_lock=take_lock, on_event=on_event,
                on_step=lambda step: print_step(step, as_json=as_json),
            )  # fmt: skip
    if continue_up:
        from automation.cli.deploy import up

        up(stack, name, yes=True, as_json=as_json, verbose=verbose)
    raise typer.Exit(ExitCode.DIFFERENT if result.orphans else ExitCode.OK)


def print_step(step: "RecoveryStep", *, as_json: bool) -> None:
    """Print a step of a recovery as it completes."""
    if as_json:
        print_json_line({"event": "recovery", "topic": step.topic, "subject": step.subject, "message": step.message})
    else:
        print(f"{step.topic:<10}  {step}", flush=True)
