"""Import of objects that were made by hand: the file, the choice of resources, and a state as before after a refusal."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from automation.deploy.changes import PropertyChange, ResourceChange
from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.results import Preview
from automation.recover import handmade
from automation.recover.handmade import chosen_matches, import_objects, read_import_file
from automation.recover.importer import ImportResult
from automation.recover.match import Match
from automation.recover.missing_resources import MissingResource, RelatedResource
from automation.urn import Urn
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.resource_traits import PASSWORD_TYPE
from tests.automation.event_fixtures import urn_of
from tests.planning import ROOT

BUCKET, DATABASE, ROLE = "aws:s3/bucket:Bucket", "aws:rds/instance:Instance", "aws:iam/role:Role"
MISSING = [
    MissingResource(Urn(urn_of(BUCKET, "prod-storage")), "", ""),
    MissingResource(Urn(urn_of(DATABASE, "prod-database")), "", ""),
    MissingResource(Urn(urn_of(ROLE, "prod-database")), "", ""),
    MissingResource(Urn(urn_of(PASSWORD_TYPE, "prod-password")), "", ""),
]


def test_resources_are_chosen_by_name_or_by_type_and_name() -> None:
    ids = {"prod-storage": "files", "rds:Instance prod-database": "agents"}
    assert [(match.missing.urn.type, match.identity) for match in chosen_matches(ids, MISSING)] == [
        (BUCKET, "files"), (DATABASE, "agents"),
    ]  # fmt: skip


REFUSED = {
    "an unknown name": (
        {"prod-storag": "x"},
        "resources.prod-storag: the next update creates no resource of this name (did you mean prod-storage). "
        "Use a logical name of `agent-platform plan` that is not deployed yet.",
    ),
    "a name of two resources": (
        {"prod-database": "x"},
        "resources.prod-database: 2 resources have this name. "
        'Use "rds:Instance prod-database" or "iam:Role prod-database".',
    ),
    "a generated value": (
        {"prod-password": "x"},
        "resources.prod-password: generated in the state, not an object of the cloud. Remove it.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_name_is_refused(case: str) -> None:
    ids, message = REFUSED[case]
    with pytest.raises(InvalidConfiguration) as refused:
        chosen_matches(ids, MISSING)
    assert str(refused.value) == message


def test_one_object_cannot_be_two_resources() -> None:
    missing = [*MISSING, MissingResource(Urn(urn_of(BUCKET, "prod-logs")), "", "")]
    with pytest.raises(InvalidConfiguration, match="prod-storage and prod-logs have the same id"):
        chosen_matches({"prod-storage": "files", "prod-logs": "files"}, missing)


@pytest.mark.parametrize("text", ["resources: {}", "ids: {a: b}", "resources: [a]", "resources: {a: b}\nother: 1"])
def test_a_file_without_resources_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "ids.yaml").write_text(text)
    with pytest.raises(InvalidConfiguration, match=r"ids\.yaml: not a file of resources with their ids"):
        read_import_file(tmp_path / "ids.yaml")


def test_an_id_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ids.yaml").write_text("resources: {a: 1, b: '', c: sg-1}")
    with pytest.raises(InvalidConfiguration) as refused:
        read_import_file(tmp_path / "ids.yaml")
    assert [each.key for each in refused.value.diagnostics] == ["resources.a", "resources.b"]


class Imported:
    """Deployment of the production stack whose engine and preview are scripted; records the commands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, changes: Sequence[ResourceChange], imports: int = 2) -> None:
        self.commands: list[tuple[str, ...]] = []
        self.imports, self.changes = imports, tuple(changes)
        self.deployment = Deployment("prod", ROOT)
        self.matches = chosen_matches({"prod-storage": "files", "rds:Instance prod-database": "agents"}, MISSING)
        monkeypatch.setattr(Deployment, "engine", type("Engine", (), {"run_command": self.run_command})())
        monkeypatch.setattr(self.deployment, "preview", self.preview)
        monkeypatch.setattr(self.deployment, "refuse_locked", self.preview)
        monkeypatch.setattr(handmade, "import_matches", self.import_matches)

    def preview(self) -> Preview:
        return Preview("prod", self.changes)

    def run_command(self, *arguments: str) -> str:
        self.commands.append(arguments)
        return ""

    def import_matches(
        self, _stack: object, matches: Sequence[Match], _related: Mapping[str, RelatedResource], _message: str
    ) -> ImportResult:
        imported = tuple(matches[: self.imports])
        return ImportResult(imported=imported, absent=tuple(matches[self.imports :]))

    @property
    def removed(self) -> list[str]:
        return [Urn(command[2]).name for command in self.commands if command[:2] == ("state", "delete")]


def change(token: str, name: str, operation: str, path: str) -> ResourceChange:
    return ResourceChange(Urn(urn_of(token, name)), operation, (PropertyChange(path, 1, 2, operation == "replace"),))


def test_changes_of_imported_objects_are_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = [change(DATABASE, "prod-database", "update", "tags"), change(ROLE, "prod-other", "create", "name")]
    imported = Imported(monkeypatch, changes)
    result = import_objects(imported.deployment, imported.matches, [])
    assert ([each.name for each in result.changes], imported.removed) == (["prod-database"], [])


def test_a_replacement_removes_every_imported_object_from_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = Imported(monkeypatch, [change(DATABASE, "prod-database", "replace", "engine")])
    with pytest.raises(DeploymentFailed) as failed:
        import_objects(imported.deployment, imported.matches, [])
    assert failed.value.kind is Failure.GUARDED
    assert "would replace prod-database (rds:Instance) (because of engine)" in str(failed.value)
    assert imported.removed == ["prod-database", "prod-storage"]


def test_an_absent_object_removes_the_others_from_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = Imported(monkeypatch, [], imports=1)
    with pytest.raises(DeploymentFailed, match="cannot be imported with the id agents: it does not exist"):
        import_objects(imported.deployment, imported.matches, [])
    assert imported.removed == ["prod-storage"]
