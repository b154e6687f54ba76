"""Plan and comparison of plans as text: a summary on one screen; trees, adjustments, risks and missing secrets."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from automation.cli.formats import PIPED_WIDTH, resource_count, type_counts, typical_duration, value_pair
from automation.cost.summary import CostSummary
from automation.plan.build import OverriddenInput, Plan, PlanAdjustment
from automation.plan.chain import ChainStep, total_minutes
from automation.plan.diff import ComponentDiff, PlanChange
from automation.plan.summary import MIN_STEP_MINUTES, PlanSummary
from automation.plan.summary_rows import (
    Row,
    adjustment_counts,
    adjustment_lines,
    closing_rows,
    fact_rows,
    overridden_lines,
)
from automation.plan.tree import Branch, Line, tree_of
from automation.stack.document import Stack
from providers.contract.diagnostics import Effect

MAX_SUMMARY_LINES = 40
LABEL_WIDTH = 12
EFFECT_TITLES = {
    Effect.IGNORED: "Ignored settings",
    Effect.ADJUSTED: "Adjusted settings",
    Effect.PARTIAL: "Partially applied settings",
}


def summary_text(summary: PlanSummary) -> RenderableType:
    """Return the summary of a plan, at most `MAX_SUMMARY_LINES` lines of `PIPED_WIDTH` columns."""
    title = f"{summary.stack}  {summary.profile} on {summary.cloud} {summary.region}".rstrip()
    head = [Text.assemble((title, "bold"), f"  {resource_count(summary.resources)}")]
    facts, closing = _rows(fact_rows(summary)), _rows(closing_rows(summary))
    counts = _rows([("Adjusted", [adjustment_counts(summary)])])
    hint = Text("--full lists every resource and adjustment; --brief counts resources; --markdown, --json", "dim")
    room = MAX_SUMMARY_LINES - len([*head, *facts, *counts, *closing, hint])
    lines = adjustment_lines(summary)
    shown = lines if len(lines) <= room else lines[: max(room - 1, 0)]
    hidden = len(lines) - len(shown)
    adjusted = [Text(f"  {_fit(line, PIPED_WIDTH - 2)}") for line in shown]
    more = [Text(f"  and {hidden} more; --full lists them", "dim")] if hidden else []
    return Group(*head, *facts, *counts, *adjusted, *more, *closing, hint)


def _rows(rows: Iterable[Row]) -> list[Text]:
    return [
        Text.assemble(
            (f"{label if number == 0 else '':<{LABEL_WIDTH}}", "bold cyan"), _fit(line, PIPED_WIDTH - LABEL_WIDTH)
        )
        for label, lines in rows
        for number, line in enumerate(lines)
    ]


def _fit(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 3]}..."


def plan_text(plan: Plan, *, brief: bool = False, full: bool = False) -> RenderableType:
    """Return the plan; `brief` only counts the resources of a component, `full` adds adjustments of default values."""
    trees = [_tree(root, plan, brief=brief) for root in tree_of(plan.inventory)]
    return Group(*trees, *(part for section in _sections(plan, full=full) for part in ("", section)))


def _tree(root: Branch, plan: Plan, *, brief: bool) -> Tree:
    spec = plan.stack.spec
    title = f"{plan.stack.name}, {spec.profile} on {spec.cloud} {plan.region}".rstrip()
    count = (resource_count(root.count), "bold")
    tree = Tree(Text.assemble((root.kind, "bold"), f"  {title}  ", count), guide_style="dim")
    _fill(tree, root, brief=brief)
    return tree


def _fill(tree: Tree, branch: Branch, *, brief: bool) -> None:
    for line in () if brief else branch.lines:
        tree.add(_line(line))
    for child in branch.branches:
        name = f" {child.name}" if child.name != child.kind.lower() else ""
        title = Text.assemble((child.kind, "bold cyan"), name, "  ", (str(child.count), "dim"))
        _fill(tree.add(title), child, brief=brief)


def _line(line: Line) -> Text:
    times = f" x{line.count}" if line.count > 1 else ""
    more = f" and {line.hidden} more" if line.hidden else ""
    facts = (f"  {line.facts}", "yellow") if line.facts else ""
    return Text.assemble((line.type, "green"), (times, "green"), f"  {', '.join(line.names)}{more}", facts)


def _sections(plan: Plan, *, full: bool) -> Iterator[RenderableType]:
    yield _chain(plan.chain)
    yield from _adjustments(plan.adjustments, full=full)
    if plan.overridden:
        yield _list("Overridden inputs", overridden_lines(plan.overridden))
    if plan.accepted_risks:
        risks = [f"{risk.key}: {risk.problem}. Accepted: {risk.reason}" for risk in plan.accepted_risks]
        yield _list("Accepted risks", risks)
    if plan.stack.missing_secrets:
        yield _list("Secrets without a value", [_secret(plan.stack, name) for name in plan.stack.missing_secrets])


def _secret(stack: Stack, name: str) -> str:
    if name in stack.generated_secrets:
        return f"{name}: agent-platform up {stack.name} generates it"
    return f"{name}: agent-platform secret set {stack.name} {name}"


def _adjustments(adjustments: Sequence[PlanAdjustment], *, full: bool) -> Iterator[RenderableType]:
    """Yield a list for each effect, then the number of hidden adjustments of default values."""
    shown = [entry.adjustment for entry in adjustments if full or entry.written]
    for effect, title in EFFECT_TITLES.items():
        lines = [str(adjustment) for adjustment in shown if adjustment.effect is effect]
        if lines:
            yield _list(title, lines)
    hidden = len(adjustments) - len(shown)
    if hidden:
        settings = "1 default value is" if hidden == 1 else f"{hidden} default values are"
        yield Text(f"{settings} adjusted; --full lists them", "dim")


def _list(title: str, lines: Sequence[str]) -> RenderableType:
    tree = Tree(Text(title, "bold yellow"), guide_style="dim")
    for line in lines:
        tree.add(Text(line))
    return tree


def _chain(chain: Sequence[ChainStep]) -> RenderableType:
    title = f"Longest deploy chain  typically {typical_duration(total_minutes(tuple(chain)))}"
    tree = Tree(Text(title, "bold"), guide_style="dim")
    for step in chain:
        if step.minutes >= MIN_STEP_MINUTES:
            name = f"{step.resource.short_type}  {step.resource.name}"
            tree.add(Text.assemble((f"{typical_duration(step.minutes):>6}", "cyan"), f"  {name}"))
    short = tuple(step for step in chain if step.minutes < MIN_STEP_MINUTES)
    if short:
        tree.add(
            Text(f"{typical_duration(total_minutes(short)):>6}  {resource_count(len(short))} of a few seconds each")
        )
    return tree


def comparison_text(
    left: str,
    right: str,
    components: Sequence[ComponentDiff],
    costs: tuple[CostSummary, CostSummary] | None = None,
    overridden: tuple[Sequence[OverriddenInput], Sequence[OverriddenInput]] = ((), ()),
) -> RenderableType:
    """Return the comparison of the plans titled `left` and `right`, with what each costs and overrides."""
    left_count = sum(component.left for component in components)
    right_count = sum(component.right for component in components)
    title = Text.assemble((f"{left} -> {right}", "bold"), f"  {left_count} -> {resource_count(right_count)}")
    tree = Tree(title, guide_style="dim")
    for component in components:
        counts = str(component.left)
        counts += f" -> {component.right}" if component.left != component.right else ""
        same = "  no difference" if component.same else ""
        branch = tree.add(Text.assemble((component.component, "bold cyan"), f"  {counts}", (same, "dim")))
        for text in (
            *_one_side("-", left, component.only_left, "red"),
            *_one_side("+", right, component.only_right, "green"),
            *_change_lines(component.changes),
        ):
            branch.add(text)
    for side, inputs in zip((left, right), overridden, strict=True):
        if inputs:
            branch = tree.add(Text.assemble(("Overridden", "bold cyan"), f" in {side}"))
            for line in overridden_lines(inputs):
                branch.add(Text(line))
    if costs is not None:
        before, after = (cost.text for cost in costs)
        tree.add(Text.assemble(("Cost", "bold cyan"), f"  {before}{'' if before == after else f' -> {after}'}"))
    return tree


def _one_side(sign: str, title: str, types: Mapping[str, int], style: str) -> Iterator[Text]:
    if types:
        yield Text.assemble((f"{sign} only {title}: ", style), type_counts(types))


def _change_lines(changes: Sequence[PlanChange]) -> Iterator[Text]:
    """Yield one line for each change; resources with the same change share it."""
    groups: dict[tuple[str, str, str], list[PlanChange]] = {}
    for change in changes:
        groups.setdefault((change.path, *value_pair(change.left, change.right)), []).append(change)
    for (path, left, right), group in groups.items():
        yield Text.assemble(("~ ", "yellow"), (_subject(group), "dim"), f" {path}: {left} -> {right}")


def _subject(changes: Sequence[PlanChange]) -> str:
    """Return `rds:Instance database` or `projects:Service x22`."""
    if len(changes) == 1:
        return f"{changes[0].type} {changes[0].name}"
    return type_counts(Counter(change.type for change in changes))
