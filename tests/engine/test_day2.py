"""Rotation, promotion and rollback with the real engine, on a platform with two services.

`gateway` reads the database URL and a listed secret, `chat` reads neither; on AWS `chat` uses the cache, whose password
can be rotated there.
"""

import json
import sqlite3
from collections.abc import Mapping
from time import time
from typing import cast

import pytest

from automation import Deployment
from automation.day2 import promote, rollback, rotate
from automation.deploy import DeploymentFailed, Preview
from automation.stack.document import read_stack
from providers.contract.diagnostics import InvalidConfiguration
from tests.engine.project import LISTED_SECRET, SMALL, STACK, EngineProject, small_platform
from tests.planning import SECRET

NEW_VALUE = "a value that was never set before"
IMAGE = "ghcr.io/acme/gateway@sha256:" + "9" * 64
CHANGES: Mapping[str, object] = {
    "services__gateway__image": IMAGE,
    "services__gateway__environment": {"LOG_LEVEL": "debug"},
}
EMPTY_PREVIEW = Preview(STACK, ())
"""Skips the preview before an update."""


def only_on(cloud: str) -> pytest.MarkDecorator:
    """Mark a test of behaviour that is the same on every cloud."""
    mark = pytest.mark.xdist_group(cloud)
    return pytest.mark.parametrize("cloud", [pytest.param(cloud, marks=mark)], indirect=True)


on_aws, on_gcp = only_on("aws"), only_on("gcp")


def deployment_of(project: EngineProject) -> Deployment:
    return Deployment(STACK, project.folder, environment=project.environment)


def changed_parts(project: EngineProject, since: float) -> set[str]:
    """Return the resources of the services that were created or updated since a time, without the stack name."""
    with sqlite3.connect(project.cloud.folder / "cloud.sqlite") as connection:
        rows = connection.execute(
            "SELECT name FROM calls WHERE verb IN ('create', 'update') AND at > ?", (since,)
        ).fetchall()
    return {name.removeprefix("prod-compute-") for (name,) in rows if name.startswith("prod-compute-")}


def inputs_of(project: EngineProject, name: str) -> str:
    """Return the inputs of every object whose name has a prefix, as one text."""
    return "\n".join(item.inputs for item in project.cloud.objects() if item.name.startswith(name))


def password_of(project: EngineProject, component: str) -> str:
    """Return the generated password of a component."""
    (password,) = (item for item in project.cloud.objects() if item.name == f"prod-{component}-password")
    return str(json.loads(password.outputs)["result"])


def secret_version(project: EngineProject, name: str) -> str:
    """Return the version of a stored secret."""
    for item in project.cloud.objects():
        if item.name in (name, f"{name}-value"):
            outputs = cast("Mapping[str, str | Mapping[str, str]]", json.loads(item.outputs))
            inner = outputs.get("properties")
            current = (
                inner["secretUriWithVersion"]
                if isinstance(inner, dict)
                else outputs.get("versionId") or outputs.get("version")
            )
            if isinstance(current, str):
                return current
    raise LookupError(name)


def test_a_new_database_password_is_set_in_the_database_and_restarts_only_its_readers(
    small_copy: EngineProject,
) -> None:
    old, old_version, now = (
        password_of(small_copy, "database"),
        secret_version(small_copy, "prod-database-database-url"),
        time(),
    )
    outcome = rotate(deployment_of(small_copy), "database-password", force=True)
    new, new_version = password_of(small_copy, "database"), secret_version(small_copy, "prod-database-database-url")
    assert new != old and new_version != old_version
    assert old not in inputs_of(small_copy, "") and new in inputs_of(small_copy, "prod-database")
    assert new_version in inputs_of(small_copy, "prod-compute-gateway") and old_version not in inputs_of(small_copy, "")
    assert changed_parts(small_copy, now) - {"gateway-task"} == {"gateway"}
    assert [change.name for change in outcome.changes if change.operation == "replace" and "password" in change.name]


@on_gcp
def test_a_listed_secret_gets_the_new_value_and_its_readers_restart(
    small_copy: EngineProject, cloud: str, capfd: pytest.CaptureFixture[str]
) -> None:
    now = time()
    rotate(deployment_of(small_copy), LISTED_SECRET, NEW_VALUE)
    stored = inputs_of(small_copy, f"prod-secrets-{LISTED_SECRET}")
    assert NEW_VALUE in stored and SECRET not in stored
    assert changed_parts(small_copy, now) == {"gateway"}
    assert NEW_VALUE not in (small_copy.folder / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8") + str(
        capfd.readouterr()
    )


@on_gcp
def test_a_rotation_with_unrelated_changes_is_refused(small_copy: EngineProject, cloud: str) -> None:
    small_copy.write(small_platform(cloud, services__chat__environment={"LOG_LEVEL": "debug"}))
    file = small_copy.folder / f"Pulumi.{STACK}.yaml"
    before = file.read_text(encoding="utf-8")
    with pytest.raises(DeploymentFailed, match=r"do not belong to the rotation \(prod-compute-chat\)"):
        rotate(deployment_of(small_copy), LISTED_SECRET, NEW_VALUE)
    assert file.read_text(encoding="utf-8") == before
    assert SECRET in inputs_of(small_copy, f"prod-secrets-{LISTED_SECRET}")


@on_gcp
def test_a_database_password_is_not_rotated_again_within_the_minimum_time(
    small_copy: EngineProject, cloud: str
) -> None:
    with pytest.raises(DeploymentFailed, match="less than 24 hours ago"):
        rotate(deployment_of(small_copy), "database-password")


@on_aws
def test_the_previous_password_of_the_cache_is_invalid_after_a_rotation(small_copy: EngineProject, cloud: str) -> None:
    now = time()
    rotate(deployment_of(small_copy), "cache-password")
    # ElastiCache also accepts the previous password, so two rotations are needed
    assert [name for _, name in small_copy.cloud.calls("update")].count("prod-cache") == 2
    assert password_of(small_copy, "cache") in inputs_of(small_copy, "prod-cache")
    assert changed_parts(small_copy, now) == {"chat", "chat-task"}


@on_gcp
def test_a_rollback_restores_an_earlier_configuration_and_keeps_secrets(small_copy: EngineProject, cloud: str) -> None:
    file = small_copy.folder / f"Pulumi.{STACK}.yaml"
    first = read_stack(small_copy.folder, STACK).config
    small_copy.write(small_platform(cloud, **CHANGES))
    small_copy.up()
    secrets = [line for line in file.read_text(encoding="utf-8").splitlines() if "secure:" in line]
    assert IMAGE.partition("@")[2] in inputs_of(small_copy, "prod-compute-gateway")
    with pytest.raises(InvalidConfiguration, match="successful: 1 and 2"):
        rollback(deployment_of(small_copy), to=7)
    proposal = rollback(deployment_of(small_copy))
    proposal.write()
    deployment_of(small_copy).up(preview=EMPTY_PREVIEW)
    assert read_stack(small_copy.folder, STACK).config == first
    assert IMAGE.partition("@")[2] not in inputs_of(small_copy, "prod-compute-gateway")
    assert [line for line in file.read_text(encoding="utf-8").splitlines() if "secure:" in line] == secrets


@on_gcp
def test_a_promotion_uses_the_image_that_runs_and_not_the_one_in_the_file(
    small_copy: EngineProject, cloud: str
) -> None:
    running = read_stack(small_copy.folder, STACK).spec.services["gateway"].image
    small_copy.write(small_platform(cloud, services__gateway__image=IMAGE))
    small_copy.write(small_platform(cloud, services__gateway__image="ghcr.io/acme/gateway:1.0"), "next")
    proposal = promote(STACK, "next", small_copy.folder, environment=small_copy.environment)
    proposal.write()
    assert read_stack(small_copy.folder, "next").spec.services["gateway"].image == running != IMAGE


def test_the_history_is_complete(project: EngineProject) -> None:
    project.init("gcp", SMALL)
    folder = project.folder.parent / "backend" / ".pulumi" / "history" / "agent-platform" / STACK
    folder.mkdir(parents=True)
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
        (folder / f"{STACK}-{number:03}.history.json").write_text(json.dumps(entry), encoding="utf-8")
    assert [update.version for update in deployment_of(project).history()] == list(range(12, 0, -1))
