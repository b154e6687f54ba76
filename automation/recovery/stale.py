"""Files with a recovery plan: written, and compared with the stack."""

from itertools import zip_longest
from pathlib import Path
from typing import Literal

from automation.plan.build import Plan
from automation.recovery.document import document
from automation.recovery.plan import recovery_plan
from automation.recovery.renderers import html_page, markdown, text
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

Form = Literal["text", "markdown", "html"]
SUFFIXES: dict[str, Form] = {".md": "markdown", ".html": "html", ".htm": "html"}
FOLDER = "docs/recovery"
MAX_SHOWN = 70


def form_of(file: Path) -> Form:
    """Return the form of a file by its suffix; other suffixes are text."""
    return SUFFIXES.get(file.suffix.lower(), "text")


def plan_text(plan: Plan, form: Form) -> str:
    """Return the recovery plan of a planned stack in a form."""
    blocks = tuple(document(recovery_plan(plan)))
    if form == "html":
        return html_page(blocks)
    return markdown(blocks) if form == "markdown" else text(blocks)


def read_plan(option: str, file: Path) -> str:
    """Return the content of a file with a plan; raises InvalidConfiguration when it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        fix = "write it with `agent-platform recovery plan STACK -o FILE`"
        raise InvalidConfiguration([ConfigError(option, f"cannot read {file}: {reason}", fix)]) from None


def difference(found: str, expected: str) -> str:
    """Return one line on the first difference between a file and the plan; empty for none."""
    lines = zip_longest(found.splitlines(), expected.splitlines(), fillvalue=None)
    for number, (old, new) in enumerate(lines, start=1):
        if old != new:
            return f"line {number} is {_shown(old)}, and the plan has {_shown(new)}"
    return "" if found == expected else "the end of the file differs"


def _shown(line: str | None) -> str:
    if line is None:
        return "missing"
    start = line if len(line) <= MAX_SHOWN else f"{line[:MAX_SHOWN]}..."
    return f'"{start}"'
