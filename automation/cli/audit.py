"""The command `audit`, from `automation.audit`."""

import json
from typing import Annotated

import typer

from automation.cli.formats import today
from automation.cli.session import AsJson, ExitCode, StackName
from automation.stack.document import read_stack
from automation.stack.folder import project_folder
from components.configuration import PROJECT
from providers.contract.diagnostics import ConfigError, InvalidConfiguration


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(audit)


def audit(
    stack: StackName,
    cloud: Annotated[
        str | None, typer.Option(help="Check the stack on this cloud instead of the one in its file.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the account as well, through the command line of its cloud.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="List the evidence of every check.")] = False,
    as_json: AsJson = False,
    as_sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF, for code scanning.")] = False,
) -> None:
    """Check the security of what a stack would deploy.

    Exit code 1 with a failed check. Needs no account or engine without --live.
    """
    if live and cloud:
        problem = "the stack is deployed on the cloud in its file"
        raise InvalidConfiguration([ConfigError("--live", problem, "leave --cloud out")])
    if as_json and as_sarif:
        raise InvalidConfiguration([ConfigError("--sarif", "not possible with --json", "leave one of the two out")])
    folder = project_folder()
    file = read_stack(folder, stack, cloud)

    from automation.audit.evaluation import audit_of
    from automation.cli.audit_text import audit_json, audit_lines, sarif
    from automation.plan.build import plan_of

    plan = plan_of(file, folder)
    answers = None
    if live:
        from automation.audit.live import ask_account

        answers = ask_account(plan.stack, folder)
    result = audit_of(stack, plan.stack.spec, plan.region, plan.inventory, today(), answers)
    if as_sarif:
        from importlib.metadata import version

        typer.echo(json.dumps(sarif(result, version(PROJECT)), indent=2))
    elif as_json:
        typer.echo(json.dumps(audit_json(result), indent=2))
    else:
        for line in audit_lines(result, full=full):
            typer.echo(line)
    if result.failed:
        raise typer.Exit(ExitCode.FAILED)
