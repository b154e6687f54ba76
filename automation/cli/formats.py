"""Output to the terminal: console, durations, counts and pairs of values as text."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from automation.plan.inventory import Value

if TYPE_CHECKING:
    # rich is imported when something is printed
    from rich.console import Console, RenderableType

MAX_VALUE_CHARACTERS = 60
PROGRESS_VERBS = {
    "create": "creating", "update": "updating", "replace": "replacing", "delete": "deleting", "import": "importing",
    "read": "reading", "forget": "forgetting", "same": "reading",
}  # fmt: skip
PAST_VERBS = {
    "create": "created", "update": "updated", "replace": "replaced", "delete": "deleted", "import": "imported",
    "read": "read", "forget": "forgotten", "same": "unchanged",
}  # fmt: skip
PLANNED_VERBS = {
    "create": "to create", "update": "to update", "replace": "to replace", "delete": "to delete", "import": "to import",
    "forget": "to forget", "read": "to read", "same": "unchanged",
}  # fmt: skip


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `2 min 5 s` or `1 h 2 min`."""
    rounded = round(seconds)
    if rounded < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"


def typical_duration(minutes: float) -> str:
    """Return `12 min`, `2.5 min` or `30 s`."""
    return f"{round(minutes * 60)} s" if minutes < 1 else f"{round(minutes, 1):g} min"


def resource_count(count: int) -> str:
    """Return `1 resource` or `281 resources`."""
    return f"{count} resource{'' if count == 1 else 's'}"


def operation_counts(counts: Mapping[str, int], verbs: Mapping[str, str] = PLANNED_VERBS) -> str:
    """Return `3 to create, 1 to update, 277 unchanged`."""
    return ", ".join(
        f"{count} {verbs.get(operation, operation)}" for operation, count in counts.items() if operation != "read"
    )


def type_counts(types: Mapping[str, int]) -> str:
    """Return `rds:Instance, ec2:Subnet x3`."""
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in types.items())


def value_pair(before: Value, after: Value) -> tuple[str, str]:
    """Return both values as JSON, cut to the part in which they differ; `unset` for None."""
    texts = [_text(before), _text(after)]
    difference = next((index for index, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, difference - MAX_VALUE_CHARACTERS // 4) if max(map(len, texts)) > MAX_VALUE_CHARACTERS else 0
    return _cut(texts[0], start), _cut(texts[1], start)


def _text(value: Value) -> str:
    if value is None:
        return "unset"
    # `[secret]`, `[unknown]` and JSON documents need no quotes
    return value if isinstance(value, str) and value[:1] in ("{", "[") else json.dumps(value, default=str)


def _cut(text: str, start: int) -> str:
    start = start if len(text) > start else 0
    before, after = "..." if start else "", "..." if len(text) > start + MAX_VALUE_CHARACTERS else ""
    return f"{before}{text[start : start + MAX_VALUE_CHARACTERS]}{after}"


PIPED_WIDTH = 120
"""Columns of output that is not a terminal."""


def console() -> "Console":
    """Return a console on standard output; without colours if it is no terminal or NO_COLOR is set."""
    from rich.console import Console

    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def show(content: "RenderableType") -> None:
    """Print text or a tree; the terminal wraps long lines of text, so that they can be copied."""
    from rich.text import Text

    console().print(content, soft_wrap=isinstance(content, Text))


def today() -> date:
    """Return the date of today, or that of SOURCE_DATE_EPOCH (reproducible-builds.org), with which documents are generated."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else datetime.now(UTC)
    return now.date()


def print_json_line(document: object) -> None:
    """Print a document as one line of JSON."""
    print(json.dumps(document, default=str), flush=True)
