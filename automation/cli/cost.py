"""The command `cost`, from `automation.cost`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.formats import today
from automation.cli.session import AsJson, StackName
from automation.stack.document import read_stack
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from automation.cli.cost_text import CloudColumn
    from automation.cost.estimate import CostEstimate
    from automation.cost.usage import Usage

CLOUDS = ("aws", "gcp", "azure")
"""Clouds that --compare estimates; a Docker host has no price list."""


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(cost)


def cost(
    stack: StackName,
    cloud: Annotated[
        str | None, typer.Option(help="Estimate the stack on this cloud instead of the one in its file.")
    ] = None,
    usage: Annotated[
        Path | None, typer.Option("--usage", metavar="FILE", help="Read assumptions about a month from a YAML file.")
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Estimate the stack on aws, gcp and azure.")] = False,
    full: Annotated[bool, typer.Option("--full", help="List every part with its quantity and price.")] = False,
    as_json: AsJson = False,
) -> None:
    """Estimate the monthly cost at minimum and maximum replicas. Needs no account, network or engine."""
    if compare:
        _refuse_with_compare({"--cloud": cloud is not None, "--full": full})
    folder = project_folder()
    own = read_stack(folder, stack, cloud)

    from automation.cost.usage import REGION_KEY, read_usage

    assumed = read_usage(usage)
    if not compare:
        _print_estimate(stack, _estimate(folder, stack, own.spec.cloud, assumed), as_json=as_json, full=full)
        return
    if assumed.price_region:
        problem = "a region of one cloud cannot be used with --compare"
        raise InvalidConfiguration([ConfigError(REGION_KEY, problem, "leave one of the two out")])
    _print_comparison(stack, [_column(folder, stack, each, assumed) for each in CLOUDS], as_json=as_json)


def _refuse_with_compare(options: dict[str, bool]) -> None:
    for option, used in options.items():
        if used:
            raise InvalidConfiguration([ConfigError(option, "not possible with --compare", "leave one of the two out")])


def _estimate(folder: Path, stack: str, cloud: str, usage: "Usage") -> "CostEstimate":
    from automation.cost.estimate import estimate_of
    from automation.plan.build import plan_of

    plan = plan_of(read_stack(folder, stack, cloud), folder)
    return estimate_of(plan.stack.spec, plan.region, plan.inventory, usage)


def _column(folder: Path, stack: str, cloud: str, usage: "Usage") -> "CloudColumn":
    from automation.cli.cost_text import CloudColumn

    try:
        return CloudColumn(cloud, _estimate(folder, stack, cloud, usage))
    except InvalidConfiguration as invalid:
        return CloudColumn(cloud, None, tuple(str(diagnostic) for diagnostic in invalid.diagnostics))


def _print_estimate(stack: str, estimate: "CostEstimate", *, as_json: bool, full: bool) -> None:
    from automation.cli.cost_text import estimate_json, estimate_lines

    if as_json:
        typer.echo(json.dumps(estimate_json(stack, estimate), indent=2))
        return
    title = f"{stack}  {estimate.cloud} {estimate.region}"
    for line in estimate_lines(title, estimate, today(), full=full):
        typer.echo(line)


def _print_comparison(stack: str, columns: "list[CloudColumn]", *, as_json: bool) -> None:
    from automation.cli.cost_text import comparison_json, comparison_lines

    if as_json:
        typer.echo(json.dumps(comparison_json(stack, columns), indent=2))
        return
    for line in comparison_lines(stack, columns):
        typer.echo(line)
