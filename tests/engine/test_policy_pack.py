"""Policy pack under the real engine, in its own Python environment: previews and an update with fake providers."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from automation import Deployment
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event
from tests.engine.project import STACK, EngineProject
from tests.planning import DROP, ROOT, SECRET, production
from tests.policy_pack.test_wire_format import needs_pack

PACK = str(ROOT / "policies")
OPEN = "data-stores-are-private"
PROGRAM = """
import pulumi
import pulumi_aws as aws

opts = pulumi.ResourceOptions(provider=aws.Provider("aws", region="us-west-2"))
key = aws.kms.Key("key", enable_key_rotation=True, opts=opts)
aws.rds.Instance(
    "database", engine="postgres", instance_class="db.t4g.small", allocated_storage=20, username="platform",
    password=pulumi.Config().require_secret("OPENAI_API_KEY"), kms_key_id=key.arn, publicly_accessible=True,
    backup_retention_period=7, deletion_protection=True, opts=opts,
)
"""
"""Program of a stack whose database has a public address, and a key that is unknown in a preview."""


def configured(folder: Path, settings: object) -> str:
    path = folder / "policies.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return str(path)


def violations(events: Sequence[Event]) -> dict[str, EngineMessage]:
    messages = [each for each in events if isinstance(each, EngineMessage)]
    return {each.text.split(": ")[1]: each for each in messages if each.text.startswith("policy violation: ")}


@needs_pack
def test_a_mandatory_violation_ends_the_preview_and_an_accepted_one_does_not(
    project: EngineProject, tmp_path: Path
) -> None:
    (project.folder / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    project.init_with(production({"accept_checks": DROP}, "aws"))
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    deployment.use_policies([PACK])
    events: list[Event] = []
    with pytest.raises(DeploymentFailed) as failure:
        deployment.preview(events.append)
    assert failure.value.kind is Failure.POLICY
    assert OPEN in failure.value.problem
    found = violations(events)
    assert (found[OPEN].severity, found[OPEN].urn.name) == ("error", "database")
    assert found["flow-is-logged"].severity == "warning"
    # the key of the database is unknown in a preview
    assert "stored-data-has-our-key" not in found
    assert project.state() == []

    settings = {OPEN: {"enforcementLevel": "mandatory", "accepted": {"database": "moves in May"}}}
    deployment.use_policies([PACK], [configured(tmp_path, settings)])
    events.clear()
    assert deployment.preview(events.append).effective
    assert OPEN not in violations(events)

    pack = ("--policy-pack", PACK, "--policy-pack-config", configured(tmp_path, settings))
    printed = project.up(*pack)
    assert "flow-is-logged" in printed
    assert OPEN not in printed
    assert "can't run policy" not in printed
    assert SECRET not in printed
