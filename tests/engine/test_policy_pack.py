"""Policy pack under the real engine, in its own Python environment: previews and updates with fake providers."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from automation import Deployment
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event
from providers.contract.audit import CHECKS, Severity
from tests.engine.project import STACK, EngineProject, small_platform
from tests.planning import DROP, ROOT, SECRET
from tests.policy_pack.test_wire_format import needs_pack

PACK = str(ROOT / "policies")
GUARDED = "deletion-is-guarded"
"""Check of high severity that a development stack fails."""
MANDATORY = [check.id for check in CHECKS if check.severity in (Severity.HIGH, Severity.CRITICAL)]


def configured(folder: Path, settings: object) -> str:
    path = folder / "policies.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return str(path)


def violations(events: Sequence[Event]) -> dict[str, list[EngineMessage]]:
    found = dict[str, list[EngineMessage]]()
    for each in events:
        if isinstance(each, EngineMessage) and each.text.startswith("policy violation: "):
            found.setdefault(each.text.split(": ")[1], []).append(each)
    return found


@needs_pack
def test_a_mandatory_violation_ends_the_preview_and_an_advisory_one_is_a_warning(
    project: EngineProject, tmp_path: Path
) -> None:
    project.init_with(small_platform("aws", accept_checks=DROP))
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    deployment.use_policies([PACK])
    events: list[Event] = []
    with pytest.raises(DeploymentFailed) as failure:
        deployment.preview(events.append)
    assert failure.value.kind is Failure.POLICY
    assert "accept_checks" in failure.value.fix
    found = violations(events)
    assert found[GUARDED][0].severity == "error"
    assert found["restore-is-tested"][0].severity == "warning"
    assert project.state() == []

    advisory = {name: "advisory" for name in MANDATORY}
    configuration = {
        **advisory,
        GUARDED: {"enforcementLevel": "mandatory", "accepted": {"*": "only tests use the data"}},
    }
    deployment.use_policies([PACK], [configured(tmp_path, configuration)])
    events.clear()
    preview = deployment.preview(events.append)
    assert preview.effective
    found = violations(events)
    assert GUARDED not in found
    assert {each.severity for several in found.values() for each in several} == {"warning"}

    events.clear()
    deployment.up(events.append, rollout_timeout_seconds=0, preview=preview)
    texts = [each.text for each in events if isinstance(each, EngineMessage)]
    assert GUARDED not in violations(events)
    assert violations(events)
    assert not [text for text in texts if "can't run policy" in text or SECRET in text]
