"""Record of a failover, in one tag of the stack, so that another process continues it. Imports no SDK.

A phase is written before what it names is done. The record of the last one that ended stays, for `recovery status`.
"""

import json
from dataclasses import astuple, dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.tags import TaggedStack, read_tags, set_tag

TAG = "failover"
Kind = Literal["failover", "failback"]
FailoverPhase = Literal[
    "seeding", "stopping", "promoting", "adopting", "testing", "routing", "finishing", "returning", "done"
]
PHASES: dict[Kind, tuple[FailoverPhase, ...]] = {
    "failover": ("stopping", "promoting", "adopting", "testing", "routing", "finishing"),
    "failback": (
        "seeding", "stopping", "promoting", "adopting", "testing", "routing", "finishing", "returning",
    ),
}  # fmt: skip
"""Phases in their order; `done` follows the last one."""
BEFORE_ADOPTION: tuple[FailoverPhase, ...] = ("seeding", "stopping", "promoting")
"""Phases in which the stack file names the source as the region that serves."""


@dataclass(frozen=True)
class FailoverRecord:
    """Failover in progress, or the last one: what it is, how far it is, and from which region to which."""

    kind: Kind
    phase: FailoverPhase
    source: str
    """Region that serves at the beginning."""
    target: str
    planned: bool
    """True when nothing may be lost: services are stopped, and the replica has everything before its promotion."""
    since: str
    """Beginning, in ISO 8601; of an automatic one, its first failed check."""
    automatic: bool = False
    """True while no person has decided for it, so that it ends with its timeout."""
    held: bool = False
    """True for an automatic one whose timeout is over, of which the channels know."""

    @property
    def open(self) -> bool:
        """True while steps are left."""
        return self.phase != "done"

    @property
    def by_hand(self) -> "FailoverRecord":
        """Record of the same failover after a person has continued it."""
        return replace(self, automatic=False, held=False)

    @property
    def left(self) -> tuple[FailoverPhase, ...]:
        """Phases from the recorded one on."""
        if not self.open:
            return ()
        phases = PHASES[self.kind]
        return phases[phases.index(self.phase) :]

    @property
    def serving(self) -> str:
        """Region that serves at this phase, as the stack file names it."""
        return self.source if self.phase in BEFORE_ADOPTION else self.target


RECORD = TypeAdapter(FailoverRecord)
VALUES = TypeAdapter(list[str | bool])
FIELDS = tuple(FailoverRecord.__dataclass_fields__)
FIRST_FIELDS = 6
"""Fields of a failover that a person has begun."""


def dump_record(record: FailoverRecord) -> str:
    """Return the value of the tag, some 100 characters; one by hand is written as earlier versions read it."""
    fields = FIELDS if record.automatic else FIELDS[:FIRST_FIELDS]
    return json.dumps(astuple(record)[: len(fields)], separators=(",", ":"))


def parse_record(value: str) -> FailoverRecord:
    """Return the record of a tag; raises ValueError."""
    values = VALUES.validate_json(value)
    fields = FIELDS if len(values) > FIRST_FIELDS else FIELDS[:FIRST_FIELDS]
    record = RECORD.validate_python(dict(zip(fields, values, strict=True)))
    if record.open and record.phase not in PHASES[record.kind]:
        raise ValueError(f"a {record.kind} has no phase {record.phase}")
    return record


class FailoverStore:
    """Record in the tag of one stack."""

    def __init__(self, stack: TaggedStack) -> None:
        self.stack = stack

    def read(self) -> FailoverRecord | None:
        """Return the record; None before the first failover. Raises DeploymentFailed for a tag that cannot be read."""
        value = read_tags(self.stack).get(TAG)
        if value is None:
            return None
        try:
            return parse_record(value)
        except ValueError:
            problem = f"the tag {TAG} cannot be read"
            fix = (
                f"read the regions with `agent-platform recovery status {self.stack.name}`, then remove the tag with "
                f"`pulumi stack tag rm {TAG} --stack {self.stack.name}`"
            )
            raise DeploymentFailed(Failure.DAMAGED, problem, fix, stack=self.stack.name) from None

    def write(self, record: FailoverRecord) -> None:
        """Store the record."""
        set_tag(self.stack, TAG, dump_record(record))
