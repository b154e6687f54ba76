"""Rotation, promotion and rollback under the real engine, on a platform of two services.

gateway reads the database's URL and a listed secret, chat neither; on AWS chat uses the cache, whose password can be
made anew there.
"""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import cast

import pytest

from automation import Deployment
from automation.day2 import promote, rollback, rotate
from automation.deploy import DeploymentFailed, Preview
from automation.stack.document import read_stack
from providers.contract.diagnostics import InvalidConfiguration
from tests.engine.conftest import need_engine
from tests.engine.project import STACK, EngineProject
from tests.planning import DROP, SECRET, production

LISTED = "OPENAI_API_KEY"
FRESH = "a value nobody has seen before"
SMALL: Mapping[str, object] = {
    "profile": "development",
    "network": {"zones": 2},
    "ingress": {"waf": False, "domain": "agents.example.com", "dns_zone": "example.com"},
    "services.worker": DROP,
    "services.gateway.uses": ["database"],
    "services.gateway.calls": [],
    "services.chat.uses": [],
    "database": {},
    **{part: DROP for part in ("cache", "storage", "monitoring", "budget", "deployer")},
}
IMAGE = "ghcr.io/acme/gateway@sha256:" + "9" * 64
LATER: Mapping[str, object] = {
    "services__gateway__image": IMAGE,
    "services__gateway__environment": {"LOG_LEVEL": "debug"},
}
UNSEEN = Preview(STACK, ())
"""Instead of a preview that a test has no use for."""


def alone_on(cloud: str) -> pytest.MarkDecorator:
    """What is the same on every cloud is shown on one."""
    mark = pytest.mark.xdist_group(cloud)
    return pytest.mark.parametrize("cloud", [pytest.param(cloud, marks=mark)], indirect=True)


on_aws, on_gcp = alone_on("aws"), alone_on("gcp")


def small(cloud: str, **changes: object) -> dict[str, object]:
    cached: dict[str, object] = {"cache": {}, "services.chat.uses": ["cache"]} if cloud == "aws" else {}
    return production({**SMALL, **cached, **{path.replace("__", "."): value for path, value in changes.items()}}, cloud)


@pytest.fixture(scope="module")
def laid(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """The small platform, up on its cloud; tests take a copy of it."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp(f"small-{cloud}"))
    project.run("stack", "init", STACK, stack=None)
    project.write(small(cloud))
    project.set_missing_secrets()
    project.up()
    return project


@pytest.fixture
def up(laid: EngineProject, tmp_path: Path) -> EngineProject:
    """A copy of the small platform that a test may do anything to."""
    return laid.copy(tmp_path)


def on(project: EngineProject) -> Deployment:
    return Deployment(STACK, project.folder, environment=project.environment)


def changed(project: EngineProject, since: float) -> set[str]:
    """Parts of the services that were made or changed since then, without the stack's name."""
    with sqlite3.connect(project.cloud.folder / "cloud.sqlite") as connection:
        rows = connection.execute(
            "SELECT name FROM calls WHERE verb IN ('create', 'update') AND at > ?", (since,)
        ).fetchall()
    return {name.removeprefix("prod-compute-") for (name,) in rows if name.startswith("prod-compute-")}


def inputs_of(project: EngineProject, name: str) -> str:
    """Inputs of every object whose name begins so, as one text."""
    return "\n".join(thing.inputs for thing in project.cloud.objects() if thing.name.startswith(name))


def password_of(project: EngineProject, component: str) -> str:
    """The password of a room."""
    (password,) = (thing for thing in project.cloud.objects() if thing.name == f"prod-{component}-password")
    return str(json.loads(password.outputs)["result"])


def version(project: EngineProject, name: str) -> str:
    """The version of a stored value that services name."""
    for thing in project.cloud.objects():
        if thing.name in (name, f"{name}-value"):
            outputs = cast("Mapping[str, str | Mapping[str, str]]", json.loads(thing.outputs))
            inner = outputs.get("properties")
            found = (
                inner["secretUriWithVersion"]
                if isinstance(inner, dict)
                else outputs.get("versionId") or outputs.get("version")
            )
            if isinstance(found, str):
                return found
    raise LookupError(name)


def test_a_new_database_password_reaches_the_database_and_restarts_its_users_alone(up: EngineProject) -> None:
    old, old_version, now = password_of(up, "database"), version(up, "prod-database-database-url"), time()
    outcome = rotate(on(up), "database-password", force=True)
    new, new_version = password_of(up, "database"), version(up, "prod-database-database-url")
    assert new != old and new_version != old_version
    assert old not in inputs_of(up, "") and new in inputs_of(up, "prod-database")
    assert new_version in inputs_of(up, "prod-compute-gateway") and old_version not in inputs_of(up, "")
    assert changed(up, now) - {"gateway-task"} == {"gateway"}
    assert [change.name for change in outcome.changes if change.operation == "replace" and "password" in change.name]


@on_gcp
def test_a_listed_secret_gets_the_value_handed_in_and_its_readers_start_anew(
    up: EngineProject, cloud: str, capfd: pytest.CaptureFixture[str]
) -> None:
    now = time()
    rotate(on(up), LISTED, FRESH)
    assert FRESH in inputs_of(up, f"prod-secrets-{LISTED}") and SECRET not in inputs_of(up, "")
    assert changed(up, now) == {"gateway"}
    assert FRESH not in (up.folder / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8") + str(capfd.readouterr())


@on_gcp
def test_a_rotation_takes_no_other_change_along(up: EngineProject, cloud: str) -> None:
    up.write(small(cloud, services__chat__environment={"LOG_LEVEL": "debug"}))
    file = up.folder / f"Pulumi.{STACK}.yaml"
    before = file.read_text(encoding="utf-8")
    with pytest.raises(DeploymentFailed, match=r"do not belong to the rotation \(prod-compute-chat\)"):
        rotate(on(up), LISTED, FRESH)
    assert file.read_text(encoding="utf-8") == before
    assert SECRET in inputs_of(up, f"prod-secrets-{LISTED}")


@on_gcp
def test_a_database_password_is_not_made_anew_before_the_cloud_takes_it(up: EngineProject, cloud: str) -> None:
    with pytest.raises(DeploymentFailed, match="less than 24 hours ago"):
        rotate(on(up), "database-password")


@on_aws
def test_the_first_password_of_the_cache_opens_nothing_any_more(up: EngineProject, cloud: str) -> None:
    now = time()
    rotate(on(up), "cache-password")
    # ElastiCache keeps the one before beside the new one, so it takes two to drive the first one out
    assert [name for _, name in up.cloud.calls("update")].count("prod-cache") == 2
    assert password_of(up, "cache") in inputs_of(up, "prod-cache")
    assert changed(up, now) == {"chat", "chat-task"}


@on_gcp
def test_a_rollback_brings_an_earlier_configuration_back_and_leaves_secrets_alone(
    up: EngineProject, cloud: str
) -> None:
    file = up.folder / f"Pulumi.{STACK}.yaml"
    first = read_stack(up.folder, STACK).config
    up.write(small(cloud, **LATER))
    up.up()
    sealed = [line for line in file.read_text(encoding="utf-8").splitlines() if "secure:" in line]
    assert IMAGE.partition("@")[2] in inputs_of(up, "prod-compute-gateway")
    with pytest.raises(InvalidConfiguration, match="successful: 1 and 2"):
        rollback(on(up), to=7)
    proposal = rollback(on(up))
    proposal.write()
    on(up).up(preview=UNSEEN)
    assert read_stack(up.folder, STACK).config == first
    assert IMAGE.partition("@")[2] not in inputs_of(up, "prod-compute-gateway")
    assert [line for line in file.read_text(encoding="utf-8").splitlines() if "secure:" in line] == sealed


@on_gcp
def test_what_is_promoted_ran_and_does_not_only_stand_in_the_file(up: EngineProject, cloud: str) -> None:
    ran = read_stack(up.folder, STACK).spec.services["gateway"].image
    up.write(small(cloud, services__gateway__image=IMAGE))
    up.write(small(cloud, services__gateway__image="ghcr.io/acme/gateway:1.0"), "next")
    proposal = promote(STACK, "next", up.folder, environment=up.environment)
    proposal.write()
    assert read_stack(up.folder, "next").spec.services["gateway"].image == ran != IMAGE


def test_the_history_is_told_to_its_beginning(project: EngineProject) -> None:
    project.init("gcp", SMALL)
    written = project.folder.parent / "backend" / ".pulumi" / "history" / "agent-platform" / STACK
    written.mkdir(parents=True)
    entry: dict[str, object] = {
        "kind": "update",
        "startTime": 1,
        "endTime": 2,
        "message": "",
        "environment": {},
        "config": {},
        "result": "succeeded",
    }
    for number in range(12):
        (written / f"{STACK}-{number:03}.history.json").write_text(json.dumps(entry), encoding="utf-8")
    assert [update.version for update in on(project).history()] == list(range(12, 0, -1))
