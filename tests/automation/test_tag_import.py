"""`import --tag`: the search of an account, and what the command prints, refuses and writes."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from automation.cli.session import ExitCode
from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed
from automation.plan.inventory import Value
from automation.recover import handmade, importer, missing_resources, tag_import
from automation.recover.handmade import HandmadeImport
from automation.recover.match import Match, ObservedObject
from automation.recover.missing_resources import MissingResource
from automation.recover.tag_import import find_tagged
from automation.recover.tag_match import TaggedObjects, TagMatch, Undecided
from automation.urn import Urn
from providers import import_table
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.tag_search import Tag
from tests.automation.command_line import Run, runner, write_project
from tests.automation.event_fixtures import urn_of
from tests.contract.test_live_audit import ACCOUNTS, LOGINS, FakeAccount
from tests.planning import ROOT, production

BUCKET, DATABASE = "aws:s3/bucket:Bucket", "aws:rds/instance:Instance"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
TAG = Tag("app", "agents")
FILES = "arn:aws:s3:::acme-files"


def missing(token: str, name: str, **inputs: Value) -> MissingResource:
    return MissingResource(Urn(urn_of(token, name)), "", "", inputs)


def answer(*arns: str) -> str:
    return json.dumps({"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": []} for arn in arns]})


def account(cloud: str, answers: Mapping[str, str], login: str = "") -> FakeAccount:
    return FakeAccount({LOGINS[cloud]: login or ACCOUNTS[cloud], **answers})


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """Deployment of the production stack on AWS, whose state has a bucket."""
    resources = [{"type": BUCKET, "urn": urn_of(BUCKET, "prod-logs"), "id": "acme-logs", "inputs": {}, "outputs": {}}]
    state = {"deployment": {"resources": resources}}
    monkeypatch.setattr(Deployment, "engine", type("Engine", (), {"export_state": lambda _: state})())
    return Deployment("prod", ROOT)


def test_both_regions_are_searched_and_what_the_state_has_is_not_imported_again(deployment: Deployment) -> None:
    shell = account("aws", {"us-west-2": answer("arn:aws:s3:::acme-logs"), "us-east-1": answer(FILES)})
    result = find_tagged(deployment, TAG, [missing(BUCKET, "prod-storage")], shell)
    assert [(each.match.missing.urn.name, each.match.identity) for each in result.matches] == [
        ("prod-storage", "acme-files")
    ]
    assert (result.undecided, result.left_out) == ((), ())


def test_an_answer_of_two_searches_is_one_object(deployment: Deployment) -> None:
    shell = account("aws", {"us-west-2": answer(FILES), "us-east-1": answer(FILES)})
    assert len(find_tagged(deployment, TAG, [missing(BUCKET, "prod-storage")], shell).matches) == 1


def test_the_login_of_another_account_is_refused(deployment: Deployment) -> None:
    shell = account("aws", {"get-resources": answer(FILES)}, login="999999999999")
    with pytest.raises(InvalidConfiguration, match=r"aws\.account_id: the login is of 999999999999"):
        find_tagged(deployment, TAG, [missing(BUCKET, "prod-storage")], shell)


def test_a_search_that_fails_imports_nothing(deployment: Deployment) -> None:
    shell = account("aws", {"us-west-2": answer(FILES)})
    with pytest.raises(DeploymentFailed, match="AccessDenied"):
        find_tagged(deployment, TAG, [missing(BUCKET, "prod-storage")], shell)


def test_a_kind_that_the_cluster_does_not_serve_has_no_objects(tmp_path: Path, deployment: Deployment) -> None:
    write_project(tmp_path, "prod", production(cloud="kubernetes"))
    shell = account("kubernetes", {"get deployments": "chat 1/1\n"})
    shell.refusal = 'error: the server doesn\'t have a resource type "clusters"'
    wanted = [
        missing(DEPLOYMENT, "prod-chat", metadata={"name": "chat", "namespace": "agent-platform-prod"}),
        missing("kubernetes:postgresql.cnpg.io/v1:Cluster", "prod-database"),
    ]
    result = find_tagged(Deployment("prod", tmp_path), TAG, wanted, shell)
    assert [each.match.identity for each in result.matches] == ["agent-platform-prod/chat"]


def found(name: str, *, undecided: bool = False) -> TaggedObjects:
    """Return a bucket that is the storage of the stack, and two databases that may be its database."""
    table = import_table("aws")
    files = ObservedObject(table.found_at(f"arn:aws:s3:::{name}"))
    match = Match(missing(BUCKET, "prod-storage"), name, files)
    servers = tuple(
        ObservedObject(table.found_at(f"arn:aws:rds:us-west-2:111122223333:db:{each}")) for each in ("blue", "green")
    )
    groups = (Undecided((missing(DATABASE, "prod-database"),), servers),) if undecided else ()
    return TaggedObjects((TagMatch(match, "by its name"),), groups)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Command line whose previews have no events, and whose imports are recorded as printed lines."""

    def nothing(_: object) -> list[object]:
        return []

    monkeypatch.setattr(importer, "previewed_events", nothing)
    monkeypatch.setattr(missing_resources, "planned_creations", nothing)

    def import_objects(deployment: Deployment, matches: list[Match], _events: object) -> HandmadeImport:
        print("imported", [each.identity for each in matches])
        return HandmadeImport(deployment.name, tuple(matches))

    monkeypatch.setattr(handmade, "import_objects", import_objects)
    return runner(capsys)


def answer_with(monkeypatch: pytest.MonkeyPatch, result: TaggedObjects) -> None:
    def find(_deployment: object, _tag: Tag, _missing: object) -> TaggedObjects:
        return result

    monkeypatch.setattr(tag_import, "find_tagged", find)


def test_what_a_tag_finds_is_imported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, found("acme-files"))
    result = run("import", "prod", "--tag", "app=agents", "--yes")
    assert result.out.splitlines() == [
        "prod-storage (s3:Bucket): acme-files, by its name",
        "imported ['acme-files']",
        "prod: imported 1; run `agent-platform up prod` next",
    ]
    assert result.code == ExitCode.OK


def test_a_dry_run_imports_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, found("acme-files"))
    result = run("import", "prod", "--tag", "app=agents", "--dry-run")
    assert (result.out, result.code) == ("prod-storage (s3:Bucket): acme-files, by its name\n", ExitCode.OK)


def test_nothing_is_imported_while_a_choice_is_left(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, found("acme-files", undecided=True))
    result = run("import", "prod", "--tag", "app=agents", "--yes")
    assert "imported" not in result.out
    assert result.errors[0].startswith("--tag: blue (rds:Instance) or green (rds:Instance) fit prod-database")
    assert result.code == ExitCode.INVALID


@pytest.mark.parametrize(
    ("undecided", "code", "last"),
    [(False, ExitCode.OK, "wrote ids.yaml"), (True, ExitCode.DIFFERENT, "wrote ids.yaml; choices left in it: 1")],
)
def test_the_file_for_an_import_is_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, undecided: bool, code: ExitCode, last: str
) -> None:
    write_project(tmp_path, "prod", production())
    monkeypatch.chdir(tmp_path)
    answer_with(monkeypatch, found("acme-files", undecided=undecided))
    result = run("import", "prod", "--tag", "app=agents", "--write", "ids.yaml")
    assert (result.out.splitlines()[-1], result.code) == (last, code)
    text = (tmp_path / "ids.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) == {"resources": {"s3:Bucket prod-storage": "acme-files"}}


def test_a_tag_without_objects_changes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, TaggedObjects())
    result = run("import", "prod", "--tag", "app=agents", "--yes")
    assert result.out == "prod: no object with the tag app=agents is a resource that the stack lacks\n"
    assert result.code == ExitCode.OK


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), "--from: missing. Name a file with the ids, or use --tag KEY=VALUE."),
        (("--from", "ids.yaml", "--tag", "a=b"), "--tag: conflicts with --from. Remove one of them."),
        (("--from", "ids.yaml", "--write", "x.yaml"), "--write: no effect without --tag. Remove it."),
        (("--tag", "a", "--dry-run"), "--tag: no key and value. Write --tag KEY=VALUE."),
    ],
)
def test_options_that_do_not_go_together_are_refused(run: Run, options: tuple[str, ...], error: str) -> None:
    result = run("import", "prod", *options)
    assert (result.errors, result.code) == ([error], ExitCode.INVALID)
