"""Release commands that an update runs or skips, and their records in the tags of a stack."""

from collections.abc import Mapping

import pytest

from automation.deploy.changes import ResourceChange
from automation.deploy.results import Preview
from automation.deploy.tags import MAX_TAG_CHARACTERS, tag_of
from automation.release.due import DueRelease, SkippedRelease, decide
from automation.release.record import (
    MAX_EARLIER,
    ReleaseRecord,
    ReleaseStore,
    release_digest,
)
from components.validation.parse import parse
from providers.contract.resource_traits import PASSWORD_TYPE
from providers.contract.spec import Platform
from tests.automation.event_fixtures import urn_of
from tests.automation.test_rollout_records import FakeTags
from tests.planning import production

TASK = "aws:sfn/stateMachine:StateMachine"
DATABASE = "aws:rds/instance:Instance"
RELEASE: Mapping[str, object] = {"command": ["alembic", "upgrade", "head"]}


def spec_of(image: str = "1", changes: Mapping[str, object] | None = None) -> Platform:
    """Return production with a release command of the gateway."""
    pinned = f"ghcr.io/acme/gateway@sha256:{image * 64}"
    settings = {"services.gateway.release": dict(RELEASE), "services.gateway.image": pinned}
    return parse(production({**settings, **(changes or {})}), "prod")


def digest(image: str = "1") -> str:
    """Return the digest of the command with an image."""
    return release_digest(spec_of(image).services["gateway"])


def preview(task: str = "same", **operations: str) -> Preview:
    """Return a preview with these operations on the task of the gateway, the database and the network."""
    resources = {
        "database": (DATABASE, "prod-database", "Database"),
        "password": (PASSWORD_TYPE, "prod-database-password", "Database"),
        "network": ("aws:ec2/subnet:Subnet", "prod-network-private-a", "Network"),
    }
    changes = [ResourceChange(urn_of(*resources[name]), operation) for name, operation in operations.items()]
    return Preview("prod", (ResourceChange(urn_of(TASK, "prod-jobs-gateway-release", "Jobs"), task), *changes))


def decision(
    record: ReleaseRecord | None, planned: Preview, spec: Platform | None = None
) -> DueRelease | SkippedRelease:
    """Return the decision on the gateway."""
    records = {} if record is None else {"gateway": record}
    (only,) = decide(spec or spec_of(), planned, records, TASK, {DATABASE, PASSWORD_TYPE})
    return only


def done(image: str, *earlier: str) -> ReleaseRecord:
    """Return the record of a success with an image, after successes with earlier ones."""
    return ReleaseRecord(digest(image), done=True, earlier=tuple(digest(each) for each in earlier))


def open_record(image: str, *earlier: str) -> ReleaseRecord:
    """Return the record of a run that has not succeeded."""
    return ReleaseRecord(digest(image), done=False, earlier=tuple(digest(each) for each in earlier))


DUE: Mapping[str, tuple[ReleaseRecord | None, Preview]] = {
    "a first deployment": (None, preview("create", database="create")),
    "a command that is added to a running service": (None, preview("create")),
    "another image": (done("2"), preview("replace")),
    "an image whose command failed": (open_record("1"), preview("same")),
    "an image that was built again, or a new version of a secret": (done("1"), preview("update")),
    "a task that exists no more": (done("1"), preview("create")),
    "a new database": (done("1", "2"), preview("update", database="create")),
    "a database that is replaced": (done("2", "1"), preview("update", database="replace")),
}
SKIPPED: Mapping[str, tuple[ReleaseRecord, Preview]] = {
    "nothing has changed": (done("1"), preview("same")),
    "a setting beside image, command and environment has changed": (done("1"), preview("same", network="update")),
    "a rollback": (done("2", "1"), preview("replace")),
    "a rollback after a failed command": (open_record("2", "1"), preview("replace")),
    "a network that is replaced": (done("1"), preview("update", network="replace")),
    "a password that is replaced": (done("1"), preview("same", password="replace")),
}


@pytest.mark.parametrize("case", DUE)
def test_a_command_runs_for(case: str) -> None:
    record, planned = DUE[case]
    found = decision(record, planned)
    assert isinstance(found, DueRelease)
    assert (found.record.digest, found.record.done) == (digest("1"), False)
    assert found.new_task == (planned.changes[0].operation != "same")


@pytest.mark.parametrize("case", SKIPPED)
def test_a_command_is_skipped_when(case: str) -> None:
    found = decision(*SKIPPED[case])
    assert isinstance(found, SkippedRelease)
    if "rollback" in case:
        assert found.record is not None
        assert (found.record.digest, found.record.done) == (digest("1"), True)


def test_a_new_database_forgets_earlier_successes() -> None:
    found = decision(done("2", "1"), preview("update", database="create"))
    assert isinstance(found, DueRelease) and found.record.earlier == ()


def test_a_service_without_the_database_does_not_depend_on_it() -> None:
    spec = spec_of(changes={"services.gateway.uses": []})
    record = ReleaseRecord(release_digest(spec.services["gateway"]), done=True)
    assert isinstance(decision(record, preview("same", database="create"), spec), SkippedRelease)


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        ({"release.command": ["alembic", "upgrade", "+1"]}, True),
        ({"environment": {"LOG_LEVEL": "debug"}}, True),
        ({"secrets": ["OTHER_KEY", "OS_SECURITY_KEY"]}, True),
        ({"release.timeout_minutes": 90}, False),
        ({"replicas": {"min": 4, "max": 9}}, False),
        ({"size": {"vcpu": 4, "memory_gib": 8}}, False),
        ({"rollout": {"strategy": "rolling"}}, False),
    ],
)
def test_the_digest_is_that_of_image_command_and_environment(change: Mapping[str, object], runs: bool) -> None:
    changed = spec_of(changes={f"services.gateway.{path}": value for path, value in change.items()})
    assert (release_digest(changed.services["gateway"]) != digest("1")) is runs


def test_a_record_is_read_as_it_was_written_and_fits_into_a_tag() -> None:
    stack = FakeTags({"team": "agents"})
    record = ReleaseRecord("0" * 16, done=True)
    for number in range(1, 20):
        record = record.followed_by(f"{number:016x}", done=number % 3 != 0)
    assert len(record.earlier) == MAX_EARLIER
    ReleaseStore(stack).write("gateway", record)
    assert ReleaseStore(stack).read(spec_of().services) == {"gateway": record}
    assert len(stack.tags["release.gateway"]) <= 256
    assert stack.tags["team"] == "agents"


def test_a_tag_that_is_no_record_lets_the_command_run_again() -> None:
    for text in ("", "done", "done xyz", "later 0000000000000000", '{"digest": 1}'):
        assert ReleaseStore(FakeTags({"release.gateway": text})).read(spec_of().services) == {}


def test_the_tags_of_services_with_long_names_fit_and_differ() -> None:
    names = ["a" * 40, "a" * 39 + "b", "gateway"]
    tags = {tag_of("release", name) for name in names}
    assert len(tags) == len(names)
    assert all(len(tag) <= MAX_TAG_CHARACTERS for tag in tags)
