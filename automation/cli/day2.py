"""`rotate`, `promote`, `rollback`, `sweep`: a thin layer over `automation.day2`, which has the same names."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli import deploy
from automation.cli.failures import FAILED, agreed, need_answer, telling
from automation.cli.options import AsJson, StackName, Verbose, Yes, programmed, standing
from automation.stack.document import read_stack
from providers.contract.diagnostics import InvalidConfiguration

if TYPE_CHECKING:
    from automation.day2.expired_stacks import SweepResult
    from automation.stack.proposal import Proposal

SWEPT = {"destroyed": "destroyed and removed", "due": "would be destroyed"}


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (rotate, promote, rollback, sweep):
        app.command()(command)


def rotate(
    stack: StackName,
    secret: Annotated[str, typer.Argument(help="database-password, cache-password, or a secret that services list.")],
    with_changes: Annotated[
        bool, typer.Option("--with-changes", help="Take along what else waits in the stack's file.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even when the cloud may refuse a password that soon after the last.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Give a secret a new value and restart the services that read it; a listed secret's is typed, or piped in."""
    file = read_stack(Path.cwd(), stack)
    need_answer(yes=yes, as_json=as_json, command=f"rotate {stack} {secret}")

    from automation.cli.change_tree import component_counts
    from automation.day2 import Rotation
    from automation.day2.rotation_targets import target_of

    value = _new_value(secret) if target_of(file, secret).given else None
    rotation = Rotation(programmed(stack), secret, value, with_changes=with_changes, force=force)
    with telling(as_json=as_json, verbose=verbose) as watch, rotation:
        with watch.looking(f"{stack}  previewing") as on_event:
            found = rotation.preview(on_event)
        deploy.tell_preview(found, as_json=as_json)
        agreed(f"Rotate {secret} of {stack}?", yes=yes)
        with watch.making(f"{stack}  rotating {secret}", component_counts(found.effective)) as on_event:
            outcome = rotation.up(on_event, preview=found)
        deploy.tell_outcome(outcome, f"has a new {secret}", as_json=as_json)


def _new_value(secret: str) -> str:
    """What is typed, twice and unseen, or piped in; the line end of a pipe is no part of it."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"New value of {secret}", hide_input=True, confirmation_prompt=True))
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def promote(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The stack whose digests are handed on.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The stack whose file is changed.")],
    from_file: Annotated[
        bool, typer.Option("--from-file", help="Take the digests of FROM's stack file, without the engine's history.")
    ] = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Hand the image digests that run in one stack on to the next one's stack file; deploys nothing."""
    need_answer(yes=yes, as_json=False, command=f"promote {source} {target}")

    from automation.day2 import promote as propose

    with telling(verbose=verbose):
        proposal = propose(source, target, from_file=from_file)
    if not _told(proposal, f"{target} has the digests of {source} already"):
        return
    agreed(f"Write this into {proposal.path.name}?", yes=yes)
    proposal.write()
    typer.echo(f"wrote {proposal.path.name}; review it, then run `agent-platform preview {target}`")


def rollback(
    stack: StackName,
    to: Annotated[int | None, typer.Option("--to", help="Number of the update to go back to, of `history`.")] = None,
    allow_replace: Annotated[
        list[str] | None, typer.Option("--allow-replace", help="As for `up`: a resource that may be lost; repeatable.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Take a stack back to the configuration and the digests of an earlier update, and update it."""
    need_answer(yes=yes, as_json=as_json, command=f"rollback {stack}")

    from automation.day2 import rollback as propose

    with telling(as_json=as_json, verbose=verbose):
        proposal = propose(standing(stack), to)
    if _told(proposal, f"{proposal.path.name} holds that configuration already", error=as_json):
        agreed(f"Write this into {proposal.path.name} and update {stack}?", yes=yes)
        proposal.write()
    try:
        deploy.up(stack, allow_replace=allow_replace, yes=yes, as_json=as_json, verbose=verbose)
    except (typer.Exit, InvalidConfiguration):
        if proposal.changes:
            advice = f"`agent-platform up {stack}` goes on with it, `git checkout {proposal.path.name}` takes it back"
            typer.echo(f"{proposal.path.name} holds the earlier configuration now; {advice}", err=True)
        raise


def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell which stacks would go.")] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Destroy every stack of the project whose time is over; exit code 1 when one could not be destroyed."""
    from automation.day2 import sweep as sweep_stacks

    with telling(as_json=as_json, verbose=verbose):
        swept = sweep_stacks(dry_run=dry_run, on_swept=lambda found: _tell_swept(found, as_json, verbose))
    if not swept and not as_json:
        typer.echo("no stack is past its end")
    if any(found.failure for found in swept):
        raise typer.Exit(FAILED)


def _told(proposal: "Proposal", otherwise: str, *, error: bool = False) -> bool:
    """Print what a proposal would change; False, and `otherwise`, when that is nothing."""
    for note in proposal.notes:
        typer.echo(note, err=error)
    typer.echo(proposal.diff if proposal.changes else otherwise, err=error)
    return proposal.changes


def _tell_swept(found: "SweepResult", as_json: bool, verbose: bool) -> None:
    failure = found.failure
    until = found.expired_at.isoformat() if found.expired_at else None
    if as_json:
        document = {"stack": found.stack, "expired_at": until, "result": found.result}
        typer.echo(json.dumps(document | ({"failure": str(failure)} if failure else {})))
    elif failure is None:
        typer.echo(f"{found.stack}: {SWEPT[found.result]}; its time was over at {until}")
    if failure is not None:
        typer.echo(str(failure), err=True)
        if verbose and failure.log:
            typer.echo(failure.log, err=True)
