"""Architecture of the production stack as an SVG picture, as in its report: `python -m automation.plan.docs.architecture`."""

from datetime import UTC, date, datetime
from pathlib import Path

from automation.plan.build import plan_of
from automation.plan.docs.examples import DATE_SECONDS
from automation.report.facts import facts_of
from automation.report.graph import graph_of
from automation.report.layout import picture_of
from automation.report.svg import svg_file
from automation.stack.document import read_stack

ARCHITECTURE_FILE = "docs/architecture.svg"
STACK = "prod"


def generate(root: Path) -> str:
    """Return the picture of the production stack file of a project folder."""
    plan = plan_of(read_stack(root, STACK), root)
    return svg_file(picture_of(graph_of(facts_of(plan, _date()))))


def _date() -> date:
    """Return the date of quoted output, so that the picture does not change with age."""
    return datetime.fromtimestamp(DATE_SECONDS, UTC).date()


def main() -> None:
    """Write the picture into the project folder."""
    Path(ARCHITECTURE_FILE).write_text(generate(Path.cwd()), encoding="utf-8")


if __name__ == "__main__":
    main()
