"""Options that commands share, and the deployment that they select."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.stack.document import read_stack, stack_file
from automation.stack.keys import parse_setting

if TYPE_CHECKING:
    from automation.deploy import Deployment

StackName = Annotated[str, typer.Argument(help="Name of the stack, as in Pulumi.<stack>.yaml.")]
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
        read_stack(Path.cwd(), stack)
    else:
        stack_file(Path.cwd(), stack)

    from automation.deploy import Deployment

    deployment = Deployment(
        stack, name=name, ttl_hours=ttl_hours, overrides=overrides, secrets_provider=secrets_provider
    )
    _ = deployment.file  # checks the file with the overrides before anything is printed
    return deployment


def unchecked_deployment(stack: str, name: str | None = None) -> "Deployment":
    """Return a deployment for operations that do not run the program; the stack file must exist and may be invalid."""
    stack_file(Path.cwd(), stack)

    from automation.deploy import Deployment

    return Deployment(stack, name=name)
