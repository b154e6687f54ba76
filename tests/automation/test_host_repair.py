"""Repair of a stack whose objects were stopped or deleted on their host, with a fake engine and constructed checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from automation.deploy.changes import ResourceChange
from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import OnEvent
from automation.deploy.host_repair import HostRepair
from automation.deploy.results import Preview
from automation.urn import Urn
from providers.contract.cli import DeployedResource
from providers.contract.preflight import Deviation, Environment, HostChecks, HostObject, HostUnreachable
from providers.docker.resource_traits import CONTAINER, VOLUME
from tests.automation.event_fixtures import urn_of
from tests.automation.fake_engine import FakeEngine
from tests.planning import ROOT

STACK = "local"
SERVER, CACHE, DATA = "local-database-server", "local-cache-server", "local-database-data"
TYPES = {SERVER: CONTAINER, CACHE: CONTAINER, DATA: VOLUME}


@dataclass
class FakeHost:
    """Host with these deviations by resource name, which cannot start `stuck`; records what was asked of it."""

    deviations: Mapping[str, tuple[str, bool]]
    stuck: str = ""
    """Object that can be neither started nor removed."""
    incomplete: str = ""
    """Object whose creation failed."""
    removed: list[str] = field(default_factory=list[str])
    unreachable: bool = False
    started: list[str] = field(default_factory=list[str])
    compared: list[str] = field(default_factory=list[str])

    @property
    def checks(self) -> HostChecks:
        return HostChecks(compare=self.compare, start=self.start, remove=self.remove)

    def compare(self, resources: Sequence[DeployedResource], _environment: Environment) -> Sequence[Deviation]:
        if self.unreachable:
            raise HostUnreachable("only Docker's own client can connect")
        self.compared += [each.name for each in resources]
        return [
            replace(
                Deviation(each, f"object {each.name}-1a2b3c4", *self.deviations[each.name]),
                incomplete=each.name == self.incomplete,
            )
            for each in resources
            if each.name in self.deviations
        ]

    def remove(self, found: HostObject, _environment: Environment) -> str:
        self.removed.append(str(found))
        return "it is in use" if found.id == self.stuck else ""

    def start(self, deviation: Deviation, _environment: Environment) -> str:
        self.started.append(deviation.resource.name)
        return "port is already allocated" if deviation.resource.name == self.stuck else ""


@dataclass
class Repaired:
    """Deployment with its engine, the notes of the repair and the targets of refreshes."""

    deployment: Deployment
    engine: FakeEngine
    notes: list[str] = field(default_factory=list[str])
    targets: list[Sequence[str]] = field(default_factory=list[Sequence[str]])

    def repair(self, host: FakeHost) -> HostRepair:
        return HostRepair(self.deployment, self.notes.append, host.checks)


@pytest.fixture
def repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repaired:
    """Deployed stack with two containers and a volume."""
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    engine = FakeEngine.install(tmp_path, monkeypatch)
    resources = [
        {"urn": urn_of(type_, name), "type": type_, "id": name, "custom": True} for name, type_ in TYPES.items()
    ]
    engine.add(
        STACK, [*resources, {"urn": urn_of("agent-platform:index:Region", "local"), "type": "x", "custom": False}]
    )
    result = Repaired(Deployment(STACK, tmp_path), engine)

    def refresh(_deployment: Deployment, _on_event: OnEvent | None = None, targets: Sequence[str] = ()) -> None:
        result.targets.append(targets)

    monkeypatch.setattr(Deployment, "refresh", refresh)
    return result


def preview(*names: str, operation: str = "replace") -> Preview:
    """Preview that replaces these resources, or changes them by another operation."""
    return Preview(
        STACK, tuple(ResourceChange(Urn(urn_of(TYPES[name], name)), operation, managed=True) for name in names)
    )


def test_exactly_what_no_longer_exists_is_refreshed_and_named(repaired: Repaired) -> None:
    host = FakeHost({CACHE: ("no longer exists", True), DATA: ("no longer exists", True)})
    repaired.repair(host).refresh_missing()
    assert repaired.targets == [[urn_of(CONTAINER, CACHE), urn_of(VOLUME, DATA)]]
    assert repaired.notes == [
        f"object {CACHE}-1a2b3c4 no longer exists; the update creates it again",
        f"object {DATA}-1a2b3c4 no longer exists; the update creates it again empty, without the data of the database, "
        "the cache, the object store or Prometheus",
    ]
    assert host.compared == [*TYPES]


def test_an_object_whose_creation_failed_is_removed_before_the_update_creates_it_again(repaired: Repaired) -> None:
    host = FakeHost({CACHE: ("was not completed", True)}, incomplete=CACHE)
    repaired.repair(host).refresh_missing()
    assert host.removed == [f"object {CACHE}-1a2b3c4"]
    assert repaired.targets == [[urn_of(CONTAINER, CACHE)]]
    assert repaired.notes == [f"object {CACHE}-1a2b3c4 was not completed; the update creates it again"]
    with pytest.raises(DeploymentFailed) as failed:
        repaired.repair(FakeHost(host.deviations, CACHE, incomplete=CACHE)).refresh_missing()
    assert str(failed.value) == (
        f"local: object {CACHE}-1a2b3c4 was not completed and cannot be removed: it is in use. Remove it with `docker rm "
        f"--force {CACHE}-1a2b3c4`, and run `agent-platform up local` again."
    )


def test_a_stack_as_the_host_has_it_is_not_refreshed(repaired: Repaired) -> None:
    repair = repaired.repair(FakeHost({}))
    repair.refresh_missing()
    repair.start_stopped(preview())
    assert (repaired.targets, repaired.notes) == ([], [])


def test_what_was_stopped_is_started_after_the_preview(repaired: Repaired) -> None:
    host = FakeHost({SERVER: ("was stopped (exit code 137)", False)})
    repair = repaired.repair(host)
    repair.refresh_missing()
    assert (host.started, repaired.targets) == ([], [])
    repair.start_stopped(preview())
    assert host.started == [SERVER]
    assert repaired.notes == [f"object {SERVER}-1a2b3c4 was stopped (exit code 137); started"]


@pytest.mark.parametrize(
    ("operation", "effect"),
    [("replace", "the update replaces it"), ("delete", "the update deletes it"), ("update", "started")],
)
def test_a_stopped_container_is_started_unless_the_update_ends_it(
    repaired: Repaired, operation: str, effect: str
) -> None:
    host = FakeHost({SERVER: ("was stopped", False)})
    repair = repaired.repair(host)
    repair.refresh_missing()
    repair.start_stopped(preview(SERVER, operation=operation))
    assert repaired.notes == [f"object {SERVER}-1a2b3c4 was stopped; {effect}"]
    assert host.started == ([SERVER] if effect == "started" else [])


def test_a_container_that_cannot_be_started_is_reported_with_the_reason_and_the_fix(repaired: Repaired) -> None:
    repair = repaired.repair(FakeHost({SERVER: ("was stopped", False)}, stuck=SERVER))
    repair.refresh_missing()
    with pytest.raises(DeploymentFailed) as failed:
        repair.start_stopped(preview())
    assert str(failed.value) == (
        f"local: object {SERVER}-1a2b3c4 was stopped and cannot be started: port is already allocated. Remove it with "
        f"`docker rm --force {SERVER}-1a2b3c4`, and run `agent-platform up local` again."
    )


def test_a_host_that_cannot_be_queried_does_not_stop_the_update(repaired: Repaired) -> None:
    repair = repaired.repair(FakeHost({}, unreachable=True))
    repair.refresh_missing()
    repair.start_stopped(preview())
    assert repaired.notes == ["not compared with the host: only Docker's own client can connect"]


def test_a_stack_that_does_not_exist_has_nothing_to_compare(repaired: Repaired) -> None:
    (repaired.engine.home / "stacks" / STACK).unlink()
    host = FakeHost({CACHE: ("no longer exists", True)})
    repaired.repair(host).refresh_missing()
    assert (host.compared, repaired.targets) == ([], [])


def test_the_state_of_a_cloud_is_not_even_read(repaired: Repaired) -> None:
    HostRepair(repaired.deployment, repaired.notes.append, HostChecks()).refresh_missing()
    assert repaired.engine.calls == []
