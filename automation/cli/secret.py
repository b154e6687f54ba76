"""The commands `secret set`, `secret import` and `secret list`, from `automation.secret_values`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from automation.cli.completion import complete_secret
from automation.cli.session import AsJson, ExitCode, SecretsProvider, StackName, Verbose, can_prompt, confirm, operation
from automation.secret_values.checks import ListedSecret, listed_secrets, refuse, stack_for_values, unlisted_error
from automation.secret_values.sources import permission_warning, read_env_file, value_in_file, value_on_stdin
from automation.stack.document import StackDocument, stack_file
from automation.stack.folder import project_folder
from components.configuration import PLATFORM_KEY, PROJECT
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean

secret = typer.Typer(no_args_is_help=True, help="Set and list the secrets of a stack.")
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Create the stack in the backend if it does not exist, without asking.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(secret, name="secret")


@secret.command("set")
def set_secret(
    stack: StackName,
    name: Annotated[str, typer.Argument(help="Name of a listed secret.", autocompletion=complete_secret)],
    from_file: Annotated[
        Path | None, typer.Option("--from-file", metavar="FILE", help="Read the value from a file.")
    ] = None,
    from_stdin: Annotated[bool, typer.Option("--stdin", help="Read the value from standard input.")] = False,
    secrets_provider: SecretsProvider = None,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Encrypt a secret and store it in the stack file. A terminal prompts for the value without echo."""
    _require_source(name, from_file, from_stdin)
    document, checked = stack_for_values(project_folder(), stack, [name])
    known = {each.name: each for each in listed_secrets(document, checked)}
    refuse(iter([] if name in known else [unlisted_error(checked, name, known)]))
    with operation(verbose=verbose):
        _require_engine()
        if from_file is not None:
            value = value_in_file(from_file)
        else:
            value = value_on_stdin() if from_stdin else _prompted(name, known[name])
        _store(stack, {name: value}, secrets_provider, yes=yes)
    if value.strip() != value:
        typer.echo(f"note: the value of {name} begins or ends with white space", err=True)
    typer.echo(f"{name} is set in Pulumi.{stack}.yaml; commit the file, in which the value is encrypted")


@secret.command("import")
def import_secrets(
    stack: StackName,
    file: Annotated[Path, typer.Argument(help="File with lines NAME=VALUE, such as .env.")],
    secrets_provider: SecretsProvider = None,
    yes: Yes = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Store the listed secrets of a .env file in the stack file. Other variables are reported by name."""
    variables = read_env_file(file)
    if warning := permission_warning(file):
        typer.echo(warning, err=True)
    document, checked = stack_for_values(project_folder(), stack, variables.values)
    known = {each.name: each for each in listed_secrets(document, checked)}
    values = {name: value for name, value in variables.values.items() if name in known}
    unlisted = [name for name in variables.values if name not in known]
    empty = [name for name in variables.without_value if name in known]
    missing = [each.name for each in known.values() if each.state == "missing" and each.name not in values]
    with operation(verbose=verbose):
        if values:
            _store(stack, values, secrets_provider, yes=yes)
    if as_json:
        result = {"stack": stack, "set": list(values), "notListed": unlisted, "withoutValue": empty, "missing": missing}
        typer.echo(json.dumps(result, indent=2))
        return
    typer.echo(f"set in Pulumi.{stack}.yaml: {', '.join(values) or 'none'}")
    if unlisted:
        names = ", ".join(f"{name}{did_you_mean(name, missing)}" for name in unlisted)
        typer.echo(f"not set, because no service lists them: {names}")
    if empty:
        typer.echo(f"not set, because the file has no value: {', '.join(empty)}")
    if missing:
        typer.echo(f"still missing: {', '.join(missing)}")


@secret.command("list")
def list_secrets(stack: StackName, as_json: AsJson = False) -> None:
    """List the secrets of a stack and whether each is set. Exits with code 1 if one is missing."""
    document = StackDocument.load(stack_file(project_folder(), stack))
    # a value in clear text is an error of the file, and this list is where to see it
    clear = [key for key, value in document.config.items() if isinstance(value, str) and key != PLATFORM_KEY]
    secrets = listed_secrets(
        *stack_for_values(project_folder(), stack, [key.removeprefix(f"{PROJECT}:") for key in clear])
    )
    if as_json:
        rows = [{"name": each.name, "state": each.state, "readers": list(each.readers)} for each in secrets]
        typer.echo(json.dumps({"stack": stack, "secrets": rows}, indent=2))
    elif not secrets:
        typer.echo(f"{stack} lists no secrets")
    else:
        _print_list(stack, secrets)
    if any(each.state == "missing" for each in secrets):
        raise typer.Exit(ExitCode.FAILED)


def _print_list(stack: str, secrets: tuple[ListedSecret, ...]) -> None:
    width, state_width = (
        max(len(each) for each in column) for column in zip(*((s.name, s.state) for s in secrets), strict=True)
    )
    for each in secrets:
        typer.echo(f"{each.name:<{width}}  {each.state:<{state_width}}  {', '.join(each.readers)}")
    missing = next((each.name for each in secrets if each.state == "missing"), None)
    if missing is not None:
        typer.echo(f"run `agent-platform secret set {stack} {missing}`", err=True)


def _require_source(name: str, from_file: Path | None, from_stdin: bool) -> None:
    """Raise InvalidConfiguration unless the value has exactly one source."""
    if from_file is not None and from_stdin:
        raise InvalidConfiguration([ConfigError("--from-file", "conflicts with --stdin", "remove one of them")])
    if from_file is None and not from_stdin and not sys.stdin.isatty():
        fix = "add --stdin or --from-file; a value is never an argument, which other users of the machine can read"
        raise InvalidConfiguration([ConfigError(name, "no value: standard input is not a terminal", fix)])


def _require_engine() -> None:
    """Raise DeploymentFailed before a value is typed that could not be stored."""
    from automation.deploy.workspace import require_engine

    require_engine()


def _prompted(name: str, listed: ListedSecret) -> str:
    form = " as username:password" if listed.is_registry_login else ""
    try:
        return str(typer.prompt(f"Value of {name}{form}", hide_input=True))
    except typer.Abort:
        typer.echo("\nnothing was changed", err=True)
        raise typer.Exit(ExitCode.FAILED) from None


def _store(stack: str, values: dict[str, str], secrets_provider: str | None, *, yes: bool) -> None:
    from automation.secret_values.store import set_secrets
    from automation.shell import print_to_stderr

    def agree(question: str) -> None:
        confirm(question, yes=yes)

    may_create = yes or can_prompt(as_json=False)
    set_secrets(
        stack, values, secrets_provider=secrets_provider,
        agree=agree if may_create else None, on_command=print_to_stderr,
    )  # fmt: skip
