"""`recover`: a thin layer over `automation.recover`, which has the same name."""

from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.failures import DRIFTED, telling
from automation.cli.options import AsJson, Name, StackName, Verbose, programmed
from providers.contract.diagnostics import InvalidConfiguration, legacy_error

if TYPE_CHECKING:
    from automation.recover.results import RecoveryStep

    pass


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(recover)


def recover(
    stack: StackName,
    name: Name = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done and change nothing.")] = False,
    take_lock: Annotated[
        bool, typer.Option("--take-lock", help="Take the lock of another machine, whose update you know to be over.")
    ] = False,
    go_on: Annotated[bool, typer.Option("--continue", help="Run `up` at the end, without asking.")] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """After a killed update: ends what it left, takes over what it made, and tells what only people can settle.

    Nothing is deleted in the cloud. Exit code 0 for recovered, 3 where objects are left that nobody claims.
    """
    if go_on and dry_run:
        raise InvalidConfiguration(
            [legacy_error("--continue", True, "changes the cloud and --dry-run nothing; give one of them")]
        )
    deployment = programmed(stack, name)
    with telling(as_json=as_json, verbose=verbose) as watch:
        from automation.recover import recover as recovered

        with watch.looking(f"{deployment.name}  recovering") as on_event:
            done = recovered(
                deployment, dry_run=dry_run, take_lock=take_lock, on_event=on_event,
                on_step=lambda step: tell_step(step, as_json=as_json),
            )  # fmt: skip
    if go_on:
        from automation.cli.deploy import up

        up(stack, name, yes=True, as_json=as_json, verbose=verbose)
    raise typer.Exit(DRIFTED if done.orphans else 0)


def tell_step(step: "RecoveryStep", *, as_json: bool) -> None:
    """Print a step as it is done."""
    if not as_json:
        print(f"{step.topic:<10}  {step}", flush=True)
        return

    from automation.cli.json_lines import line

    print(line({"event": "recovery", "topic": step.topic, "subject": step.subject, "told": step.told}), flush=True)
