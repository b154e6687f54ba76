"""`outputs`, `history`, `cancel`: what a stack gives, what was done to it, and who holds it."""

import json
from typing import Annotated

import typer

from automation.cli.failures import agreed, need_answer, show, telling
from automation.cli.options import Name, StackName, Verbose, Yes, standing

AsJson = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (outputs, history, cancel):
        app.command()(command)


def outputs(stack: StackName, name: Name = None, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """What a stack gives: url, services, dashboard; secrets as [secret]."""
    deployment = standing(stack, name)
    with telling(verbose=verbose):
        found = deployment.outputs()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return

    from automation.cli.tables import outputs_text

    show(outputs_text(found))


def history(stack: StackName, name: Name = None, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """What was done to a stack: version, kind, result, when, how long, changes, and who, as far as it is known."""
    deployment = standing(stack, name)
    with telling(verbose=verbose):
        found = deployment.history()
    if as_json:
        from automation.cli.json_lines import update_json

        typer.echo(json.dumps([update_json(update) for update in found], indent=2))
        return

    from automation.cli.tables import history_text

    show(history_text(found))


def cancel(
    stack: StackName,
    name: Name = None,
    force: Annotated[bool, typer.Option("--force", help="Even when that update still runs on this machine.")] = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Take away the lock of an update that has ended without giving it back, and tell whose it was."""
    need_answer(yes=yes, as_json=False, command=f"cancel {stack}")
    deployment = standing(stack, name)
    with telling(verbose=verbose):
        held = deployment.lock_holder()
        if held is None:
            typer.echo(f"{deployment.name}: nobody holds it")
            return
        agreed(f"{deployment.name} is held by {held}. Take the lock away?", yes=yes)
        deployment.cancel(force=force)
    typer.echo(f"{deployment.name}: took away the lock of {held}; run `agent-platform recover {stack}` next")
