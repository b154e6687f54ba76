"""Security posture of a stack as plain data, and what widens or narrows between two of them. Pure.

A posture has statements without the stack's name, so that two stacks, two clouds or two releases can be compared by meaning.
It is part of the evidence bundle; `SCHEMA` changes when a statement changes its form, and then older files are refused.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from automation.report.facts import ReportFacts
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.json_data import is_mapping
from providers.contract.report import ENTRY

SCHEMA = 1
DAYS = re.compile(r"kept (\d+) days")


@dataclass(frozen=True)
class Posture:
    """Statements about a stack; each is a set in display order."""

    stack: str
    cloud: str
    region: str
    public: tuple[str, ...]
    connections: tuple[str, ...]
    readers: tuple[str, ...]
    rights: tuple[str, ...]
    accepted: tuple[str, ...]
    failed: tuple[str, ...]
    retention_days: Mapping[str, int]
    encryption: Mapping[str, str]
    cost_usd: Mapping[str, float]
    """Minimum and maximum; empty without an estimate."""
    unpriced: int = 0
    """Parts without a known price, which the cost leaves out."""


@dataclass(frozen=True)
class Shift:
    """Statement that only one side has, or a value that differs; `wider` is true when the change weakens the stack."""

    topic: str
    statement: str
    wider: bool


def posture_of(facts: ReportFacts) -> Posture:
    """Return the posture of a stack."""
    stack, spec = facts.plan.stack.name, facts.spec
    audit, cost = facts.audit, facts.cost
    plan = facts.summary
    entry = [
        f"{each.service} at {each.path}, authentication {each.authentication or 'none known'}" for each in plan.public
    ]
    opened = [
        f"{each.source} to {each.target}, {each.ports}"
        for each in facts.connections
        if each.open or each.target == ENTRY
    ]
    guards = [] if not plan.public or plan.guards.waf else ["entry without WAF"]
    return Posture(
        stack=stack,
        cloud=spec.cloud,
        region=facts.plan.region,
        public=_ordered([*entry, *guards]),
        connections=_ordered([*opened, *(f"{each.source} to {each.target}, {each.ports or 'permission'}" for each in facts.connections)]),
        readers=_ordered(f"{each.name} reads {secret.name}" for secret in facts.secrets for each in secret.readers),
        rights=_ordered(_neutral(f"{each.identity}: {right} on {each.target}", stack) for each in facts.rights for right in each.rights),
        accepted=_ordered([*(f"{each.key}: {each.reason}" for each in plan.accepted_risks), *(f"check {key}: {each.reason}" for key, each in spec.accept_checks.items()), *(_neutral(f"override of {each.path} in {each.type} {each.name}", stack) for each in plan.overridden)]),
        failed=_ordered(each.check.id for each in audit.results if each.verdict.value == "fail") if audit else (),
        retention_days=dict(_retention(facts)),
        encryption={f"{each.part}: {each.what}": f"{each.key}, {each.transit}" for each in facts.data},
        cost_usd={"minimum": round(cost.total.minimum, 2), "maximum": round(cost.total.maximum, 2)} if cost else {},
        unpriced=len(cost.unknown) if cost else 0,
    )  # fmt: skip


def _ordered(statements: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(statements)))


def _neutral(text: str, stack: str) -> str:
    return re.sub(rf"\b{re.escape(stack)}\b", "<stack>", text)


def _retention(facts: ReportFacts) -> Iterator[tuple[str, int]]:
    yield "logs", facts.summary.log_retention_days
    for each in facts.data:
        days = DAYS.search(each.backup)
        if each.part != "logs":
            yield f"{each.part}: {each.what}", int(days[1]) if days else 0


def shifts(before: Posture, after: Posture) -> tuple[Shift, ...]:
    """Return what differs by meaning, what widens first; rights of two clouds have no common names and are left out."""
    found = [*_sets(before, after), *_numbers(before, after), *_encryption(before, after), *_cost(before, after)]
    return tuple(sorted(found, key=lambda each: (not each.wider, TOPICS.index(each.topic), each.statement)))


SETS = (
    ("public", "reach"), ("connections", "ports"), ("readers", "readers"), ("rights", "rights"), ("accepted", "accepted"), ("failed", "failed checks"),
)  # fmt: skip
TOPICS = ("reach", "ports", "readers", "rights", "encryption", "retention", "accepted", "failed checks", "money")


def _sets(before: Posture, after: Posture) -> Iterator[Shift]:
    for field, topic in SETS:
        if topic == "rights" and before.cloud != after.cloud:
            continue
        old, new = set(getattr(before, field)), set(getattr(after, field))
        yield from (Shift(topic, f"added: {each}", wider=True) for each in sorted(new - old))
        yield from (Shift(topic, f"removed: {each}", wider=False) for each in sorted(old - new))


def _numbers(before: Posture, after: Posture) -> Iterator[Shift]:
    for name in dict.fromkeys((*before.retention_days, *after.retention_days)):
        old, new = before.retention_days.get(name), after.retention_days.get(name)
        if old is not None and new is not None and old != new:
            yield Shift("retention", f"{name}: {old} to {new} days", wider=new < old)


def _encryption(before: Posture, after: Posture) -> Iterator[Shift]:
    for name in dict.fromkeys((*before.encryption, *after.encryption)):
        old, new = before.encryption.get(name), after.encryption.get(name)
        if old is not None and new is not None and old != new:
            yield Shift(
                "encryption",
                f"{name}: {old} to {new}",
                wider=("required" in old and "required" not in new) or new.startswith("key of"),
            )


def _cost(before: Posture, after: Posture) -> Iterator[Shift]:
    for name in ("minimum", "maximum"):
        old, new = before.cost_usd.get(name), after.cost_usd.get(name)
        if old is not None and new is not None and old != new:
            yield Shift("money", f"{name}: {old:,.2f} to {new:,.2f} USD a month ({new - old:+,.2f})", wider=new > old)
    if before.unpriced != after.unpriced:
        statement = f"parts without a known price: {before.unpriced} to {after.unpriced}"
        yield Shift("money", statement, wider=after.unpriced > before.unpriced)


def posture_json(posture: Posture) -> Mapping[str, object]:
    """Return a posture as JSON data."""
    return {"schema": SCHEMA, **asdict(posture)}


def posture_from(option: str, name: str, document: object) -> Posture:
    """Return the posture of a JSON document; raises InvalidConfiguration for another version or another document."""
    schema = document.get("schema") if is_mapping(document) else None
    if schema is None or not is_mapping(document):
        raise refused(option, f"{name} is no posture of a stack")
    if schema != SCHEMA:
        raise refused(option, f"{name} has version {schema} of the posture, and this program reads version {SCHEMA}")
    values = {key: value for key, value in document.items() if key != "schema"}
    try:
        return TypeAdapter(Posture).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "its content"
        raise refused(option, f"{name} is damaged: {place}: {first['msg']}") from None


def refused(option: str, problem: str) -> InvalidConfiguration:
    """Return the error about a file that cannot be compared."""
    fix = "write it again with `agent-platform report STACK --bundle FILE` and this version"
    return InvalidConfiguration([ConfigError(option, problem, fix)])
