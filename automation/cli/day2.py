"""The commands `rotate`, `promote`, `rollback` and `sweep`, from `automation.day2`."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli import deploy
from automation.cli.completion import complete_secret, complete_stack
from automation.cli.session import (
    AsJsonLines,
    ExitCode,
    StackName,
    Verbose,
    Yes,
    checked_deployment,
    confirm,
    operation,
    require_confirmation,
    unchecked_deployment,
)
from automation.stack.document import read_stack, stack_file
from automation.stack.folder import project_folder
from providers.contract.diagnostics import InvalidConfiguration

if TYPE_CHECKING:
    from automation.day2 import Proposal, SweepResult
    from automation.day2.rotation_targets import RotationTarget

SWEEP_RESULTS = {"destroyed": "destroyed and removed", "due": "would be destroyed"}


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (rotate, promote, rollback, sweep):
        app.command()(command)


def rotate(
    stack: StackName,
    secret: Annotated[
        str,
        typer.Argument(
            help="database-password, cache-password, api-key, or a secret that services list.",
            autocompletion=complete_secret,
        ),
    ],
    with_changes: Annotated[
        bool, typer.Option("--with-changes", help="Apply other pending changes of the stack file too.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Rotate although the cloud may reject a password so soon after the last.")
    ] = False,
    yes: Yes = False,
    as_json: AsJsonLines = False,
    verbose: Verbose = False,
) -> None:
    """Replace a secret and restart the services that read it. A listed secret's new value is typed or piped."""
    file = read_stack(project_folder(), stack)
    require_confirmation(yes=yes, as_json=as_json, command=f"rotate {stack} {secret}")

    from automation.cli.deployment_text import component_counts
    from automation.day2 import Rotation
    from automation.day2.rotation_targets import target_of

    target = target_of(file, secret)
    value = _value_of(target) if target.needs_value else None
    rotation = Rotation(checked_deployment(stack), secret, value, with_changes=with_changes, force=force)
    with operation(as_json=as_json, verbose=verbose) as display, rotation:
        with display.read_only(f"{stack}  previewing") as on_event:
            changes = rotation.preview(on_event)
        deploy.print_preview(changes, as_json=as_json)
        confirm(f"Rotate {secret} of {stack}?", yes=yes)
        with display.changes(f"{stack}  rotating {secret}", component_counts(changes.effective)) as on_event:
            outcome = rotation.up(on_event, preview=changes)
        deploy.print_outcome(outcome, f"has a new {secret}", as_json=as_json)


def _value_of(target: "RotationTarget") -> str:
    """Generate the key of clients, or ask for the value of another secret."""
    from automation.local.security_key import new_key

    return new_key() if target.keys else _new_value(target.name)


def _new_value(secret: str) -> str:
    """Prompt twice without echo, or read a pipe without its last line ending."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"New value of {secret}", hide_input=True, confirmation_prompt=True))
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def promote(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="Stack with the image digests.", autocompletion=complete_stack)
    ],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="Stack whose file is changed.", autocompletion=complete_stack)
    ],
    from_file: Annotated[
        bool, typer.Option("--from-file", help="Read the digests from FROM's stack file instead of its history.")
    ] = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Write one stack's image digests into another stack's file. Deploys nothing."""
    for stack in (source, target):
        stack_file(project_folder(), stack)
    require_confirmation(yes=yes, as_json=False, command=f"promote {source} {target}")

    from automation.day2 import promote as promotion_of

    with operation(verbose=verbose):
        proposal = promotion_of(source, target, from_file=from_file)
    if not _print_proposal(proposal, f"{target} already has the digests of {source}"):
        return
    confirm(f"Write this to {proposal.path.name}?", yes=yes)
    proposal.write()
    typer.echo(f"wrote {proposal.path.name}; review it, then run `agent-platform preview {target}`")


def rollback(
    stack: StackName,
    to: Annotated[
        int | None, typer.Option("--to", help="Version to restore, from `history` [default: the last but one].")
    ] = None,
    allow_replace: deploy.AllowReplace = None,
    yes: Yes = False,
    as_json: AsJsonLines = False,
    verbose: Verbose = False,
) -> None:
    """Deploy the configuration and images of an earlier update."""
    deployment = unchecked_deployment(stack)
    require_confirmation(yes=yes, as_json=as_json, command=f"rollback {stack}")

    from automation.day2 import rollback as rollback_of

    with operation(as_json=as_json, verbose=verbose):
        proposal = rollback_of(deployment, to)
    if _print_proposal(proposal, f"{proposal.path.name} already has that configuration", error=as_json):
        confirm(f"Write this to {proposal.path.name} and deploy {stack}?", yes=yes)
        proposal.write()
    try:
        deploy.up(stack, allow_replace=allow_replace, build=False, yes=yes, as_json=as_json, verbose=verbose)
    except (typer.Exit, InvalidConfiguration):
        if proposal.changes:
            advice = f"retry with `agent-platform up {stack}`, or undo with `git checkout {proposal.path.name}`"
            typer.echo(f"{proposal.path.name} now has the earlier configuration; {advice}", err=True)
        raise


def sweep(
    stack: Annotated[
        str | None,
        typer.Argument(
            help="Stack whose restore drills left databases [default: expired stacks of the project].",
            autocompletion=complete_stack,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be destroyed.")] = False,
    as_json: AsJsonLines = False,
    verbose: Verbose = False,
) -> None:
    """Destroy expired stacks, or what drills of one stack have left. Exits with code 1 after a failure."""
    if stack is not None:
        _sweep_drills(stack, dry_run=dry_run, as_json=as_json, verbose=verbose)
        return

    from automation.day2 import sweep as sweep_stacks

    with operation(as_json=as_json, verbose=verbose):
        results = sweep_stacks(dry_run=dry_run, on_swept=lambda result: _print_sweep_result(result, as_json, verbose))
    if not results and not as_json:
        typer.echo("no stack has expired")
    if any(result.failure for result in results):
        raise typer.Exit(ExitCode.FAILED)


def _sweep_drills(stack: str, *, dry_run: bool, as_json: bool, verbose: bool) -> None:
    """Delete the databases that interrupted restore drills of a stack have left."""
    read_stack(project_folder(), stack)

    from automation.day2.drills import Drills

    with operation(as_json=as_json, verbose=verbose):
        names = Drills(unchecked_deployment(stack)).sweep(dry_run=dry_run)
    result = "would be deleted" if dry_run else "deleted"
    for name in names:
        typer.echo(json.dumps({"stack": stack, "database": name, "result": result}) if as_json else f"{name}: {result}")
    if not names and not as_json:
        typer.echo(f"drills of {stack} have left no database")


def _print_proposal(proposal: "Proposal", unchanged: str, *, error: bool = False) -> bool:
    """Print the changes of a proposal, or `unchanged`; True if there are changes."""
    for note in proposal.notes:
        typer.echo(note, err=error)
    typer.echo(proposal.diff if proposal.changes else unchanged, err=error)
    return proposal.changes


def _print_sweep_result(result: "SweepResult", as_json: bool, verbose: bool) -> None:
    failure = result.failure
    expired_at = result.expired_at.isoformat() if result.expired_at else None
    if as_json:
        document = {"stack": result.stack, "expired_at": expired_at, "result": result.result}
        typer.echo(json.dumps(document | ({"failure": str(failure)} if failure else {})))
    elif failure is None:
        typer.echo(f"{result.stack}: {SWEEP_RESULTS[result.result]}; expired at {expired_at}")
    if failure is not None:
        typer.echo(str(failure), err=True)
        if verbose and failure.log:
            typer.echo(failure.log, err=True)
