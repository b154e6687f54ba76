"""The `plan` command: plan of a stack, or comparison of two plans, as a tree or as JSON."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from automation.cli.completion import complete_stack
from automation.cli.session import AsJson
from automation.stack.document import Stack, StackDocument, read_stack, stack_file, stack_names
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.presets import CloudName

if TYPE_CHECKING:
    from automation.plan.build import Plan
    from automation.plan.recorder import Mode
    from automation.plan.watch import Replan


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(plan)


def plan(
    stack: Annotated[
        str, typer.Argument(help="Name of the stack, as in Pulumi.<stack>.yaml.", autocompletion=complete_stack)
    ] = "prod",
    cloud: Annotated[
        str | None, typer.Option(help="Plan the stack on this cloud instead of the one in its file.")
    ] = None,
    as_json: AsJson = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Leave computed values unknown, as a preview does.")
    ] = False,
    brief: Annotated[
        bool, typer.Option("--brief", help="Count the resources of each component instead of listing them.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="List every resource, and include adjustments of default values.")
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the summary as Markdown, for a comment of a pull request.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Plan again after each change of the stack file or of a build folder.")
    ] = False,
    diff: Annotated[
        str | None, typer.Option(help="Compare with another stack, or with the same stack on another cloud.")
    ] = None,
) -> None:
    """Show what a stack would deploy, on one screen. Needs no account, network or engine."""
    folder = project_folder()
    mode: Mode = "unknown" if unknown else "symbolic"
    if watch:
        _refuse_with_watch({"--json": as_json, "--markdown": markdown, "--diff": diff is not None})
        _watch(folder, stack, cloud, mode, form="tree" if brief or full else "summary", full=full)
        return
    first = read_stack(folder, stack, cloud)
    second = other_stack(folder, first, diff) if diff is not None else None
    if second is None:
        from automation.plan.build import plan_of

        forms = {"json": as_json, "markdown": markdown, "tree": brief or full}
        form = next((form for form, chosen in forms.items() if chosen), "summary")
        own = StackDocument.load(stack_file(folder, stack)).platform.get("cloud")
        _print_plan(plan_of(first, folder, mode), form, cloud if cloud != own else None, full=full)
    else:
        _print_comparison(folder, (first, second), mode, as_json=as_json)


def other_stack(folder: Path, stack: Stack, name: str) -> Stack:
    """Return the stack that `--diff` names: another stack of the folder, or the same one on another cloud."""
    stacks, clouds = stack_names(folder), get_args(CloudName)
    if name in stacks:
        return read_stack(folder, name)
    if name in clouds:
        return read_stack(folder, stack.name, name)
    problem = f"{name} is neither a stack nor a cloud{did_you_mean(name, [*stacks, *clouds])}"
    raise InvalidConfiguration([ConfigError("--diff", problem=problem, fix=f"use {listed([*stacks, *clouds])}")])


def _refuse_with_watch(options: dict[str, bool]) -> None:
    for option, given in options.items():
        if given:
            problem = "not possible with --watch, which prints text for a terminal"
            raise InvalidConfiguration([ConfigError(option, problem, f"leave out {option} or --watch")])


def _watch(folder: Path, stack: str, cloud: str | None, mode: "Mode", form: str, *, full: bool) -> None:
    """Print the plan, then what changed after each save, until Ctrl-C."""
    from automation.plan.watch import PlanWatch

    watch = PlanWatch(folder, stack, cloud, mode)
    try:
        for replan in watch.plans():
            if replan.plan is not None and replan.before is None:
                _print_plan(replan.plan, form, cloud, full=full)
            else:
                _print_replan(replan)
            print(f"watching {watch.file.name}; Ctrl-C ends", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        return


def _print_replan(replan: "Replan") -> None:
    from automation.cli.formats import console
    from automation.cli.plan_text import comparison_text

    for error in replan.diagnostics:
        print(error, file=sys.stderr)
    if replan.plan is not None and replan.before is not None:
        names = ", ".join(path.name for path in replan.changed)
        if replan.differences:
            console().print(comparison_text("before", "now", replan.differences))
        count = len(replan.plan.inventory.resources)
        change = "" if replan.differences else "; no difference"
        print(f"{names}: {count} resources planned in {replan.cpu_seconds:.1f} s of CPU time{change}", flush=True)


def _print_plan(plan: "Plan", form: str, cloud: str | None, *, full: bool) -> None:
    """Print a plan as `json`, `markdown`, `tree` or `summary`; `cloud` is one that the stack file does not name."""
    from automation.cli.formats import console
    from automation.plan.summary import summary_json, summary_of

    if form == "json":
        from automation.plan.build import plan_json

        _print_json({**plan_json(plan), "summary": summary_json(summary_of(plan, cloud))})
    elif form == "markdown":
        from automation.plan.markdown import plan_markdown
        from automation.plan.tree import component_counts

        print(plan_markdown(summary_of(plan, cloud), component_counts(plan.inventory)), end="")
    elif form == "tree":
        from automation.cli.plan_text import plan_text

        console().print(plan_text(plan, brief=not full, full=full))
    else:
        from automation.cli.plan_text import summary_text

        console().print(summary_text(summary_of(plan, cloud)), soft_wrap=True)


def _print_comparison(folder: Path, stacks: tuple[Stack, Stack], mode: "Mode", *, as_json: bool) -> None:
    from automation.cost.summary import cost_summary
    from automation.plan.build import plan_of
    from automation.plan.diff import compare

    left, right = (plan_of(stack, folder, mode) for stack in stacks)
    components = compare(left.inventory, right.inventory)
    before, after = (cost_summary(each.stack.spec, each.region, each.inventory) for each in (left, right))
    if as_json:
        from automation.cli.json_lines import comparison_json

        _print_json(comparison_json((left, right), components, (before, after)))
        return

    from automation.cli.formats import console
    from automation.cli.plan_text import comparison_text

    titles = [f"{stack.name} on {stack.spec.cloud}" for stack in stacks]
    overridden = (left.overridden, right.overridden)
    console().print(comparison_text(titles[0], titles[1], components, (before, after), overridden))


def _print_json(document: object) -> None:
    print(json.dumps(document, indent=2, default=str))
