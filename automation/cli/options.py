"""The options that the commands which deploy share, and the deployment that they name."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
import yaml

from automation.stack.document import read_stack
from providers.contract.diagnostics import InvalidConfiguration, legacy_error

if TYPE_CHECKING:
    from automation.deploy import Deployment

StackName = Annotated[str, typer.Argument(help="Name of the stack: Pulumi.<stack>.yaml.")]
Name = Annotated[
    str | None, typer.Option("--name", help="Another stack made from this file, such as pr-123, instead of its own.")
]
TtlHours = Annotated[
    float | None,
    typer.Option(
        "--ttl-hours",
        min=0,
        help="Hours from its last `up` on after which `sweep` destroys that stack; 24 if not said.",
    ),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="PATH=VALUE of a platform key to change for this run; repeatable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: one JSON object a line.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="After a failure, what the engine said.")]
Create = Annotated[bool, typer.Option("--create", help="Make the stack in the backend when it is not there.")]
SecretsProvider = Annotated[
    str | None, typer.Option("--secrets-provider", help="With --create: what seals its secrets, such as awskms://...")
]


def programmed(
    stack: str,
    name: str | None = None,
    ttl_hours: float | None = None,
    settings: Sequence[str] | None = None,
    secrets_provider: str | None = None,
) -> "Deployment":
    """The deployment of a stack whose program will run: its file is checked before the SDK is loaded."""
    overrides = dict(_setting(text) for text in settings or ())
    if name is None and not overrides:
        read_stack(Path.cwd(), stack)
    else:
        _need_file(stack)

    from automation.deploy import Deployment

    deployment = Deployment(
        stack, name=name, ttl_hours=ttl_hours, overrides=overrides, secrets_provider=secrets_provider
    )
    _ = deployment.file  # what the options make of it is checked too, before anything is shown
    return deployment


def standing(stack: str, name: str | None = None) -> "Deployment":
    """The deployment of a stack whose program will not run: its file must be there, and may be wrong."""
    _need_file(stack)

    from automation.deploy import Deployment

    return Deployment(stack, name=name)


def _need_file(stack: str) -> None:
    from automation.stack.folders import stack_file

    stack_file(Path.cwd(), stack)


def _setting(text: str) -> tuple[str, object]:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InvalidConfiguration(
            [legacy_error("--set", text, "is no setting; write it as services.gateway.image=VALUE")]
        )
    try:
        return path, cast("object", yaml.safe_load(value))
    except yaml.YAMLError:
        raise InvalidConfiguration(
            [legacy_error("--set", text, "has a value that is not YAML; put it in quotes")]
        ) from None
