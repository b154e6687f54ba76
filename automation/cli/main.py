"""`agent-platform`: all commands, and the documents generated from the spec."""

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from automation.cli import (
    audit,
    convert,
    cost,
    day2,
    deploy,
    dev,
    drill,
    engine,
    failover,
    images,
    imports,
    init,
    login,
    outputs,
    plan,
    recover,
    recovery,
    render,
    report,
    rights,
    rollout,
    secret,
    services,
)
from automation.cli.session import ExitCode
from automation.stack.folder import FOLDER_VARIABLE, project_folder, use_folder
from components.configuration import PROJECT
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

SECTIONS = {
    "Prepare a stack": (
        "init", "convert", "login", "secret", "plan", "cost", "audit", "report", "render", "rights", "doctor", "engine",
    ),
    "Deploy": ("dev", "images", "preview", "up", "rollout", "open", "outputs", "history"),
    "Operate services": ("logs", "run", "exec", "psql", "redis-cli", "drill"),
    "Change and protect": (
        "rotate", "promote", "rollback", "refresh", "drift", "cancel", "recover", "import", "recovery", "failover",
        "failback", "destroy", "sweep",
    ),
    "Integrate": ("describe", "config"),
}  # fmt: skip
"""Commands by heading of the help, in order of use."""


class Commands(TyperGroup):
    """Group of commands that lists them under the headings of `SECTIONS`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # typer keeps the types of both private
        """Write a list of commands for each heading."""
        width = max(map(len, self.commands))
        for heading, names in SECTIONS.items():
            commands = [(name, self.commands[name]) for name in names if name in self.commands]
            limit = formatter.width - width - 6  # an indentation of 2 and a gap of 2 between the columns, twice
            rows = [(f"{name:<{width}}", command.get_short_help_str(limit)) for name, command in commands]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


app = typer.Typer(
    cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Deploy AI-agent services into production on AWS, Google Cloud, Azure, Kubernetes or Docker.",
    epilog="Exit codes: " + "; ".join(f"{code.value} {code.meaning}" for code in ExitCode)
    + "; `run` and `exec`: the exit code of their command.",
)  # fmt: skip
config = typer.Typer(no_args_is_help=True, help="Generate the documents of the stack configuration.")
for group in (
    init,
    convert,
    login,
    outputs,
    secret,
    plan,
    cost,
    audit,
    report,
    render,
    rights,
    images,
    deploy,
    dev,
    rollout,
    services,
    drill,
    recover,
    imports,
    recovery,
    failover,
    day2,
    engine,
):
    group.register(app)
app.add_typer(config, name="config")

Write = Annotated[bool, typer.Option("--write", help="Write the file under docs/ instead of printing it.")]


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"agent-platform {_version(PROJECT)}")
        typer.echo(f"Pulumi SDK {_version('pulumi')}")
        typer.echo(f"Python {platform.python_version()}")
        raise typer.Exit


def _version(package: str) -> str:
    # loads email and zipfile, which `--help` does not need
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:  # the program runs from a clone, in an environment of its requirements only
        return "not installed"


@app.callback()
def options(
    context: typer.Context,
    directory: Annotated[
        Path | None,
        typer.Option(
            "-C", metavar="DIR", envvar=FOLDER_VARIABLE,
            help="Folder of the stack files [default: the working directory].",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the versions and exit.")
    ] = False,
) -> None:  # fmt: skip
    """Apply the options of all commands."""
    if directory is None:
        return
    if not directory.is_dir():
        problem = f"{directory} is not a folder"
        raise InvalidConfiguration([ConfigError("-C", problem, f"correct -C or the variable {FOLDER_VARIABLE}")])
    context.with_resource(use_folder(directory))


@config.command()
def schema(write: Write = False) -> None:
    """Generate the JSON schema of a stack file, for editors."""
    from automation.plan.docs.schema import SCHEMA_FILE, schema_text

    _output(schema_text(), SCHEMA_FILE, write)


@config.command()
def package(write: Write = False) -> None:
    """Generate the schema of the Pulumi package, for programs in every language."""
    from automation.plan.docs.package import PACKAGE_FILE, package_text

    _output(package_text(project_folder()), PACKAGE_FILE, write)


@config.command()
def docs(write: Write = False) -> None:
    """Generate the reference of every key, with its default and meaning."""
    from automation.plan.docs.reference import CONFIGURATION_FILE, configuration_text

    _output(configuration_text(), CONFIGURATION_FILE, write)


@config.command()
def capabilities(write: Write = False) -> None:
    """Generate the table of keys that each cloud supports; plans every key, which takes minutes."""
    from automation.plan.docs.capabilities import CAPABILITIES_FILE, capabilities_text

    _output(capabilities_text(project_folder()), CAPABILITIES_FILE, write)


@config.command("recovery")
def recovery_documents() -> None:
    """Update the tables of docs/recovery.md and the recovery plan of every stack in docs/recovery/."""
    from automation.plan.docs.recovery import RECOVERY_FILE, recovery_text, stack_plans

    folder = project_folder()
    for file, text in ((folder / RECOVERY_FILE, recovery_text(folder)), *stack_plans(folder)):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {file.relative_to(folder)}")


@config.command("audit")
def audit_document() -> None:
    """Update the tables of docs/audit.md: checks, and controls by framework."""
    from automation.audit.document import AUDIT_FILE, audit_text

    folder = project_folder()
    (folder / AUDIT_FILE).write_text(audit_text(folder), encoding="utf-8")
    typer.echo(f"wrote {AUDIT_FILE}")


@config.command()
def examples() -> None:
    """Update the command output that README.md and docs/ quote."""
    from automation.plan.docs.examples import refresh

    for file in refresh(project_folder()):
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
    # pydantic looks for plugins in the metadata of every installed package, before it reads the first stack file
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        app(args=arguments)
    except InvalidConfiguration as invalid:
        for error in invalid.diagnostics:
            print(error, file=sys.stderr)
        raise SystemExit(ExitCode.INVALID) from None
