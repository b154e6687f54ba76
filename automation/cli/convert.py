"""The command `convert`: write a stack file from a project of another tool, with a list of what became of each setting."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.init import (
    AccountOption,
    ClusterOption,
    ContextOption,
    ProjectOption,
    Questions,
    RegionOption,
    SubscriptionOption,
    TenantOption,
    TlsSecretOption,
    free_path,
    location_block,
    location_options,
    write_text,
)
from automation.cli.session import ExitCode, can_prompt
from automation.stack.folder import project_folder
from automation.stack.template import CLOUDS, PROFILE_OF_NAME, PROFILES
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed

if TYPE_CHECKING:
    # loads the forms of secrets, which `--help` does not need
    from automation.convert.conversion import Conversion


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(convert)


def convert(
    context: typer.Context,
    format_name: Annotated[
        str, typer.Argument(metavar="FORMAT", help="compose, cloudformation, copilot or agno-infra.")
    ],
    source: Annotated[Path, typer.Argument(help="File or folder to convert; it is only read.")],
    name: Annotated[str, typer.Option("--stack", help="Name of the new stack.")] = "dev",
    cloud: Annotated[
        str | None, typer.Option(help=f"Target: {listed(CLOUDS)} [default: docker for compose, else aws].")
    ] = None,
    region: RegionOption = None,
    account_id: AccountOption = None,
    project: ProjectOption = None,
    subscription_id: SubscriptionOption = None,
    tenant_id: TenantOption = None,
    kube_context: ContextOption = None,
    cluster_uid: ClusterOption = None,
    tls_secret: TlsSecretOption = None,
    environment: Annotated[
        str | None, typer.Option(help="Copilot: environment whose settings apply [default: none].")
    ] = None,
    profile: Annotated[str | None, typer.Option(help=f"{listed(PROFILES)} [default: by --stack].")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the stack file.")] = False,
) -> None:
    """Write a stack file from a project of another tool.

    Lists what was taken over, adjusted and not taken over, and copies no secret value.
    """
    folder, questions = project_folder(), Questions(can_prompt(as_json=False))
    path = free_path(folder, name, force=force)
    conversion = _converter(format_name, environment)(source, folder)
    chosen = cloud or ("docker" if format_name == "compose" else "aws")
    if chosen not in CLOUDS:
        raise InvalidConfiguration([ConfigError("--cloud", f'"{chosen}" is not a target', f"use {listed(CLOUDS)}")])
    given = location_options(chosen, context.params)
    if chosen == "aws":
        given = {key: value or conversion.block.get(key) for key, value in given.items()}
    block = location_block(questions, chosen, given)
    questions.refuse_missing()
    _write(conversion, path, name, chosen, block, profile or PROFILE_OF_NAME.get(name, "development"))


def _converter(format_name: str, environment: str | None) -> "Callable[[Path, Path], Conversion]":
    """Return the reader of a format, imported on first use: `--help` needs none."""
    if environment is not None and format_name != "copilot":
        raise InvalidConfiguration([ConfigError("--environment", f"no effect on {format_name}", "remove it")])
    match format_name:
        case "compose":
            from automation.convert.compose import Compose, compose_file

            return lambda source, folder: Compose(compose_file(source), folder).convert()
        case "cloudformation":
            from automation.convert.cloudformation import convert_template

            return convert_template
        case "copilot":
            from automation.convert.copilot import Copilot

            return lambda source, folder: Copilot(source, folder, environment).convert()
        case "agno-infra":
            from automation.convert.agno_infra import convert_resources

            return convert_resources
        case _:
            problem, fix = f'"{format_name}" is not a format', "use compose, cloudformation, copilot or agno-infra"
            raise InvalidConfiguration([ConfigError("FORMAT", problem, fix)])


def _write(conversion: "Conversion", path: Path, name: str, cloud: str, block: dict[str, str], profile: str) -> None:
    from automation.convert.conversion import SettingOutcome
    from automation.convert.stack_file import converted_stack

    stack = converted_stack(conversion, name, cloud, block, profile, path)
    write_text(path, stack.text)
    for outcome in SettingOutcome:
        notes = [note for note in stack.notes if note.outcome is outcome]
        if notes:
            typer.echo(f"{outcome.capitalize()} ({len(notes)}):")
        for note in notes:
            typer.echo(f"  {note}")
    typer.echo(f"wrote {os.path.relpath(path)}")
    if stack.decisions:
        typer.echo(f"Decide before the first plan ({len(stack.decisions)}):")
        for decision in stack.decisions:
            typer.echo(f"  {decision}")
        raise typer.Exit(ExitCode.DIFFERENT)
    for secret in stack.secrets:
        typer.echo(f"next: agent-platform secret set {name} {secret}")
    typer.echo(f"{'then' if stack.secrets else 'next'}: agent-platform plan {name}")
