"""Outputs, the history and the end of an update on paper: columns under their names, values whole, so they can be copied."""

import json
from collections.abc import Mapping, Sequence

from rich.text import Text

from automation.cli.change_tree import counts_text
from automation.cli.progress import DID, duration
from automation.deploy.events import OPERATIONS, normalize_operation
from automation.deploy.results import Outcome, Update
from automation.plan.inventory import Value

WORDS = {operation: DID.get(operation, operation) for operation in OPERATIONS}
GAP = "  "
SHORTEST_SECONDS = 0.05
"""A room that took less is not worth a line."""


def outcome_text(outcome: Outcome, did: str) -> Text:
    """What an update has done, how long each room took, and the outputs."""
    counts = counts_text(outcome.counts, WORDS) or "nothing to do"
    told = Text.assemble((f"{outcome.stack} {did}", "bold green"), f"  {counts}  {duration(outcome.seconds)}")
    took = {
        component: seconds for component, seconds in outcome.seconds_by_component.items() if seconds >= SHORTEST_SECONDS
    }
    if took:
        longest_first = sorted(took.items(), key=lambda item: -item[1])
        rows = [(component, duration(seconds)) for component, seconds in longest_first]
        told = Text("\n\n").join([told, columns(("room", "took"), rows)])
    if outcome.outputs:
        told = Text("\n\n").join([told, outputs_text(outcome.outputs)])
    return told


def outputs_text(outputs: Mapping[str, Value]) -> Text:
    """Outputs by name."""
    rows = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in outputs.items()]
    return columns(("output", "value"), rows)


def history_text(updates: Sequence[Update]) -> Text:
    """Updates, the latest first."""
    return columns(
        ("version", "kind", "result", "when", "took", "changes", "who"),
        [
            (
                str(update.version),
                update.kind,
                update.result,
                update.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
                duration(update.seconds) if update.seconds is not None else "",
                counts_text(_in_our_words(update.counts), WORDS),
                update.author,
            )
            for update in updates
        ],
    )


def columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Text:
    """Rows under the names of their columns, without blanks at the end of a line."""
    widths = [max(len(row[place]) for row in (names, *rows)) for place in range(len(names))]
    lines = [
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (names, *rows)
    ]
    return Text("\n").join([Text(lines[0], "dim"), *(Text(line) for line in lines[1:])])


def _in_our_words(counts: Mapping[str, int]) -> Mapping[str, int]:
    ours: dict[str, int] = {}
    for operation, count in counts.items():
        ours[normalize_operation(operation)] = ours.get(normalize_operation(operation), 0) + count
    return {operation: ours[operation] for operation in OPERATIONS if operation in ours}
