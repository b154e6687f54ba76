"""Removal of a Docker stack: what is kept, what the state does not have, and removal by labels, with a fake engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.host_removal import HostRemoval
from automation.local.state import LocalState
from providers import AVAILABLE, resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.preflight import Environment, HostChecks, HostObject, HostUnreachable
from providers.docker.ownership import owner_of_state
from providers.docker.resource_traits import CONTAINER, VOLUME
from tests.automation.event_fixtures import urn_of
from tests.automation.fake_engine import FakeEngine
from tests.planning import ROOT

STACK = "local"
SERVER, PASSWORD, DATA = "local-database-server", "local-database-password", "local-database-data"
TYPES = {SERVER: CONTAINER, PASSWORD: "random:index/randomPassword:RandomPassword", DATA: VOLUME}
OBJECTS = (
    HostObject("container", f"{SERVER}-1a2b3c4", "c1"),
    HostObject("network", "local-network-data-1a2b3c4", "n1"),
    HostObject("volume", f"{DATA}-1a2b3c4", f"{DATA}-1a2b3c4", has_data=True),
)


@dataclass
class FakeHost:
    """Host with labelled objects; what is in `stuck` cannot be removed."""

    objects: Sequence[HostObject] = OBJECTS
    stuck: str = ""
    unreachable: bool = False
    removed: list[str] = field(default_factory=list[str])

    @property
    def checks(self) -> HostChecks:
        return HostChecks(find=self.find, remove=self.remove)

    def find(self, _stack: str, _environment: Environment) -> Sequence[HostObject]:
        if self.unreachable:
            raise HostUnreachable("the socket does not exist")
        return [each for each in self.objects if each.id not in self.removed]

    def remove(self, found: HostObject, _environment: Environment) -> str:
        if found.id == self.stuck:
            return "it has active endpoints"
        self.removed.append(found.id)
        return ""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Engine with a deployed stack, in a project folder."""
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml", "Pulumi.prod.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    engine = FakeEngine.install(tmp_path, monkeypatch)
    protected = {DATA: True}
    engine.add(
        STACK,
        [
            {
                "urn": urn_of(type_, name),
                "type": type_,
                "id": name,
                "custom": True,
                "protect": protected.get(name, False),
            }
            for name, type_ in TYPES.items()
        ],
    )
    return engine


def deployment(engine: FakeEngine, stack: str = STACK, name: str | None = None) -> Deployment:
    return Deployment(stack, engine.home.parent, name=name)


def test_a_deletion_that_keeps_data_leaves_volumes_and_passwords(engine: FakeEngine) -> None:
    preview = deployment(engine).preview_destroy(keep_data=True)
    assert [change.name for change in preview.changes] == [SERVER]


def test_a_deletion_of_the_data_too_refuses_a_protected_volume(engine: FakeEngine) -> None:
    with pytest.raises(DeploymentFailed) as refused:
        deployment(engine).preview_destroy()
    assert (refused.value.kind, DATA in str(refused.value)) == (Failure.PROTECTED, True)
    names = {change.name for change in deployment(engine).preview_destroy([DATA]).changes}
    assert names == {SERVER, PASSWORD, DATA}


def test_a_stack_with_nothing_but_kept_data_is_not_deleted_by_the_engine(engine: FakeEngine) -> None:
    engine.add(STACK, [{"urn": urn_of(VOLUME, DATA), "type": VOLUME, "id": DATA, "custom": True}])
    assert deployment(engine).destroy(keep_data=True).changes == ()
    assert engine.calls_of("destroy") == []


def test_docker_alone_keeps_data(engine: FakeEngine) -> None:
    assert HostRemoval(deployment(engine), print).keeps_data
    assert not HostRemoval(deployment(engine, name="pr-7"), print).keeps_data
    assert not HostRemoval(deployment(engine, "prod"), print).keeps_data
    assert {cloud for cloud in AVAILABLE if resource_traits(cloud).kept} == {"docker"}


@pytest.mark.parametrize("option", ["--volumes", "--force-by-label"])
def test_a_cloud_refuses_the_options_of_a_host(engine: FakeEngine, option: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        HostRemoval(deployment(engine, "prod"), print).require_host(option)
    assert str(refused.value.diagnostics[0]).startswith(f"{option}: not supported on aws: it has no volumes")
    HostRemoval(deployment(engine), print).require_host(option)


def test_containers_that_the_state_does_not_have_are_reported_and_kept(engine: FakeEngine) -> None:
    host = FakeHost()
    with pytest.raises(DeploymentFailed) as refused:
        HostRemoval(deployment(engine), print, host.checks).refuse_unknown()
    assert str(refused.value) == (
        f"local: the state has nothing to delete, and this host has containers of the stack: {SERVER}-1a2b3c4. Run "
        "`agent-platform destroy local --force-by-label`, which removes them without the state, or log in to the backend "
        "that has the stack."
    )
    assert host.removed == []


def test_a_host_that_does_not_answer_is_no_proof_of_absence(engine: FakeEngine) -> None:
    with pytest.raises(DeploymentFailed) as refused:
        HostRemoval(deployment(engine), print, FakeHost(unreachable=True).checks).refuse_unknown()
    assert "the host does not list the objects of the stack: the socket does not exist. Nothing was removed" in str(
        refused.value
    )


def test_the_host_lists_the_objects_of_this_checkout(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setenv("HOME", str(engine.home))
    folder = engine.home.parent
    environment = HostRemoval(deployment(engine), print).environment
    assert owner_of_state(STACK, environment).checkouts == {str(folder)}
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://acme-state")
    assert owner_of_state(STACK, HostRemoval(deployment(engine), print).environment).checkouts == frozenset()


def test_objects_that_may_be_of_another_checkout_are_named_before_their_removal(engine: FakeEngine) -> None:
    notes = list[str]()
    removal = HostRemoval(deployment(engine), notes.append, FakeHost().checks)
    removal.report_unlabelled(OBJECTS)
    assert notes == []
    removal.report_unlabelled([*OBJECTS, HostObject("container", "old-1", "c9", unlabelled=True)])
    assert notes == [
        "without the label of a checkout, so created before releases set one, or by a stack local whose state is in another "
        "backend: old-1"
    ]


def test_volumes_are_removed_by_label_only_on_request(engine: FakeEngine) -> None:
    notes, host = list[str](), FakeHost()
    removal = HostRemoval(deployment(engine), notes.append, host.checks)
    removal.remove(removal.labelled(volumes=False))
    removal.finish_without_state(volumes=False)
    assert host.removed == ["c1", "n1"]
    assert notes[-1] == (
        f"kept with their data: {DATA}-1a2b3c4. `agent-platform destroy local --force-by-label --volumes` removes them"
    )
    removal.remove(removal.labelled(volumes=True))
    assert host.removed == ["c1", "n1", f"{DATA}-1a2b3c4"]


def test_what_cannot_be_removed_is_reported_after_the_rest(engine: FakeEngine) -> None:
    notes, host = list[str](), FakeHost(stuck="n1")
    removal = HostRemoval(deployment(engine), notes.append, host.checks)
    with pytest.raises(DeploymentFailed) as failed:
        removal.remove(removal.labelled(volumes=True))
    assert "could not remove network local-network-data-1a2b3c4 (it has active endpoints)" in str(failed.value)
    assert host.removed == ["c1", f"{DATA}-1a2b3c4"]


def test_kept_volumes_are_printed_with_the_commands_that_use_and_delete_them(engine: FakeEngine) -> None:
    notes = list[str]()
    HostRemoval(deployment(engine), notes.append, FakeHost().checks).report_kept()
    assert notes == [
        f"kept with their data: {DATA}. The state keeps their passwords: `agent-platform up local` uses them again, "
        "`agent-platform destroy local --volumes` deletes them."
    ]


def test_a_state_whose_passphrase_is_lost_is_moved_and_not_deleted(tmp_path: Path) -> None:
    state = LocalState(tmp_path)
    state.create()
    stacks = state.folder / "state" / ".pulumi" / "stacks" / "agent-platform"
    stacks.mkdir(parents=True)
    (stacks / "local.json").write_text("{}", encoding="utf-8")
    state.passphrase.unlink()
    assert state.is_locked_out
    moved = state.set_aside(datetime(2026, 11, 28, 9, 0, 0, tzinfo=UTC))
    assert (moved / ".pulumi" / "stacks" / "agent-platform" / "local.json").is_file()
    assert (state.stacks, state.is_locked_out) == ((), False)
    state.create()
    assert state.passphrase.is_file()
