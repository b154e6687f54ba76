"""`agent-platform`: all commands, and the documents generated from the spec."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from automation.cli import day2, deploy, engine, plan, recover
from automation.cli.session import ExitCode
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Deploy AI-agent services into production on AWS, Google Cloud, Azure or Docker.",
    epilog="Exit codes: " + "; ".join(f"{code.value} {code.meaning}" for code in ExitCode) + ".",
)  # fmt: skip
config = typer.Typer(no_args_is_help=True, help="Generate the documents of the stack configuration.")
for group in (plan, deploy, recover, day2, engine):
    group.register(app)
app.add_typer(config, name="config")

Write = Annotated[bool, typer.Option("--write", help="Write the file under docs/ instead of printing it.")]


@config.command()
def schema(write: Write = False) -> None:
    """Generate the JSON schema of a stack file, for editors."""
    from automation.plan.docs.schema import SCHEMA_FILE, schema_text

    _output(schema_text(), SCHEMA_FILE, write)


@config.command()
def docs(write: Write = False) -> None:
    """Generate the reference of every key, with its default and meaning."""
    from automation.plan.docs.reference import CONFIGURATION_FILE, configuration_text

    _output(configuration_text(), CONFIGURATION_FILE, write)


@config.command()
def capabilities(write: Write = False) -> None:
    """Generate the table of keys that each cloud supports; plans every key, which takes minutes."""
    from automation.plan.docs.capabilities import CAPABILITIES_FILE, capabilities_text

    _output(capabilities_text(Path.cwd()), CAPABILITIES_FILE, write)


@config.command()
def examples() -> None:
    """Update the command output that README.md and docs/ quote."""
    from automation.plan.docs.examples import refresh

    for file in refresh(Path.cwd()):
        typer.echo(f"wrote {file}")


def _output(text: str, file: str, write: bool) -> None:
    if not write:
        typer.echo(text, nl=False)
        return
    if not Path(file).parent.is_dir():
        problem = f"this folder has no {Path(file).parent}/"
        raise InvalidConfiguration([ConfigError("--write", problem=problem, fix="run this in the project's folder")])
    Path(file).write_text(text, encoding="utf-8")
    typer.echo(f"wrote {file}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; print every configuration error on standard error and exit with code 2."""
    try:
        app(args=arguments)
    except InvalidConfiguration as invalid:
        for error in invalid.diagnostics:
            print(error, file=sys.stderr)
        raise SystemExit(ExitCode.INVALID) from None
