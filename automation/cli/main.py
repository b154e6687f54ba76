"""`agent-platform`: the plan of a stack, and the documents made from the spec.

What a command does is imported when it runs: a bad configuration is answered before rich or an SDK is loaded.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer

from automation.cli import day2 as care
from automation.cli import deploy, engine, inspect, recover
from automation.stack.document import Stack, read_stack, stack_names
from providers.contract.diagnostics import InvalidConfiguration, did_you_mean, legacy_error, listed
from providers.contract.spec import CloudName

MISTAKEN = 2
"""Exit code for a configuration, stack or cloud that cannot be taken."""

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="AI-agent services in production on the cloud that a stack names.",
)  # fmt: skip
config = typer.Typer(no_args_is_help=True, help="The documents of the stack configuration.")
app.add_typer(config, name="config")
for group in (engine, deploy, inspect, care, recover):
    group.register(app)

Write = Annotated[bool, typer.Option("--write", help="Write the file under docs/ instead of printing it.")]


@app.command()
def plan(
    stack: Annotated[str, typer.Argument(help="Name of the stack: Pulumi.<stack>.yaml.")] = "prod",
    cloud: Annotated[str | None, typer.Option(help="Plan it on this cloud instead of its own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The inventory and its notes as JSON.")] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Leave what a cloud computes unknown, as a preview.")
    ] = False,
    brief: Annotated[
        bool, typer.Option("--brief", help="Count the resources of each room instead of naming them.")
    ] = False,
    diff: Annotated[str | None, typer.Option(help="Compare with this stack, or with this stack on that cloud.")] = None,
) -> None:
    """What a stack would declare: no account, no network, no engine."""
    folder = Path.cwd()
    here = read_stack(folder, stack, cloud)
    there = other_stack(folder, here, diff) if diff is not None else None

    from automation.cli.plan_output import tell, tell_difference

    mode = "unknown" if unknown else "symbolic"
    if there is None:
        tell(folder, here, mode, as_json=as_json, brief=brief)
    else:
        tell_difference(folder, (here, there), mode, as_json=as_json)


def other_stack(folder: Path, here: Stack, other: str) -> Stack:
    """What `--diff` names: another stack of the folder, or the same stack on another cloud."""
    stacks, clouds = stack_names(folder), get_args(CloudName)
    if other in stacks:
        return read_stack(folder, other)
    if other in clouds:
        return read_stack(folder, here.name, other)
    advice = (
        f"is neither a stack nor a cloud{did_you_mean(other, [*stacks, *clouds])}; "
        f"the stacks here are {listed(stacks, 'and')}, the clouds {listed(clouds, 'and')}"
    )
    raise InvalidConfiguration([legacy_error("--diff", other, advice)])


@config.command()
def schema(write: Write = False) -> None:
    """The JSON schema of a stack file, for editors."""
    from automation.plan.docs.schema import SCHEMA_FILE, schema_text

    _hand_out(schema_text(), SCHEMA_FILE, write)


@config.command()
def docs(write: Write = False) -> None:
    """Every key of the stack configuration, with its default and its meaning."""
    from automation.plan.docs.reference import CONFIGURATION_FILE, configuration_text

    _hand_out(configuration_text(), CONFIGURATION_FILE, write)


@config.command()
def examples() -> None:
    """Write the real output of each command that README.md and docs/ quote into its place there."""
    from automation.plan.docs.examples import refresh

    for file in refresh(Path.cwd()):
        typer.echo(f"wrote {file}")


@config.command()
def capabilities(write: Write = False) -> None:
    """What each cloud does with every key; changes each in turn and plans again, so it takes a while."""
    from automation.plan.docs.capabilities import CAPABILITIES_FILE, capabilities_text

    _hand_out(capabilities_text(Path.cwd()), CAPABILITIES_FILE, write)


def _hand_out(text: str, file: str, write: bool) -> None:
    if not write:
        typer.echo(text, nl=False)
        return
    if not Path(file).parent.is_dir():
        raise InvalidConfiguration(
            [legacy_error("--write", file, "has no folder here; run this in the project's folder")]
        )
    Path(file).write_text(text, encoding="utf-8")
    typer.echo(f"wrote {file}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; every mistake of a configuration is one sentence on standard error, exit code 2."""
    try:
        app(args=arguments)
    except InvalidConfiguration as invalid:
        for refusal in invalid.diagnostics:
            print(refusal, file=sys.stderr)
        raise SystemExit(MISTAKEN) from None
