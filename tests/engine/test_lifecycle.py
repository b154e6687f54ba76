"""Production platform with the real engine on each cloud: preview, up, repeated up, update and destroy."""

import json
import re

import pytest

from tests.engine.project import PASSPHRASE, EngineProject
from tests.planning import SECRET, plan, production

OUTPUTS = {"url", "services", "database_host", "dashboard_url", "cloud", "region"}
UNPROTECTED = {"profile": "development", "database.deletion_protection": False}
"""Settings that remove the protection of every resource."""


def test_a_preview_creates_nothing_and_has_the_resources_of_the_plan(project: EngineProject, cloud: str) -> None:
    summary = project.init(cloud).preview()["changeSummary"]
    assert project.cloud.objects() == []
    stack_resource = 1
    assert summary == {"create": len(plan(production(cloud=cloud)).resources) + stack_resource}


def test_a_second_update_changes_nothing(deployed_copy: EngineProject) -> None:
    created = len(deployed_copy.cloud.calls("create"))
    assert "unchanged" in deployed_copy.up("--expect-no-changes")
    assert len(deployed_copy.cloud.calls("create")) == created
    assert deployed_copy.cloud.calls("update") == []
    assert deployed_copy.cloud.calls("delete") == []


def test_every_output_has_a_value(deployed: EngineProject) -> None:
    outputs = json.loads(deployed.run("stack", "output", "--json"))
    assert set(outputs) == OUTPUTS
    assert all(outputs.values())


def test_the_state_contains_no_secret_in_plain_text(deployed: EngineProject) -> None:
    password = next(item for item in deployed.cloud.objects() if item.token.endswith(":RandomPassword"))
    generated = json.loads(password.outputs)["result"]
    files = [path for path in (deployed.folder.parent / "backend").rglob("*") if path.is_file()]
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert SECRET not in text
        assert generated not in text
        assert PASSPHRASE not in text


def test_a_changed_setting_updates_the_resources_that_depend_on_it(deployed_copy: EngineProject, cloud: str) -> None:
    deployed_copy.write(production({"services.gateway.environment.LOG_LEVEL": "debug"}, cloud))
    output = deployed_copy.up()
    changed = {name for verb in ("create", "update", "delete") for _, name in deployed_copy.cloud.calls(verb)[-1:]}
    assert re.search(r"\d+ unchanged", output)
    assert any("gateway" in name for name in changed)
    assert "debug" in "".join(item.inputs for item in deployed_copy.cloud.objects())
    assert "unchanged" in deployed_copy.up("--expect-no-changes")


def test_destroy_retains_only_resources_with_retain_on_delete(deployed_copy: EngineProject, cloud: str) -> None:
    deployed_copy.write(production(UNPROTECTED, cloud))
    deployed_copy.up()
    deployed_copy.destroy()
    planned = plan(production(UNPROTECTED, cloud)).custom
    retained = {(each.type, each.name) for each in planned if each.options.get("retainOnDelete")}
    assert {(item.token, item.name) for item in deployed_copy.cloud.objects()} == retained
    assert deployed_copy.state() == []


RESERVED_NAMES = {
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": "workloadIdentityPoolId",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": "bucketId",
    "gcp:projects/iAMCustomRole:IAMCustomRole": "roleId",
}
"""Types of which Google Cloud reserves the name of a deleted object, and the input with the name."""


def reserved_names(project: EngineProject) -> dict[str, str]:
    objects = [item for item in project.cloud.objects() if item.token in RESERVED_NAMES]
    return {item.token: json.loads(item.inputs)[RESERVED_NAMES[item.token]] for item in objects}


@pytest.mark.long(reason="three updates and a destruction, on Google Cloud only")
def test_a_stack_that_comes_again_needs_no_reserved_name(project: EngineProject) -> None:
    project.init("gcp", UNPROTECTED).up()
    first = reserved_names(project)
    project.up("--expect-no-changes")
    assert reserved_names(project) == first, "the names of a standing stack do not change"
    project.destroy()
    project.up()
    again = reserved_names(project)
    assert set(first) == set(again) == set(RESERVED_NAMES)
    assert not set(first.values()) & set(again.values())
