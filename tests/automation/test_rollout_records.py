"""Records of rollouts in the tags of a stack, and the positions that the program declares for them."""

import json
from dataclasses import replace

import pytest

from automation.deploy.errors import DeploymentFailed
from automation.rollout.record import (
    REQUESTS_KEY,
    RecordPhase,
    RecordStore,
    RolloutRecord,
    RolloutRecords,
    fingerprint_of,
)
from providers.contract.rollout import POSITIONS_KEY, RolloutPosition, positions_of
from providers.contract.spec import Rollout, Service
from tests.automation.scripted_rollout import CANARY, START


class FakeTags:
    """Stack that answers `stack tag` as the engine does."""

    name = "prod"

    def __init__(self, tags: dict[str, str] | None = None) -> None:
        self.tags = dict(tags or {})

    def run_command(self, *arguments: str) -> str:
        match arguments:
            case ("stack", "tag", "ls", "--json"):
                return json.dumps(self.tags)
            case ("stack", "tag", "set", name, value):
                self.tags[name] = value
            case ("stack", "tag", "rm", name):
                del self.tags[name]
            case _:
                raise AssertionError(arguments)
        return ""


def test_a_stack_without_tags_has_no_records() -> None:
    assert RecordStore(FakeTags()).read() == RolloutRecords()


def test_records_and_requests_are_read_as_they_were_written() -> None:
    stack = FakeTags({"team": "agents"})
    RecordStore(stack).write("gateway", START)
    RecordStore(stack).write("page", replace(START, phase="held", reason="error_percent 30 > 10"))
    RecordStore(stack).request("gateway", "pause")
    assert RecordStore(stack).read() == RolloutRecords(
        {"gateway": START, "page": replace(START, phase="held", reason="error_percent 30 > 10")}, {"gateway": "pause"}
    )


def test_the_last_record_and_request_remove_their_tag_and_no_other() -> None:
    stack = FakeTags({"team": "agents"})
    store = RecordStore(stack)
    store.write("gateway", START)
    store.request("gateway", "abort")
    store.write("gateway", None)
    store.request("gateway", None)
    assert stack.tags == {"team": "agents"}
    store.write("gateway", None)  # a repeat has nothing to remove


UNREADABLE = {
    "rollout.gateway": ("{", "[]", "{}", "[7]", '["gateway","unknown","gateway-1","gateway:2","0a","2026",1,""]'),
    REQUESTS_KEY: ("{", "[]", '{"gateway": "unknown"}', '{"gateway": 7}'),
}


@pytest.mark.parametrize(("tag", "value"), [(tag, value) for tag, values in UNREADABLE.items() for value in values])
def test_a_tag_that_is_no_record_is_refused_with_the_command_that_removes_it(tag: str, value: str) -> None:
    with pytest.raises(DeploymentFailed) as refusal:
        RecordStore(FakeTags({tag: value})).read()
    assert refusal.value.fix.startswith(f"remove it with `pulumi stack tag rm {tag} --stack prod`;")


LONGEST = replace(
    START,
    stable="12 x sha256:" + "5" * 64,
    image="registry.example.com/agents/gateway@sha256:" + "6" * 64,
    phase="held",
    step=12,
    reason="error_percent 30 > 10, " * 20 + "é",
)


@pytest.mark.parametrize("service", ["gateway", "a" * 63])
def test_a_record_fits_into_a_tag_of_every_backend_and_keeps_all_but_the_text(service: str) -> None:
    stack = FakeTags()
    RecordStore(stack).write(service, LONGEST)
    ((tag, value),) = stack.tags.items()
    assert len(tag) <= 40
    assert len(value.encode()) <= 256
    assert tag.startswith("rollout.")
    (record,) = RecordStore(stack).read().records.values()
    assert replace(record, image=LONGEST.image, reason=LONGEST.reason) == LONGEST
    assert LONGEST.image.endswith(record.image)
    assert LONGEST.reason.startswith(record.reason)


def test_a_record_of_usual_length_is_stored_whole() -> None:
    stack = FakeTags()
    record = replace(START, image="gateway@sha256:" + "6" * 64, reason="error_percent 30 > 10")
    RecordStore(stack).write("gateway", record)
    assert RecordStore(stack).read().records == {"gateway": record}


@pytest.mark.parametrize(
    ("phase", "step", "position"),
    [
        ("stepping", 0, RolloutPosition("gateway-1", 0)),
        ("stepping", 1, RolloutPosition("gateway-1", 10)),
        ("stepping", 2, RolloutPosition("gateway-1", 50)),
        ("stepping", 3, RolloutPosition("gateway-1", 100)),
        ("stepping", 9, RolloutPosition("gateway-1", 100)),  # the file has fewer steps since
        ("finishing", 3, RolloutPosition("gateway-1", 100, "replacing")),
        ("removing", 3, None),
        ("aborting", 2, RolloutPosition("gateway-1", 0, "held")),
        ("held", 2, RolloutPosition("gateway-1", 0, "held")),
    ],
)
def test_a_record_has_one_position(phase: RecordPhase, step: int, position: RolloutPosition | None) -> None:
    record = replace(START, phase=phase, step=step)
    assert record.position(CANARY) == position
    if position is not None:
        assert positions_of({"gateway": position.dump()}) == {"gateway": position}


def test_a_blue_green_rollout_has_one_step() -> None:
    record: RolloutRecord = replace(START, step=1)
    assert record.position(Rollout(strategy="blue_green")) == RolloutPosition("gateway-1", 100)


@pytest.mark.parametrize("document", [[], {"gateway": 10}, {"gateway": {"stable": "a", "percent": "10"}}])
def test_anything_else_is_no_position(document: object) -> None:
    with pytest.raises(ValueError, match=POSITIONS_KEY):
        positions_of(document)


def test_a_fingerprint_changes_with_everything_that_makes_a_revision_and_with_nothing_else() -> None:
    service = Service(image="gateway:1")
    fingerprint = fingerprint_of(service)
    for same in ({"rollout": CANARY}, {"replicas": service.replicas.model_copy(update={"max": 9})}):
        assert fingerprint_of(service.model_copy(update=same)) == fingerprint
    for other in ({"image": "gateway:2"}, {"environment": {"LEVEL": "debug"}}, {"command": ("serve",)}, {"port": 80}):
        assert fingerprint_of(service.model_copy(update=other)) != fingerprint
