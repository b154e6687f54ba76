"""The commands `images build`, `images push` and `images list`, from `automation.images`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.formats import print_json_line, show
from automation.cli.session import AsJson, Name, StackName, Verbose, checked_deployment, operation
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from automation.images import ImageOperations, ImageState

Services = Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Services [default: all].")]
images = typer.Typer(no_args_is_help=True, help="Build, push and list the images of the stack's own registry.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(images, name="images")


@images.command()
def build(stack: StackName, services: Services = None, name: Name = None, verbose: Verbose = False) -> None:
    """Build images with docker buildx; on a Docker host, also write their tags to the stack file."""
    operations = _operations(stack, name)
    with operation(verbose=verbose):
        if operations.spec.cloud == "docker":
            _print_pinned(stack, operations.build_on_host(services or ()))
            return
        for service, local in operations.build(services or ()).items():
            typer.echo(f"{service}: built {local.tag}; push it with `agent-platform images push {stack} {service}`")


@images.command()
def push(
    stack: StackName,
    services: Services = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="IMAGE", help="Push this image for SERVICE instead of building one.")
    ] = None,
    name: Name = None,
    verbose: Verbose = False,
) -> None:
    """Build and push images, and write their digests to the stack file."""
    if source is not None and len(services or ()) != 1:
        raise InvalidConfiguration([ConfigError("--from", "it needs exactly one service", "name the service")])
    operations = _operations(stack, name)
    with operation(verbose=verbose):
        _print_pinned(stack, operations.push(services or (), source))


@images.command("list")
def list_images(
    stack: StackName, services: Services = None, name: Name = None, as_json: AsJson = False, verbose: Verbose = False
) -> None:
    """List the stack's own images: address, pinned version, and whether the registry has it."""
    operations = _operations(stack, name)
    with operation(verbose=verbose):
        states = operations.states(services or ())
    if as_json:
        for state in states:
            print_json_line(_state_json(state))
        return

    from automation.cli.deployment_text import columns

    if not states:
        typer.echo("every service uses an image of another registry")
        return
    rows = [
        (state.image.service, state.image.repository, state.image.image.suffix, _presence(state)) for state in states
    ]
    show(columns(("service", "address", "pinned", "in the registry"), rows))


def _operations(stack: str, name: str | None) -> "ImageOperations":
    deployment = checked_deployment(stack, name)

    from automation.images import ImageOperations

    return ImageOperations(deployment)


def _print_pinned(stack: str, pinned: Mapping[str, str]) -> None:
    for service, image in pinned.items():
        typer.echo(f"{service}: {image}")
    if pinned:
        typer.echo(f"wrote Pulumi.{stack}.yaml; deploy it with `agent-platform up {stack}`")
    else:
        typer.echo(f"Pulumi.{stack}.yaml already has these images")


def _presence(state: "ImageState") -> str:
    if state.present is None:
        return f"unknown: {state.reason}"
    return "yes" if state.present else "no"


def _state_json(state: "ImageState") -> Mapping[str, object]:
    image = state.image
    return {
        "service": image.service,
        "address": image.repository,
        "pinned": image.image.suffix,
        "architecture": image.architecture,
        "build": image.build is not None,
        "inRegistry": state.present,
        "reason": state.reason,
    }
