"""`engine install`, `doctor` and `describe`: what comes before a deployment. A thin layer over `automation.engine`."""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from providers.contract.diagnostics import InvalidConfiguration, legacy_error

if TYPE_CHECKING:
    from automation.engine import Finding

FAILED = 1
VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
COLOURS = {"allowed": "green", "refused": "bold red", "unknown": "yellow"}

StackName = Annotated[str, typer.Argument(help="Name of the stack: Pulumi.<stack>.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same as JSON.")]

engine = typer.Typer(no_args_is_help=True, help="The Pulumi CLI that deploys.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(engine, name="engine")
    app.command()(doctor)
    app.command()(describe)


@engine.command()
def install(
    version: Annotated[str | None, typer.Option(help="Another version than the SDK's, such as 3.272.0.")] = None,
) -> None:
    """Install the Pulumi CLI into the project's environment, by the SDK's own installer."""
    if version is not None and not VERSION.fullmatch(version):
        raise InvalidConfiguration(
            [legacy_error("--version", version, "is no version; give three numbers such as 3.272.0")]
        )

    from automation.engine import EngineMissing
    from automation.engine import install as install_engine

    try:
        installed = install_engine(version=version)
    except EngineMissing as missing:
        typer.echo(str(missing), err=True)
        raise typer.Exit(FAILED) from None
    typer.echo(f"Pulumi CLI {installed.version} at {installed.command}")


def doctor(stack: StackName, as_json: AsJson = False) -> None:
    """Whether all is ready to deploy a stack: each line allowed, refused or unknown, with what to do."""
    from automation.engine import doctor as examine

    found = examine(stack)
    ready = not any(finding.verdict == "refused" for finding in found)
    if as_json:
        document = {"stack": stack, "ready": ready, "findings": [asdict(finding) for finding in found]}
        typer.echo(json.dumps(document, indent=2))
    elif sys.stdout.isatty():
        _table(found)
    else:
        for finding in found:
            typer.echo(f"{finding.verdict:<7}  {finding.subject}: {finding}")
    raise typer.Exit(0 if ready else FAILED)


def describe(stack: StackName, as_json: AsJson = False) -> None:
    """Where a stack stands (cloud, region, account), one key=value a line: what a pipeline asks before it logs in."""
    from automation.engine.describe import describe as described

    facts = asdict(described(stack, Path.cwd()))
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for key, value in facts.items():
        typer.echo(f"{key}={value}")


def _table(found: "Sequence[Finding]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", "subject", "seen", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in found:
        verdict = Text(finding.verdict, COLOURS[finding.verdict])
        table.add_row(verdict, finding.subject, Text(finding.told), Text(finding.advice))
    Console(highlight=False).print(table)
