"""The command `login`, from `automation.engine.login`."""

from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.completion import complete_stack
from automation.cli.session import Verbose, Yes, can_prompt, confirm, operation
from automation.stack.document import stack_file
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from automation.engine.login import StateCreation


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(login)


def login(
    target: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[URL] [STACK]",
            help="URL of the state backend, such as s3://BUCKET?region=REGION; stack for --create-state.",
            autocompletion=complete_stack,
        ),
    ] = None,
    create_state: Annotated[
        str | None,
        typer.Option(
            "--create-state",
            metavar="NAME",
            help="Create a bucket for the state and a key for its secrets, named after NAME, on the stack's cloud.",
        ),
    ] = None,
    print_only: Annotated[
        bool, typer.Option("--print", help="With --create-state: print the commands without running them.")
    ] = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Log in to the state backend. With --create-state, creates it on the stack's cloud first."""
    url, stack = _url_and_stack(target or [])
    if stack is not None:
        stack_file(project_folder(), stack)
    if create_state is None:
        if print_only:
            raise InvalidConfiguration([ConfigError("--print", "applies to --create-state only", "remove it")])
        _login(url, verbose=verbose)
        return
    if url is not None:
        fix = "remove the URL, which follows from the name"
        raise InvalidConfiguration([ConfigError("--create-state", "conflicts with a URL", fix)])
    _create(create_state, stack, print_only=print_only, yes=yes, verbose=verbose)


def _create(name: str, stack: str | None, *, print_only: bool, yes: bool, verbose: bool) -> None:
    """Create bucket and key, log in, and name the key in the stack file."""
    from automation.deploy.errors import DeploymentFailed, Failure
    from automation.engine.login import StateCreation, only_stack

    with operation(verbose=verbose):
        creation = StateCreation(name, stack or only_stack(project_folder()))
        if print_only:
            _print_commands(creation)
            return
        if not yes and not can_prompt(as_json=False):
            fix = "check the commands with --print, then add --yes"
            problem = "confirmation required: input or output is not a terminal"
            raise InvalidConfiguration([ConfigError("--yes", problem, fix)])
        question = (
            f"Create {creation.backend.url} and {creation.backend.secrets_provider} on {creation.stack.spec.cloud}?"
        )
        confirm(question, yes=yes)
        try:
            creation.create()
        except DeploymentFailed as failure:
            if failure.kind in (Failure.NO_PROGRAM, Failure.NO_CREDENTIALS):
                typer.echo("the same with commands:")
                _print_commands(creation)
            raise
        except KeyboardInterrupt:
            typer.echo("interrupted; run the same command again, which creates what is missing", err=True)
            raise typer.Exit(130) from None
    _login(creation.backend.url, verbose=verbose)
    file = f"Pulumi.{creation.stack.name}.yaml"
    done = "now names the key" if creation.name_key() else "names the key already"
    typer.echo(f"{file} {done}, {creation.backend.secrets_provider}; commit the file")


def _print_commands(creation: "StateCreation") -> None:
    for command in creation.commands:
        typer.echo(command)
    stack, provider = creation.stack.name, creation.backend.secrets_provider
    typer.echo(f"agent-platform login '{creation.backend.url}'")
    typer.echo(f"agent-platform up {stack} --create --secrets-provider '{provider}'")


def _login(url: str | None, *, verbose: bool) -> None:
    from automation.engine.login import login as log_in

    with operation(verbose=verbose):
        effective = log_in(url)
    typer.echo(f"logged in to {effective or 'the default state backend'}")


def _url_and_stack(words: list[str]) -> tuple[str | None, str | None]:
    """Return URL and stack of the arguments, in either order; a URL has `://`."""
    urls, stacks = [word for word in words if "://" in word], [word for word in words if "://" not in word]
    if len(urls) > 1 or len(stacks) > 1:
        raise InvalidConfiguration([ConfigError("login", "too many arguments", "provide one URL and one stack")])
    return (urls[0] if urls else None, stacks[0] if stacks else None)
