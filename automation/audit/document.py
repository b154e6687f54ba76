"""Tables of docs/audit.md: the checks with their verdicts' sources, and the controls of each framework. Pure."""

import re
from collections.abc import Iterator
from pathlib import Path

from automation.audit.evaluation import PLATFORM_CHECKS
from automation.plan.docs.reference import table
from providers import AVAILABLE, audit
from providers.contract.audit import CHECKS, Answer, NotApplicable, OnlyLive

AUDIT_FILE = "docs/audit.md"
MARKED = re.compile(
    r"(?P<begin><!-- (?P<name>checks|controls): begin -->\n).*?(?P<end><!-- (?P=name): end -->)", re.DOTALL
)
CLOUDS = tuple(cloud for cloud in AVAILABLE if audit(cloud) is not None)
CHECKOV = re.compile(r"CKV")
FRAMEWORKS = {
    "aws": "AWS Foundational Security Best Practices",
    "gcp": "CIS Google Cloud Platform Foundations",
    "azure": "CIS Microsoft Azure Foundations",
}
"""Framework of the ids that are no rule of checkov, by cloud."""


def audit_text(folder: Path) -> str:
    """Return docs/audit.md with fresh tables."""
    text = (folder / AUDIT_FILE).read_text(encoding="utf-8")
    tables = {"checks": check_table(), "controls": control_table()}
    return MARKED.sub(lambda mark: f"{mark['begin']}{tables[mark['name']]}\n{mark['end']}", text)


def check_table() -> str:
    """Return a row for each check: what it asks, its severity, and on which clouds it is answered."""
    rows = [
        (
            f"`{check.id}`",
            check.group,
            check.title,
            check.severity.value,
            *(_answer(cloud, check.id) for cloud in CLOUDS),
        )
        for check in CHECKS
    ]
    return table(("check", "group", "asks", "severity", *CLOUDS), rows)


def control_table() -> str:
    """Return a row for each control of a framework, with the check that answers it."""
    return table(("framework", "control", "cloud", "check"), sorted(set(_controls())))


def _controls() -> Iterator[tuple[str, str, str, str]]:
    for cloud in CLOUDS:
        for check in CHECKS:
            answer = answer_of(cloud, check.id)
            for control in () if isinstance(answer, NotApplicable) else answer.controls:
                framework = "checkov" if CHECKOV.match(control) else FRAMEWORKS[cloud]
                yield framework, control, cloud, f"`{check.id}`"


def answer_of(cloud: str, check: str) -> Answer:
    """Return the answer of a cloud to a check; raises LookupError when it has none."""
    return {**(audit(cloud) or {}), **PLATFORM_CHECKS}[check]


def _answer(cloud: str, check: str) -> str:
    answer = answer_of(cloud, check)
    if isinstance(answer, NotApplicable):
        return "not applicable"
    return "only live" if isinstance(answer, OnlyLive) else "checked"
