"""A plan, or two compared, on standard output: as a tree or as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

from automation.plan.build import Plan, plan_json, plan_of
from automation.plan.diff import ComponentDiff, compare
from automation.plan.inventory import Value
from automation.plan.recorder import Mode
from automation.stack.document import Stack


def tell(folder: Path, stack: Stack, mode: Mode, *, as_json: bool, brief: bool = False) -> None:
    """Print the plan of a stack."""
    plan = plan_of(stack, folder, mode)
    if as_json:
        _print_json(plan_json(plan))
        return
    from automation.cli.plan_text import console, plan_text

    console().print(plan_text(plan, brief=brief))


def tell_difference(folder: Path, stacks: tuple[Stack, Stack], mode: Mode, *, as_json: bool) -> None:
    """Print how the plans of two stacks differ."""
    here, there = (plan_of(stack, folder, mode) for stack in stacks)
    components = compare(here.inventory, there.inventory)
    if as_json:
        _print_json(_difference_json(here, there, components))
        return
    from automation.cli.plan_text import console, diff_text

    console().print(diff_text(_title(here), _title(there), components))


def _title(plan: Plan) -> str:
    return f"{plan.stack.name} on {plan.stack.spec.cloud}"


def _difference_json(here: Plan, there: Plan, components: Sequence[ComponentDiff]) -> dict[str, Value]:
    return {
        "left": {"stack": here.stack.name, "cloud": here.stack.spec.cloud},
        "right": {"stack": there.stack.name, "cloud": there.stack.spec.cloud},
        "components": [
            {**vars(component), "changes": [vars(change) for change in component.changes]} for component in components
        ],
    }


def _print_json(document: dict[str, Value]) -> None:
    print(json.dumps(document, indent=2, default=str))
