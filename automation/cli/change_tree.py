"""Changes and drift on paper: a tree by room, one line for resources that come or go alike, one for each that changes."""

import json
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text
from rich.tree import Tree

from automation.deploy.changes import PropertyChange, ResourceChange, group_by_component
from automation.deploy.results import Drift, Preview
from automation.plan.inventory import Value
from automation.plan.tree import MAX_NAMES, rank, without_prefix

SIGNS = {
    "create": ("+", "green"), "update": ("~", "yellow"), "replace": ("+-", "bold red"), "delete": ("-", "red"),
    "import": ("=", "cyan"), "forget": ("x", "red"),
}  # fmt: skip
TO_DO = {
    "create": "to create", "update": "to update", "replace": "to replace", "delete": "to delete", "import": "to import",
    "forget": "to forget", "read": "to read", "same": "unchanged",
}  # fmt: skip
ALIKE = ("create", "delete", "import", "forget")
"""Operations told by name alone."""
PROPERTIES_SHOWN = 8
LONGEST_VALUE = 60


def preview_tree(preview: Preview, title: str = "") -> Tree:
    """What a preview found."""
    counts = counts_text(preview.counts) or "nothing stands there and nothing is to be made"
    tree = Tree(Text.assemble((title or preview.stack, "bold"), f"  {counts}"), guide_style="dim")
    for component, changes in preview.components.items():
        branch = tree.add(Text.assemble((component, "bold cyan"), ("  " + str(len(changes)), "dim")))
        for text, properties in _lines(changes, f"{preview.stack}-{component.lower()}"):
            leaf = branch.add(text)
            for line in property_lines(properties):
                leaf.add(line)
    return tree


def counts_text(counts: Mapping[str, int], words: Mapping[str, str] = TO_DO) -> str:
    """`3 to create, 1 to update, 277 unchanged`."""
    return ", ".join(f"{count} {words[operation]}" for operation, count in counts.items() if operation != "read")


def _lines(changes: Sequence[ResourceChange], component: str) -> Iterator[tuple[Text, Sequence[PropertyChange]]]:
    alike: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        if change.operation in ALIKE:
            alike.setdefault((change.operation, change.short_type), []).append(without_prefix(change.name, component))
        else:
            sign, style = SIGNS[change.operation]
            yield Text.assemble((f"{sign} ", style), (change.short_type, style), f"  {change.name}"), change.properties
    for (operation, short_type), names in alike.items():
        sign, style = SIGNS[operation]
        times = f" x{len(names)}" if len(names) > 1 else ""
        more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
        told = ", ".join(names[:MAX_NAMES])
        yield Text.assemble((f"{sign} ", style), (f"{short_type}{times}", style), f"  {told}{more}"), ()


def property_lines(properties: Sequence[PropertyChange]) -> Iterator[Text]:
    """One line for each property: its path, what it was, what it is to be."""
    for told in properties[:PROPERTIES_SHOWN]:
        forces = ("  forces replacement", "bold red") if told.forces else ""
        values = (
            ""
            if told.before is None and told.after is None
            else ": {} -> {}".format(*pair_texts(told.before, told.after))
        )
        yield Text.assemble((told.path, "dim"), values, forces)
    if len(properties) > PROPERTIES_SHOWN:
        yield Text(f"and {len(properties) - PROPERTIES_SHOWN} more properties", "dim")


def pair_texts(before: Value, after: Value) -> tuple[str, str]:
    """Both values as JSON (`nothing` where there is none), cut to where they begin to differ."""
    texts = [_text(before), _text(after)]
    differs = next((place for place, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, differs - LONGEST_VALUE // 4) if max(map(len, texts)) > LONGEST_VALUE else 0
    return _cut(texts[0], start), _cut(texts[1], start)


def _text(value: Value) -> str:
    if value is None:
        return "nothing"
    # `[secret]`, `[unknown]` and whole documents are no easier to read in quotes
    return value if isinstance(value, str) and value[:1] in ("{", "[") else json.dumps(value, default=str)


def _cut(text: str, start: int) -> str:
    start = start if len(text) > start else 0
    before, after = "..." if start else "", "..." if len(text) > start + LONGEST_VALUE else ""
    return f"{before}{text[start : start + LONGEST_VALUE]}{after}"


def drift_tree(stack: str, found: Sequence[Drift]) -> Tree:
    """What in the cloud is not as the stack left it, by room, resource and property."""
    tree = Tree(Text.assemble((stack, "bold"), f"  {drift_count(found)}"), guide_style="dim")
    components: dict[str, list[Drift]] = {}
    for drift in found:
        components.setdefault(drift.component, []).append(drift)
    for component in sorted(components, key=rank):
        branch = tree.add(Text.assemble((component, "bold cyan"), ("  " + str(len(components[component])), "dim")))
        for drift in components[component]:
            sign, style = SIGNS["delete" if drift.kind == "gone" else "update"]
            gone = "  is gone" if drift.kind == "gone" else ""
            leaf = branch.add(Text.assemble((f"{sign} {drift.short_type}", style), f"  {drift.name}{gone}"))
            for line in property_lines(drift.properties):
                leaf.add(line)
    return tree


def drift_count(found: Sequence[Drift]) -> str:
    """`no drift`, `1 resource is not as the stack left it`."""
    if not found:
        return "no drift"
    return f"{len(found)} resource{'s are' if len(found) > 1 else ' is'} not as the stack left {'them' if len(found) > 1 else 'it'}"


def component_counts(changes: Sequence[ResourceChange]) -> Mapping[str, int]:
    """How many changes each room has."""
    return {component: len(found) for component, found in group_by_component(changes).items()}
