"""Session of a command: shared options, exit codes, confirmation and failures."""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.completion import complete_service, complete_stack
from automation.cli.formats import print_json_line
from automation.stack.document import parse_setting, read_stack, stack_file
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    # these load the SDK and rich, which `--help` and a refused file do not need
    from automation.cli.display import Display
    from automation.deploy import Deployment


class ExitCode(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    INVALID = 2
    DIFFERENT = 3

    @property
    def meaning(self) -> str:
        """Meaning as in `agent-platform --help`."""
        return EXIT_CODE_MEANINGS[self]


EXIT_CODE_MEANINGS = {
    ExitCode.OK: "success",
    ExitCode.FAILED: "the operation failed, was not confirmed, or a check of `doctor` or `audit` failed",
    ExitCode.INVALID: "the stack file, a stack name or an option is invalid; nothing was done",
    ExitCode.DIFFERENT: (
        "`drift`: the cloud differs from the state; `recover`: unclaimed resources are left; "
        "`recovery plan --check`: the file is stale; `convert`, `import --write`: the file needs decisions"
    ),
}


@contextmanager
def operation(*, as_json: bool = False, verbose: bool = False) -> "Generator[Display]":
    """Yield the display of an operation; report its failure, with the engine's log if `verbose`, and exit."""
    from automation.cli.display import Display
    from automation.deploy.errors import DeploymentFailed

    display = Display(as_json=as_json)
    try:
        yield display
    except DeploymentFailed as failure:
        if as_json:
            from automation.cli.json_lines import failure_json

            print_json_line(failure_json(failure))
        print(failure, file=sys.stderr)
        if verbose and failure.log:
            print(failure.log, file=sys.stderr)
        raise typer.Exit(ExitCode.FAILED) from None
    except KeyboardInterrupt:
        print(display.interruption, file=sys.stderr)
        raise typer.Exit(ExitCode.FAILED) from None


def can_prompt(*, as_json: bool) -> bool:
    """True if a person can answer a question."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not as_json


def require_confirmation(*, yes: bool, as_json: bool, command: str) -> None:
    """Raise InvalidConfiguration if a command needs a confirmation that it cannot prompt for."""
    if yes or can_prompt(as_json=as_json):
        return
    cause = "--json does not prompt" if as_json else "input or output is not a terminal"
    problem = f"confirmation required: {cause}"
    fix = f"check the output of `agent-platform preview`, then run `agent-platform {command} --yes`"
    raise InvalidConfiguration([ConfigError("--yes", problem=problem, fix=fix)])


def confirm(question: str, *, yes: bool) -> None:
    """Prompt unless `yes`; exit if the answer is no, or if the user interrupts the prompt."""
    try:
        if yes or typer.confirm(question):
            return
    except typer.Abort:
        print(file=sys.stderr)
    print("nothing was changed", file=sys.stderr)
    raise typer.Exit(ExitCode.FAILED)


StackName = Annotated[
    str, typer.Argument(help="Name of the stack, as in Pulumi.<stack>.yaml.", autocompletion=complete_stack)
]
ServiceName = Annotated[str, typer.Argument(help="Name of a service.", autocompletion=complete_service)]
Name = Annotated[
    str | None, typer.Option("--name", help="Use the stack file for another stack, such as pr-123, in the backend.")
]
TtlHours = Annotated[
    float | None,
    typer.Option(
        "--ttl-hours",
        min=0,
        help="Hours until `sweep` destroys the stack of --name, counted from its last `up` [default: 24].",
    ),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="Override a platform key for this run, as PATH=VALUE; repeatable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Print the engine's log after a failure.")]
Create = Annotated[bool, typer.Option("--create", help="Create the stack in the backend if it does not exist.")]
SecretsProvider = Annotated[
    str | None, typer.Option("--secrets-provider", help="With --create: its secrets provider, such as awskms://...")
]

PolicyPacks = Annotated[
    list[str] | None,
    typer.Option("--policy-pack", help="Run the policy pack in this folder as well, such as policies; repeatable."),
]
PolicyPackConfigs = Annotated[
    list[str] | None,
    typer.Option(
        "--policy-pack-config", help="JSON file that configures the policy pack, one for each in their order."
    ),
]


def checked_deployment(
    stack: str,
    name: str | None = None,
    ttl_hours: float | None = None,
    settings: Sequence[str] | None = None,
    secrets_provider: str | None = None,
) -> "Deployment":
    """Return a deployment for operations that run the program; the stack file is checked before the SDK is loaded."""
    overrides = dict(parse_setting(text) for text in settings or ())
    if name is None and not overrides:
        read_stack(project_folder(), stack)
    else:
        stack_file(project_folder(), stack)

    from automation.deploy import Deployment

    deployment = Deployment(
        stack, name=name, ttl_hours=ttl_hours, overrides=overrides, secrets_provider=secrets_provider
    )
    _ = deployment.file  # checks the file with the overrides before anything is printed
    return deployment


def unchecked_deployment(stack: str, name: str | None = None) -> "Deployment":
    """Return a deployment for operations that do not run the program; the stack file must exist and may be invalid."""
    stack_file(project_folder(), stack)

    from automation.deploy import Deployment

    return Deployment(stack, name=name)
