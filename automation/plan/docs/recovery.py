"""Tables of docs/recovery.md, from the promises of each cloud, and the recovery plans of the shipped stacks.

A table has every row of a cloud's promises: failure, modes, condition, RPO, RTO, cost and commands. The cost of a mode
is that of the production stack on the cloud.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from automation.cost.prices import prices_of
from automation.plan.build import plan_of
from automation.plan.docs.reference import table
from automation.plan.spec_keys import BASE
from automation.recovery.own_steps import OwnSteps, own_steps
from automation.recovery.stale import FOLDER, plan_text
from automation.stack.document import read_stack, stack_names, stack_of
from components.settings import PLATFORM_KEY
from providers import limits, recovery
from providers.contract.recovery_plan import MODES, Incident, Place, PromiseRow, RecoverySite, monthly_usd
from providers.contract.spec import Platform

RECOVERY_FILE = "docs/recovery.md"
STACK = "prod"
MARKED = re.compile(
    r"(?P<begin><!-- promises of (?P<cloud>\w+): begin -->\n).*?(?P<end><!-- promises: end -->)", re.DOTALL
)
HEAD = ("failure", "mode", "with", "RPO", "RTO", "cost a month", "commands", "assumption")
NO_COST = "none added"


def recovery_text(folder: Path) -> str:
    """Return docs/recovery.md with fresh tables."""
    text = (folder / RECOVERY_FILE).read_text(encoding="utf-8")
    return MARKED.sub(lambda mark: f"{mark['begin']}{promise_table(folder, mark['cloud'])}\n{mark['end']}", text)


def stack_plans(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield file and text of the recovery plan of each stack of a folder."""
    for name in stack_names(folder):
        yield folder / FOLDER / f"{name}.md", plan_text(plan_of(read_stack(folder, name), folder), "markdown")


def promise_table(folder: Path, cloud: str) -> str:
    """Return the table of a cloud."""
    found = recovery(cloud)
    spec, own = _spec(folder, cloud, found.place), own_steps(found.place)
    rows = sorted(found.promises, key=lambda row: list(Incident).index(row.failure))
    return table(HEAD, [_row(row, own[row.failure], spec) for row in rows])


def _spec(folder: Path, cloud: str, place: Place) -> Platform:
    """Return production; a host and a cluster refuse parts of it, on which their tables do not depend."""
    if place == "cluster":
        return stack_of(STACK, {PLATFORM_KEY: {**BASE, "cloud": cloud}}).spec
    return read_stack(folder, "local" if place == "host" else STACK, cloud).spec


def in_mode(spec: Platform, mode: str) -> Platform:
    """Return a spec with another recovery mode; the spec is not validated again."""
    return spec.model_copy(update={"recovery": spec.recovery.model_copy(update={"mode": mode})})


def _row(row: PromiseRow, own: OwnSteps, spec: Platform) -> tuple[str, ...]:
    promise = row.promise
    modes = ", ".join(row.modes) if row.modes != MODES else "any"
    return (
        own.title, modes, row.when.text, str(promise.rpo), str(promise.rto), _cost(row, spec), _commands(own, spec, row),
        promise.assumption,
    )  # fmt: skip


def _cost(row: PromiseRow, spec: Platform) -> str:
    """Return the cost that the mode adds for this failure; only the loss of a region has copies that cost."""
    mode = row.modes[-1]
    if row.failure is not Incident.REGION or mode == "none":
        return NO_COST
    items = tuple(recovery(spec.cloud).costs(in_mode(spec, mode)))
    usd, unknown = monthly_usd(items, prices_of(spec.cloud, limits(spec.cloud).region(spec)))
    known = f"{usd:.2f} USD" if usd is not None else "unknown"
    return f"{known}, and unknown: {', '.join(unknown)}" if unknown else known


def _commands(own: OwnSteps, spec: Platform, row: PromiseRow) -> str:
    site = RecoverySite("STACK", in_mode(spec, row.modes[-1]), limits(spec.cloud).region(spec))
    if not spec.secrets and row.failure is Incident.SECRET:
        return "`secret set`, `up`"
    names = dict.fromkeys(_command(step.own) for step in own.recover(site) if step.own)
    return ", ".join(f"`{name}`" for name in names) or "see the plan"


def _command(arguments: tuple[str, ...]) -> str:
    """Return the name of a command, such as `secret import`."""
    return " ".join(arguments[:2]) if arguments[0] in ("secret", "images") else arguments[0]
