"""Records of rollouts, stored in tags of the stack, so that another process can continue or abort them.

Each service has its own, `rollout.gateway`, because a tag has space for one record only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter, ValidationError

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.tags import MAX_VALUE_BYTES, TaggedStack, read_tags, remove_tag, set_tag, tag_of
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import Rollout, Service

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment

RecordPhase = Literal["stepping", "finishing", "removing", "aborting", "held"]
Request = Literal["pause", "abort"]
TAG_PREFIX = "rollout."
REQUESTS_KEY = "agent-platform:rollout-request"
"""Tag with the requests of other processes by service; only these write it, except that an answered one is removed."""


@dataclass(frozen=True)
class RolloutRecord:
    """Rollout of one service: what serves, what is rolled out, and how far it is.

    Every phase is written before what it names is done. `step` is 0 before the first step, then the number of the step in
    `Rollout.percents`.
    """

    phase: RecordPhase
    stable: str
    """Name of the stable revision on the cloud."""
    image: str
    """Image of the new revision; only its end where the tag has no space for all of it."""
    fingerprint: str
    """Digest of everything in the spec that makes the new revision."""
    since: str
    """Start of the rollout, in ISO 8601."""
    step: int = 0
    reason: str = ""
    """Why the rollout was aborted; only its beginning where the tag has no space for all of it."""

    def percent(self, rollout: Rollout) -> int:
        """Percentage of requests that the new revision receives at this step."""
        return 0 if self.step == 0 else rollout.percents[min(self.step, len(rollout.percents)) - 1]

    def position(self, rollout: Rollout) -> RolloutPosition | None:
        """Position that the program declares for this record; None when one revision is left."""
        if self.phase == "removing":
            return None
        if self.phase in ("aborting", "held"):
            return RolloutPosition(self.stable, 0, "held")
        if self.phase == "finishing":
            return RolloutPosition(self.stable, 100, "replacing")
        return RolloutPosition(self.stable, self.percent(rollout))


@dataclass(frozen=True)
class RolloutRecords:
    """Every record of a stack by service, and the requests of other processes."""

    records: Mapping[str, RolloutRecord] = field(default_factory=dict[str, RolloutRecord])
    requests: Mapping[str, Request] = field(default_factory=dict[str, Request])


FIELDS = tuple(RolloutRecord.__dataclass_fields__)
VALUES = TypeAdapter(list[str | int])
RECORD = TypeAdapter(RolloutRecord)
REQUESTS = TypeAdapter(dict[str, Request])


def dump_record(service: str, record: RolloutRecord) -> str:
    """Return the value of a record's tag: the service and the fields in order, with image and reason cut where they must be."""
    for excess in range(MAX_VALUE_BYTES):
        shortened = replace(
            record, image=record.image[-max(12, 96 - excess) :], reason=record.reason[: max(0, 160 - excess)]
        )
        value = json.dumps([service, *astuple(shortened)], separators=(",", ":"), ensure_ascii=False)
        if len(value.encode()) <= MAX_VALUE_BYTES:
            return value
    raise ValueError(f"the record of {service} does not fit into a tag")


def parse_record(value: str) -> tuple[str, RolloutRecord]:
    """Return the service and the record of a tag; raises ValidationError or ValueError."""
    service, *values = VALUES.validate_json(value)
    return str(service), RECORD.validate_python(dict(zip(FIELDS, values, strict=True)))


class RecordStore:
    """Records and requests in the tags of one stack."""

    def __init__(self, stack: TaggedStack) -> None:
        self.stack = stack

    def read(self) -> RolloutRecords:
        """Return the records; raises DeploymentFailed for a tag that cannot be read."""
        tags = read_tags(self.stack)
        records = dict(self._record(tag, value) for tag, value in sorted(tags.items()) if tag.startswith(TAG_PREFIX))
        try:
            requests = REQUESTS.validate_json(tags.get(REQUESTS_KEY) or "{}")
        except ValidationError:
            raise _unreadable(self.stack.name, REQUESTS_KEY) from None
        return RolloutRecords(records, requests)

    def _record(self, tag: str, value: str) -> tuple[str, RolloutRecord]:
        try:
            return parse_record(value)
        except ValueError:
            raise _unreadable(self.stack.name, tag) from None

    def write(self, service: str, record: RolloutRecord | None) -> None:
        """Store the record of a service; None removes it."""
        tag = tag_of("rollout", service)
        if record is not None:
            set_tag(self.stack, tag, dump_record(service, record))
        elif service in self.read().records:
            remove_tag(self.stack, tag)

    def request(self, service: str, request: Request | None) -> None:
        """Store a request to the process that drives the rollout of a service; None removes it."""
        current = self.read().requests
        others = {name: each for name, each in current.items() if name != service}
        requests = others if request is None else {**others, service: request}
        if requests:
            set_tag(self.stack, REQUESTS_KEY, json.dumps(requests, sort_keys=True))
        elif service in current:
            remove_tag(self.stack, REQUESTS_KEY)


def fingerprint_of(service: Service) -> str:
    """Return the digest of everything in a service's spec that makes a revision: the whole service without its rollout and release."""
    content = service.model_dump(mode="json", exclude={"rollout", "release", "replicas", "autoscaling"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def refuse_rollouts(deployment: "Deployment", command: str) -> None:
    """Raise DeploymentFailed while a rollout has a record: `command` would give the program no position of it."""
    if not deployment.file.spec.services_in_steps:
        return
    with deployment.engine_errors():
        records = RecordStore(deployment.engine).read().records
    for name, record in records.items():
        state = "was aborted" if record.phase in ("aborting", "held") else "is in progress"
        fix = f"complete it with `agent-platform up {deployment.name}`, then run `{command}` again"
        raise DeploymentFailed(Failure.GUARDED, f"the rollout of {name} {state}", fix, stack=deployment.name)


def _unreadable(stack: str, tag: str) -> DeploymentFailed:
    problem = f"the tag {tag} cannot be read"
    fix = f"remove it with `pulumi stack tag rm {tag} --stack {stack}`; without a record the next `up` is a rolling update"
    return DeploymentFailed(Failure.DAMAGED, problem, fix, stack=stack)
