"""Tables of docs/audit.md: the checks with their verdicts' sources, and the controls of each framework. Pure."""

import re
from collections.abc import Iterator
from pathlib import Path

from automation.audit.evaluation import PLATFORM_CHECKS
from automation.plan.docs.reference import table
from providers import AVAILABLE, audit, other_controls
from providers.contract.audit import CHECKS, Answer, NotApplicable, OnlyLive

AUDIT_FILE = "docs/audit.md"
MARKED = re.compile(
    r"(?P<begin><!-- (?P<name>checks|controls|others): begin -->\n).*?(?P<end><!-- (?P=name): end -->)", re.DOTALL
)
CLOUDS = tuple(cloud for cloud in AVAILABLE if audit(cloud) is not None)
CHECKOV, BENCHMARK = re.compile(r"CKV"), re.compile(r"[A-Z]{2}-\d")
FRAMEWORKS = {
    "aws": "AWS Foundational Security Best Practices",
    "gcp": "CIS Google Cloud Platform Foundations",
    "azure": "CIS Microsoft Azure Foundations",
    "kubernetes": "CIS Kubernetes",
}
"""Framework of the ids that are no rule of checkov, by cloud; Azure has a second one with ids such as NS-1."""
MICROSOFT = "Microsoft cloud security benchmark"


def audit_text(folder: Path) -> str:
    """Return docs/audit.md with fresh tables."""
    text = (folder / AUDIT_FILE).read_text(encoding="utf-8")
    tables = {"checks": check_table(), "controls": control_table(), "others": other_table()}
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
    """Return a row for the controls of a framework on a cloud that a check answers."""
    rows = [
        (_framework(cloud, controls[0]), cloud, f"`{check.id}`", ", ".join(controls))
        for cloud in CLOUDS
        for check in CHECKS
        for controls in _by_framework(cloud, _answered(cloud, check.id))
    ]
    return table(("framework", "cloud", "check", "controls"), sorted(rows))


def other_table() -> str:
    """Return a row for the controls of a cloud that no check answers, with the reason."""
    rows = [(cloud, other.reason, ", ".join(other.controls)) for cloud in CLOUDS for other in other_controls(cloud)]
    return table(("cloud", "reason", "controls"), rows)


def _answered(cloud: str, check: str) -> tuple[str, ...]:
    answer = answer_of(cloud, check)
    return () if isinstance(answer, NotApplicable) else answer.controls


def _by_framework(cloud: str, controls: tuple[str, ...]) -> Iterator[list[str]]:
    frameworks = dict.fromkeys(_framework(cloud, each) for each in controls)
    return ([each for each in controls if _framework(cloud, each) == name] for name in frameworks)


def _framework(cloud: str, control: str) -> str:
    if CHECKOV.match(control):
        return "checkov"
    return MICROSOFT if BENCHMARK.match(control) else FRAMEWORKS[cloud]


def answer_of(cloud: str, check: str) -> Answer:
    """Return the answer of a cloud to a check; raises LookupError when it has none."""
    return {**(audit(cloud) or {}), **PLATFORM_CHECKS}[check]


def _answer(cloud: str, check: str) -> str:
    answer = answer_of(cloud, check)
    if isinstance(answer, NotApplicable):
        return "not applicable"
    return "only live" if isinstance(answer, OnlyLive) else "checked"
