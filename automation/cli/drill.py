"""The command `drill`, from `automation.day2.drills`."""

import json
from typing import TYPE_CHECKING

import typer

from automation.cli.session import AsJson, ExitCode, StackName, Verbose, operation, unchecked_deployment
from automation.stack.document import read_stack
from automation.stack.folder import project_folder

if TYPE_CHECKING:
    from providers.contract.drill import DrillEvidence


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(drill)


def drill(stack: StackName, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Restore the newest backup of the database and query it. Exits with code 1 without a good backup."""
    read_stack(project_folder(), stack)

    from automation.day2.drills import Drills

    with operation(as_json=as_json, verbose=verbose):
        evidence = Drills(unchecked_deployment(stack)).run()
    if as_json:
        typer.echo(json.dumps({"stack": stack, **evidence.dump()}))
    else:
        typer.echo(evidence_text(stack, evidence))
    if not evidence.succeeded:
        raise typer.Exit(ExitCode.FAILED)


def evidence_text(stack: str, evidence: "DrillEvidence") -> str:
    """Return the evidence in lines; what a failed drill did not reach is left out."""
    verdict = "the newest backup is good" if evidence.verified else "the newest backup is not verified"
    seconds, result = evidence.restore_seconds, evidence.query_result
    rows = {
        "backup": evidence.recovery_point,
        "made": evidence.recovery_point_time,
        "restored in": None if seconds is None else f"{seconds} seconds",
        "query": None if result is None else f"returned {result}",
        "copy": "deleted" if evidence.deleted else "not deleted",
        "problem": evidence.problem or None,
    }
    lines = [f"  {name:<12}{value}" for name, value in rows.items() if value is not None]
    return "\n".join((f"{stack}: {verdict}", *lines))
