"""The commands `outputs` and `history`, from `automation.deploy`."""

import json

import typer

from automation.cli.formats import show
from automation.cli.session import AsJson, Name, StackName, Verbose, operation, unchecked_deployment


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (outputs, history):
        app.command()(command)


def outputs(stack: StackName, name: Name = None, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Print the outputs of a stack. Secrets are printed as [secret]."""
    deployment = unchecked_deployment(stack, name)
    with operation(verbose=verbose):
        values = deployment.outputs()
    if as_json:
        typer.echo(json.dumps(values, indent=2))
        return

    from automation.cli.deployment_text import outputs_text

    show(outputs_text(values))


def history(stack: StackName, name: Name = None, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """List the updates of a stack. Prints kind, result, start, duration, changes and author."""
    deployment = unchecked_deployment(stack, name)
    with operation(verbose=verbose):
        updates = deployment.history()
    if as_json:
        from automation.cli.json_lines import update_json

        typer.echo(json.dumps([update_json(update) for update in updates], indent=2))
        return

    from automation.cli.deployment_text import history_text

    show(history_text(updates))
