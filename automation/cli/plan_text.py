"""A plan and a comparison on paper: a tree to read, then what its reader should know beside it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from automation.plan.build import Plan
from automation.plan.chain import ChainStep, total_minutes
from automation.plan.diff import ComponentDiff, PlanChange
from automation.plan.inventory import Value
from automation.plan.tree import Branch, Line, tree_of
from components.configuration import PROJECT
from providers.contract.diagnostics import displayed

PIPED_WIDTH = 120
"""Columns where there is no terminal to ask."""
NOTABLE_MINUTES = 0.5
"""Steps of a chain that are told one by one; shorter ones are counted."""
LONGEST_VALUE = 60


def console() -> Console:
    """Standard output; without colours where it is no terminal or NO_COLOR is set, as rich does."""
    told = Console(highlight=False)
    return told if told.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def plan_text(plan: Plan, *, brief: bool = False) -> RenderableType:
    """The whole plan; when brief, rooms are counted and their resources not named."""
    trees = [_tree(root, plan, brief=brief) for root in tree_of(plan.inventory)]
    return Group(*trees, *(part for section in _sections(plan) for part in ("", section)))


def _tree(root: Branch, plan: Plan, *, brief: bool) -> Tree:
    spec = plan.stack.spec
    place = f"{plan.stack.name}, {spec.profile} on {spec.cloud} {plan.region}".rstrip()
    tree = Tree(Text.assemble((root.kind, "bold"), f"  {place}  ", (_count(root.count), "bold")), guide_style="dim")
    _fill(tree, root, brief=brief)
    return tree


def _fill(tree: Tree, branch: Branch, *, brief: bool) -> None:
    for line in () if brief else branch.lines:
        tree.add(_line(line))
    for inner in branch.branches:
        title = (inner.kind, "bold cyan")
        name = f" {inner.name}" if inner.name != inner.kind.lower() else ""
        _fill(tree.add(Text.assemble(title, name, "  ", (str(inner.count), "dim"))), inner, brief=brief)


def _line(line: Line) -> Text:
    times = f" x{line.count}" if line.count > 1 else ""
    more = f" and {line.hidden} more" if line.hidden else ""
    facts = (f"  {line.facts}", "yellow") if line.facts else ""
    names = f"{', '.join(line.names)}{more}"
    return Text.assemble((line.type, "green"), (times, "green"), f"  {names}", facts)


def _count(number: int) -> str:
    return f"{number} resource{'' if number == 1 else 's'}"


def _sections(plan: Plan) -> Iterator[RenderableType]:
    yield _chain(plan.chain)
    if plan.adjustments:
        yield _list("Honoured in another way", [str(note.adjustment) for note in plan.adjustments])
    if plan.accepted_risks:
        risks = [f"{r.path}: {displayed(r.value)} {r.danger}. Accepted: {r.reason}" for r in plan.accepted_risks]
        yield _list("Accepted risks", risks)
    if plan.stack.missing_secrets:
        command = f"pulumi config set --stack {plan.stack.name} --secret {PROJECT}:"
        yield _list("Secrets without a value", [f"{name}: {command}{name}" for name in plan.stack.missing_secrets])


def _list(title: str, sentences: Sequence[str]) -> RenderableType:
    tree = Tree(Text(title, "bold yellow"), guide_style="dim")
    for sentence in sentences:
        tree.add(Text(sentence))
    return tree


def _chain(chain: Sequence[ChainStep]) -> RenderableType:
    title = f"Longest deploy chain  typically {duration(total_minutes(tuple(chain)))}"
    tree = Tree(Text(title, "bold"), guide_style="dim")
    notable = [step for step in chain if step.minutes >= NOTABLE_MINUTES]
    for step in notable:
        name = f"{step.resource.short_type}  {step.resource.name}"
        tree.add(Text.assemble((f"{duration(step.minutes):>6}", "cyan"), f"  {name}"))
    brief = [step for step in chain if step.minutes < NOTABLE_MINUTES]
    if brief:
        tree.add(Text(f"{duration(total_minutes(tuple(brief))):>6}  {_count(len(brief))} of seconds between them"))
    return tree


def duration(minutes: float) -> str:
    """`12 min`, `2.5 min`, `30 s`."""
    return f"{round(minutes * 60)} s" if minutes < 1 else f"{round(minutes, 1):g} min"


def diff_text(here: str, there: str, components: Sequence[ComponentDiff]) -> RenderableType:
    """The comparison of the plans called `here` and `there`."""
    left, right = sum(component.left for component in components), sum(component.right for component in components)
    tree = Tree(Text.assemble((f"{here} -> {there}", "bold"), f"  {left} -> {_count(right)}"), guide_style="dim")
    for component in components:
        counts = str(component.left) if component.left == component.right else f"{component.left} -> {component.right}"
        alike = "  the same" if component.same else ""
        branch = tree.add(Text.assemble((component.component, "bold cyan"), f"  {counts}", (alike, "dim")))
        for text in (*_only("-", here, component.only_left, "red"), *_only("+", there, component.only_right, "green")):
            branch.add(text)
        for text in _changes(component.changes):
            branch.add(text)
    return tree


def _only(sign: str, where: str, types: Mapping[str, int], style: str) -> Iterator[Text]:
    if types:
        yield Text.assemble((f"{sign} only {where}: ", style), _counted(types))


def _counted(types: Mapping[str, int]) -> str:
    return ", ".join(name if number == 1 else f"{name} x{number}" for name, number in types.items())


def _changes(changes: Sequence[PlanChange]) -> Iterator[Text]:
    """One line for each change, and one for all resources that change alike."""
    alike: dict[tuple[str, str, str], list[PlanChange]] = {}
    for change in changes:
        alike.setdefault((change.path, *_told(change.left, change.right)), []).append(change)
    for (path, here, there), same in alike.items():
        yield Text.assemble(("~ ", "yellow"), (_whose(same), "dim"), f" {path}: {here} -> {there}")


def _whose(changes: Sequence[PlanChange]) -> str:
    """`rds:Instance database`, `projects:Service x22`."""
    if len(changes) == 1:
        return f"{changes[0].type} {changes[0].name}"
    return _counted(Counter(change.type for change in changes))


def _told(here: Value, there: Value) -> tuple[str, str]:
    """Both values, cut to where they begin to differ."""
    texts = ["nothing" if value is None else json.dumps(value) for value in (here, there)]
    differs = next((place for place, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, differs - LONGEST_VALUE // 4) if max(map(len, texts)) > LONGEST_VALUE else 0
    return _cut(texts[0], start), _cut(texts[1], start)


def _cut(text: str, start: int) -> str:
    before, after = "..." if start else "", "..." if len(text) > start + LONGEST_VALUE else ""
    return f"{before}{text[start : start + LONGEST_VALUE]}{after}"
