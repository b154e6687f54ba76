"""Changes, drift, outcomes, outputs and history as text: trees by component, and columns with complete values."""

import json
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text
from rich.tree import Tree

from automation.cli.formats import PAST_VERBS, duration, operation_counts, value_pair
from automation.deploy.changes import PropertyChange, ResourceChange, group_by_component
from automation.deploy.events import OPERATIONS, normalize_operation
from automation.deploy.results import Drift, Outcome, Preview, Update
from automation.plan.inventory import Value
from automation.plan.tree import MAX_NAMES, rank, without_prefix
from providers.contract.resource_traits import API_KEY_OUTPUT, KEY_TYPE

SIGNS = {
    "create": ("+", "green"), "update": ("~", "yellow"), "replace": ("+-", "bold red"), "delete": ("-", "red"),
    "import": ("=", "cyan"), "forget": ("x", "red"),
}  # fmt: skip
NAME_ONLY = ("create", "delete", "import", "forget")
"""Operations whose resources share a line, without properties."""
MAX_PROPERTIES = 8
COLUMN_GAP = "  "
MIN_SHOWN_SECONDS = 0.05
"""Durations below this are left out."""


def preview_tree(preview: Preview, title: str = "") -> Tree:
    """Return the changes of a preview."""
    counts = operation_counts(preview.counts) or "the stack is empty and nothing is planned"
    tree = Tree(Text.assemble((title or preview.stack, "bold"), f"  {counts}"), guide_style="dim")
    for component, changes in preview.components.items():
        branch = tree.add(_component_title(component, len(changes)))
        for text, properties in _change_lines(changes, f"{preview.stack}-{component.lower()}"):
            leaf = branch.add(text)
            for line in property_lines(properties):
                leaf.add(line)
    return tree


def _component_title(component: str, count: int) -> Text:
    return Text.assemble((component, "bold cyan"), (f"  {count}", "dim"))


def _change_lines(changes: Sequence[ResourceChange], prefix: str) -> Iterator[tuple[Text, Sequence[PropertyChange]]]:
    names_by_type: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        if change.operation in NAME_ONLY:
            names_by_type.setdefault((change.operation, change.short_type), []).append(
                without_prefix(change.name, prefix)
            )
        else:
            sign, style = SIGNS[change.operation]
            yield Text.assemble((f"{sign} ", style), (change.short_type, style), f"  {change.name}"), change.properties
    for (operation, short_type), names in names_by_type.items():
        sign, style = SIGNS[operation]
        times = f" x{len(names)}" if len(names) > 1 else ""
        more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
        shown = ", ".join(names[:MAX_NAMES])
        yield Text.assemble((f"{sign} ", style), (f"{short_type}{times}", style), f"  {shown}{more}"), ()


def property_lines(properties: Sequence[PropertyChange]) -> Iterator[Text]:
    """Yield one line for each property: path, value before and value after."""
    for change in properties[:MAX_PROPERTIES]:
        forces = ("  forces replacement", "bold red") if change.forces else ""
        before, after = value_pair(change.before, change.after)
        values = "" if change.before is None and change.after is None else f": {before} -> {after}"
        yield Text.assemble((change.path, "dim"), values, forces)
    if len(properties) > MAX_PROPERTIES:
        yield Text(f"and {len(properties) - MAX_PROPERTIES} more properties", "dim")


def drift_tree(stack: str, differences: Sequence[Drift]) -> Tree:
    """Return the differences between cloud and state, by component, resource and property."""
    tree = Tree(Text.assemble((stack, "bold"), f"  {drift_count(differences)}"), guide_style="dim")
    components: dict[str, list[Drift]] = {}
    for drift in differences:
        components.setdefault(drift.component, []).append(drift)
    for component in sorted(components, key=rank):
        branch = tree.add(_component_title(component, len(components[component])))
        for drift in components[component]:
            sign, style = SIGNS["delete" if drift.kind == "gone" else "update"]
            missing = "  is missing" if drift.kind == "gone" else ""
            leaf = branch.add(Text.assemble((f"{sign} {drift.short_type}", style), f"  {drift.name}{missing}"))
            for line in property_lines(drift.properties):
                leaf.add(line)
    return tree


def drift_count(differences: Sequence[Drift]) -> str:
    """Return `no drift` or `1 resource differs from the state`."""
    if not differences:
        return "no drift"
    subject = "1 resource differs" if len(differences) == 1 else f"{len(differences)} resources differ"
    return f"{subject} from the state"


def component_counts(changes: Sequence[ResourceChange]) -> Mapping[str, int]:
    """Return the number of changes by component."""
    return {component: len(group) for component, group in group_by_component(changes).items()}


def outcome_text(outcome: Outcome, result: str) -> Text:
    """Return the counts of an operation, the duration of each component, and the outputs."""
    counts = operation_counts(outcome.counts, PAST_VERBS) or "no changes"
    text = Text.assemble((f"{outcome.stack} {result}", "bold green"), f"  {counts}  {duration(outcome.seconds)}")
    shown = [item for item in outcome.seconds_by_component.items() if item[1] >= MIN_SHOWN_SECONDS]
    if shown:
        rows = [(name, duration(seconds)) for name, seconds in sorted(shown, key=lambda item: -item[1])]
        text = Text("\n\n").join([text, columns(("component", "duration"), rows)])
    if outcome.outputs:
        text = Text("\n\n").join([text, outputs_text(outcome.outputs)])
    if any(change.type == KEY_TYPE and change.operation in ("create", "replace") for change in outcome.changes):
        command = f"pulumi stack output {API_KEY_OUTPUT} --show-secrets --stack {outcome.stack}"
        text.append(f"\n\ngenerated a key, which clients send as `Authorization: Bearer KEY`; {command}")
    return text


def outputs_text(outputs: Mapping[str, Value]) -> Text:
    """Return the outputs by name."""
    rows = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in outputs.items()]
    return columns(("output", "value"), rows)


def history_text(updates: Sequence[Update]) -> Text:
    """Return the updates, latest first."""
    return columns(
        ("version", "kind", "result", "started", "duration", "changes", "author"),
        [
            (
                str(update.version),
                update.kind,
                update.result,
                update.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
                duration(update.seconds) if update.seconds is not None else "",
                operation_counts(_normalized(update.counts), PAST_VERBS),
                update.author,
            )
            for update in updates
        ],
    )


def columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Text:
    """Return rows under the names of their columns, without trailing spaces."""
    widths = [max(len(row[index]) for row in (names, *rows)) for index in range(len(names))]
    lines = [
        COLUMN_GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (names, *rows)
    ]
    return Text("\n").join([Text(lines[0], "dim"), *(Text(line) for line in lines[1:])])


def _normalized(counts: Mapping[str, int]) -> Mapping[str, int]:
    totals: dict[str, int] = {}
    for operation, count in counts.items():
        totals[normalize_operation(operation)] = totals.get(normalize_operation(operation), 0) + count
    return {operation: totals[operation] for operation in OPERATIONS if operation in totals}
