"""The commands `engine install`, `doctor` and `describe`, from `automation.engine`."""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.session import AsJson, ExitCode, StackName
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from automation.engine import Finding

VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
COLOURS = {"ok": "green", "failed": "bold red", "unknown": "yellow"}

engine = typer.Typer(no_args_is_help=True, help="Manage the Pulumi CLI.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(engine, name="engine")
    app.command()(doctor)
    app.command()(describe)


@engine.command()
def install(
    version: Annotated[str | None, typer.Option(help="Version to install [default: that of the Pulumi SDK].")] = None,
) -> None:
    """Install the Pulumi CLI into the project's environment, with the SDK's installer."""
    if version is not None and not VERSION.fullmatch(version):
        problem = f"{version} is not a version number"
        raise InvalidConfiguration([ConfigError("--version", problem=problem, fix="use the form 3.272.0")])

    from automation.engine import EngineMissing, install_engine

    try:
        installed = install_engine(cli_version=version)
    except EngineMissing as missing:
        typer.echo(str(missing), err=True)
        raise typer.Exit(ExitCode.FAILED) from None
    typer.echo(f"Pulumi CLI {installed.version} at {installed.command}")


def doctor(stack: StackName, as_json: AsJson = False) -> None:
    """Check that a stack can be deployed. Prints ok, failed or unknown, with a fix for each."""
    from automation.engine import check_stack

    findings = check_stack(stack)
    ready = not any(finding.verdict == "failed" for finding in findings)
    if as_json:
        document = {"stack": stack, "ready": ready, "findings": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(document, indent=2))
    elif sys.stdout.isatty():
        _print_table(findings)
    else:
        for finding in findings:
            typer.echo(f"{finding.verdict:<7}  {finding}")
    raise typer.Exit(ExitCode.OK if ready else ExitCode.FAILED)


def describe(stack: StackName, as_json: AsJson = False) -> None:
    """Print cloud, region and account of a stack for pipelines. Prints key=value lines, the deployer included."""
    from automation.engine import describe_stack

    facts = asdict(describe_stack(stack))
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for key, value in facts.items():
        typer.echo(f"{key}={value}")


def _print_table(findings: "Sequence[Finding]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", "subject", "observed", "fix"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        verdict = Text(finding.verdict, COLOURS[finding.verdict])
        table.add_row(verdict, finding.subject, Text(finding.observed), Text(finding.fix))
    Console(highlight=False).print(table)
