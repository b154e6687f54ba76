"""Objects that the state of a stack lacks, with a fake engine, a constructed preview and a constructed host."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from pulumi.automation import EngineEvent

from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed, Failure
from automation.recover import adoption
from automation.recover.adoption import Adoption
from automation.recover.importer import ImportResult
from automation.recover.match import Match
from automation.recover.missing_resources import MissingResource, RelatedResource
from automation.urn import Urn
from providers.contract.preflight import Environment, HostChecks, HostObject, HostUnreachable
from providers.docker.resource_traits import CONTAINER, VOLUME
from tests.automation.event_fixtures import urn_of
from tests.planning import ROOT

STACK = "local"
DATA, CACHE = "local-database-data", "local-cache-data"
SERVER = HostObject("container", "local-database-server-1a2b3c4", "c1")


def volume(name: str) -> HostObject:
    return HostObject("volume", name, name, has_data=True)


KEPT = volume(f"{DATA}-1a2b3c4")


class Adopted:
    """Adoption whose preview would create the volumes of database and cache; records notes and imports."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.notes: list[str] = []
        self.imported: list[tuple[str, str]] = []
        self.previews = 0
        self.rejects = False
        self.removed: list[str] = []
        self.state_ids: list[str] = []
        """Ids in the state when it is read again."""
        self.remove_reason = ""
        self.deployment = Deployment(STACK, folder)
        engine = type("Engine", (), {"preview": self.preview, "export_state": self.state})()
        monkeypatch.setattr(Deployment, "engine", engine)
        monkeypatch.setattr(Deployment, "preview", self.preview)
        missing = [MissingResource(Urn(urn_of(VOLUME, name)), "", "") for name in (DATA, CACHE)]
        missing.append(MissingResource(Urn(urn_of(CONTAINER, "local-database-server")), "", ""))

        def planned_creations(_events: Sequence[EngineEvent]) -> tuple[MissingResource, ...]:
            return tuple(missing)

        monkeypatch.setattr(adoption, "planned_creations", planned_creations)
        monkeypatch.setattr(adoption, "import_matches", self.import_matches)

    def state(self) -> Mapping[str, object]:
        resources = [{"type": CONTAINER, "urn": urn_of(CONTAINER, each), "id": each} for each in self.state_ids]
        return {"deployment": {"resources": resources}}

    def remove(self, found: HostObject, _environment: Environment) -> str:
        if not self.remove_reason:
            self.removed.append(found.name)
        return self.remove_reason

    def preview(self, *, on_event: Callable[[EngineEvent], object] | None = None) -> None:
        self.previews += 1

    def import_matches(
        self, _stack: object, matches: Sequence[Match], _related: Mapping[str, RelatedResource], _message: str
    ) -> ImportResult:
        if self.rejects:
            return ImportResult(rejected=tuple(matches), output=f"error: {matches[0].missing.urn.name} is odd")
        self.imported += [(match.missing.urn.name, match.identity) for match in matches]
        return ImportResult(imported=tuple(matches))

    def adopt(self, *found: HostObject, known: Sequence[str] = ()) -> None:
        def find(_stack: str, _environment: Environment) -> Sequence[HostObject]:
            return found

        Adoption(self.deployment, self.notes.append, HostChecks(find=find, remove=self.remove)).adopt(known)


@pytest.fixture
def adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adopted:
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    return Adopted(tmp_path, monkeypatch)


def test_a_volume_of_a_lost_state_is_imported_and_named(adopted: Adopted) -> None:
    adopted.adopt(KEPT, volume("local-backup-exchange-1a2b3c4"))
    assert adopted.imported == [(DATA, KEPT.name)]
    assert adopted.notes == [
        f"volume {KEPT.name} is not in the state; the update uses it with its data instead of an empty one"
    ]


def test_a_volume_in_the_state_needs_no_preview(adopted: Adopted) -> None:
    adopted.adopt(SERVER, KEPT, known=[SERVER.id, KEPT.id])
    adopted.adopt()
    assert (adopted.previews, adopted.notes, adopted.imported) == (0, [], [])


def test_two_volumes_of_one_resource_are_refused_with_the_command_that_decides(adopted: Adopted) -> None:
    with pytest.raises(DeploymentFailed) as failed:
        adopted.adopt(KEPT, volume(f"{DATA}-2b3c4d5"))
    assert failed.value.kind is Failure.GUARDED
    assert str(failed.value) == (
        f"local: {DATA}-1a2b3c4 and {DATA}-2b3c4d5 may each be {DATA}, and the state has none of them. Keep the one with your "
        f"data, and delete the others: `docker volume rm {DATA}-2b3c4d5`."
    )
    assert adopted.imported == []


def test_a_host_that_runs_the_stack_without_its_state_is_refused_before_a_preview(adopted: Adopted) -> None:
    with pytest.raises(DeploymentFailed) as failed:
        adopted.adopt(SERVER, KEPT)
    assert str(failed.value) == (
        "local: the state has no containers, and this host has those of an earlier state: local-database-server-1a2b3c4. "
        "Restore the state, or run `agent-platform destroy local --force-by-label`, which removes them and keeps the volumes; "
        "`agent-platform up local` then uses these with their data."
    )
    assert adopted.previews == 0


LEFT = (HostObject("container", "local-compute-web-1-2b3c4d5", "c2"), HostObject("network", "local-data-2b3c4d5", "n2"))


def test_what_an_update_without_an_end_has_left_is_removed_and_named(adopted: Adopted) -> None:
    adopted.adopt(SERVER, *LEFT, known=[SERVER.id])
    assert adopted.removed == [each.name for each in LEFT]
    assert adopted.notes == [
        "container local-compute-web-1-2b3c4d5 is not in the state, as the update that created it did not end; removed",
        "network local-data-2b3c4d5 is not in the state, as the update that created it did not end; removed",
    ]


def test_a_first_update_without_an_end_is_no_lost_state(adopted: Adopted) -> None:
    network = HostObject("network", "local-web-1a2b3c4", "n1")
    adopted.adopt(LEFT[0], network, known=[network.id])
    assert adopted.removed == [LEFT[0].name]


def test_what_another_update_has_recorded_meanwhile_is_kept(adopted: Adopted) -> None:
    adopted.state_ids = [LEFT[0].id]
    adopted.adopt(SERVER, LEFT[0], known=[SERVER.id])
    assert (adopted.removed, adopted.notes) == ([], [])


def test_nothing_is_removed_while_another_update_runs(adopted: Adopted, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_deployment: Deployment) -> None:
        raise DeploymentFailed(Failure.LOCKED, "another update is in progress")

    monkeypatch.setattr(Deployment, "refuse_locked", locked)
    with pytest.raises(DeploymentFailed, match="another update is in progress"):
        adopted.adopt(SERVER, LEFT[0], known=[SERVER.id])
    assert adopted.removed == []


def test_what_may_be_of_a_stack_in_another_backend_is_named_and_kept(adopted: Adopted) -> None:
    other = HostObject("container", "local-compute-web-1-2b3c4d5", "c2", unlabelled=True)
    adopted.adopt(SERVER, other, known=[SERVER.id])
    assert adopted.removed == []
    assert adopted.notes == [
        "container local-compute-web-1-2b3c4d5 is not in the state; `agent-platform recover local` adds what the stack needs"
    ]


def test_an_object_that_cannot_be_removed_stops_the_update(adopted: Adopted) -> None:
    adopted.remove_reason = "network has active endpoints"
    with pytest.raises(DeploymentFailed) as failed:
        adopted.adopt(SERVER, LEFT[1], known=[SERVER.id])
    assert str(failed.value) == (
        "local: network local-data-2b3c4d5 is not in the state and cannot be removed: network has active endpoints. End what "
        "uses it, and run `agent-platform up local` again."
    )


def test_a_volume_that_cannot_be_imported_stops_the_update(adopted: Adopted) -> None:
    adopted.rejects = True
    with pytest.raises(DeploymentFailed, match=f"could not import {KEPT.name}"):
        adopted.adopt(KEPT)


def test_a_cloud_and_a_host_without_an_answer_adopt_nothing(adopted: Adopted) -> None:
    def find(_stack: str, _environment: Environment) -> Sequence[HostObject]:
        raise HostUnreachable("the socket does not exist")

    for checks in (HostChecks(), HostChecks(find=find)):
        Adoption(adopted.deployment, adopted.notes.append, checks).adopt(())
    assert (adopted.previews, adopted.notes) == (0, [])
