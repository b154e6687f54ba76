"""Summary of a plan as Markdown for the comment of a pull request: a table, and details that are collapsed. Pure.

Names, images and reasons are written by users, so they are escaped: they can neither end the table, nor add HTML or a
link, nor mention a user. No value of a secret or of an environment variable is part of a summary.
"""

import re
from collections.abc import Iterator, Sequence

from automation.plan.summary import PlanSummary
from automation.plan.summary_rows import closing_rows, fact_rows

LINKED = ("@", "#", "://")
"""Text that GitHub turns into a link to a user, an issue or a page; an empty comment in it prevents that."""
SPECIAL = re.compile(r"[&<>|*_`\[\]\\~!$@#]|://")
"""`LINKED`, and characters of Markdown and HTML, which numeric references make text (https://spec.commonmark.org, 2.5)."""
MAX_ITEMS = 50
"""Lines of one collapsed list; a comment on GitHub has at most 65536 characters."""


def plan_markdown(summary: PlanSummary, components: Sequence[tuple[str, int]]) -> str:
    """Return the summary with the number of resources by component."""
    title = f"Plan of {summary.stack}: {summary.profile} on {summary.cloud} {summary.region}".rstrip()
    lines = [f"### {escape(title)}", "", "| | |", "|---|---|"]
    for name, values in (*fact_rows(summary), *closing_rows(summary)):
        lines.append(f"| {name} | {'<br>'.join(escape(value) for value in values)} |")
    return "\n".join([*lines, *_adjustments(summary), *_components(summary, components), ""])


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(lambda match: _escaped(match[0]), " ".join(text.split()))


def _escaped(special: str) -> str:
    return f"{special[0]}<!-- -->{special[1:]}" if special in LINKED else f"&#{ord(special)};"


def _adjustments(summary: PlanSummary) -> Iterator[str]:
    """Yield the adjustments of written settings."""
    entries = summary.written_adjustments
    if entries:
        lines = [f"- {escape(f'{each.adjustment} ({each.adjustment.effect})')}" for each in entries[:MAX_ITEMS]]
        more = [f"- and {len(entries) - MAX_ITEMS} more"] if len(entries) > MAX_ITEMS else []
        yield from _details(f"Adjusted settings ({len(entries)})", [*lines, *more])


def _components(summary: PlanSummary, components: Sequence[tuple[str, int]]) -> Iterator[str]:
    rows = [f"| {escape(name)} | {count} |" for name, count in components[:MAX_ITEMS]]
    yield from _details(f"Resources ({summary.resources})", ["| component | resources |", "|---|---|", *rows])


def _details(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", *lines, "", "</details>")
