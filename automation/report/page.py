"""Page of a report: header, sections in their order, and the template around them. Imports no SDK."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

from automation.pages.renderer import render, render_file
from automation.report import access, overview, resilience, review
from automation.report.comparison import changes
from automation.report.content import ReportSection
from automation.report.digest import plan_digest
from automation.report.facts import ReportFacts
from automation.report.posture import Posture, posture_of
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed

TEMPLATE = "report.html"
TEMPLATE_OPTION = "--template"
GIT_SECONDS = 10
SECTIONS: tuple[Callable[[ReportFacts], ReportSection], ...] = (
    overview.summary,
    overview.architecture,
    access.reachability,
    access.access,
    resilience.data,
    resilience.failures,
    review.audit,
    resilience.alarms,
    review.adjustments,
    review.cost,
)
"""Sections before the changes; the resources are the last one."""


def report_page(
    facts: ReportFacts,
    *,
    today: date,
    version: str,
    commit: str,
    before: Posture | None = None,
    template: Path | None = None,
) -> str:
    """Return the page; the same facts, date, version and commit always make the same page."""
    sections = sections_of(facts, before)
    header = (
        ("Stack", facts.plan.stack.name),
        ("Profile", facts.spec.profile),
        ("Cloud and region", f"{facts.spec.cloud} {facts.plan.region}".rstrip()),
        ("Commit", commit),
        ("Plan digest", f"`{plan_digest(facts.plan)}`"),
        ("Date", today.isoformat()),
        ("Tool", f"agent-platform {version}"),
    )
    values = {"title": f"Report of {facts.title}", "facts": header, "sections": sections}
    if template is None:
        return render(TEMPLATE, values)
    page = render_file(TEMPLATE_OPTION, template, values)
    _refuse_gaps(template, page, sections)
    return page


def sections_of(facts: ReportFacts, before: Posture | None = None) -> tuple[ReportSection, ...]:
    """Return every section in order."""
    return (*(section(facts) for section in SECTIONS), changes(before, posture_of(facts)), review.resources(facts))


def _refuse_gaps(template: Path, page: str, sections: Sequence[ReportSection]) -> None:
    missing = [each.id for each in sections if not re.search(rf'\bid="?{each.id}["\s>]', page)]
    if missing:
        problem = f"{template} leaves out {listed(missing, 'and')}"
        fix = 'keep {% include "sections.html" %} in the template'
        raise InvalidConfiguration([ConfigError(TEMPLATE_OPTION, problem, fix)])


def tool_version(package: str) -> str:
    """Return the version of an installed package; `not installed` when the program runs from a clone."""
    try:
        return version_of(package)
    except PackageNotFoundError:
        return "not installed"


def commit_of(folder: Path) -> str:
    """Return the commit of a folder, and whether files differ from it; `not in a repository` without one."""
    git = shutil.which("git")
    if git is None:
        return "not known: git is not on PATH"
    commit = _git(git, folder, "rev-parse", "HEAD")
    if not commit:
        return "not in a repository"
    changed = _git(git, folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return f"`{commit}`{' with changes that are not committed' if changed else ''}"


def _git(git: str, folder: Path, *arguments: str) -> str:
    command = [git, "-C", str(folder), *arguments]
    try:
        # the arguments are constants and the project's folder
        ended = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""
