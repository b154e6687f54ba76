"""One platform under the real engine, on each cloud: preview, up, up again, an update, destroy."""

import json
import re

from tests.engine.project import PASSPHRASE, EngineProject
from tests.planning import SECRET, plan, production

OUTPUTS = {"url", "services", "database_host", "dashboard_url", "cloud", "region"}
TO_BE_TAKEN_DOWN = {"profile": "development", "database.deletion_protection": False}
"""What takes the protection off everything that lasts."""


def test_a_preview_makes_nothing_and_counts_what_the_plan_counts(project: EngineProject, cloud: str) -> None:
    summary = project.init(cloud).preview()["changeSummary"]
    assert project.cloud.objects() == []
    stack_itself = 1
    assert summary == {"create": len(plan(production(cloud=cloud)).resources) + stack_itself}


def test_what_is_up_is_up(deployed_copy: EngineProject) -> None:
    made = len(deployed_copy.cloud.calls("create"))
    assert "unchanged" in deployed_copy.up("--expect-no-changes")
    assert len(deployed_copy.cloud.calls("create")) == made
    assert deployed_copy.cloud.calls("update") == []
    assert deployed_copy.cloud.calls("delete") == []


def test_every_output_has_a_value(deployed: EngineProject) -> None:
    outputs = json.loads(deployed.run("stack", "output", "--json"))
    assert set(outputs) == OUTPUTS
    assert all(outputs.values())


def test_no_secret_stands_in_the_state_in_clear(deployed: EngineProject) -> None:
    password = next(thing for thing in deployed.cloud.objects() if thing.token.endswith(":RandomPassword"))
    drawn = json.loads(password.outputs)["result"]
    kept = [path for path in (deployed.folder.parent / "backend").rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        text = path.read_text(encoding="utf-8")
        assert SECRET not in text
        assert drawn not in text
        assert PASSPHRASE not in text


def test_one_changed_setting_updates_what_hangs_on_it_and_replaces_nothing_that_lasts(
    deployed_copy: EngineProject, cloud: str
) -> None:
    deployed_copy.write(production({"services.gateway.environment.LOG_LEVEL": "debug"}, cloud))
    told = deployed_copy.up()
    changed = {name for verb in ("create", "update", "delete") for _, name in deployed_copy.cloud.calls(verb)[-1:]}
    assert re.search(r"\d+ unchanged", told)
    assert any("gateway" in name for name in changed)
    assert "debug" in "".join(thing.inputs for thing in deployed_copy.cloud.objects())
    assert "unchanged" in deployed_copy.up("--expect-no-changes")


def test_destroy_leaves_nothing_behind_but_what_says_so(deployed_copy: EngineProject, cloud: str) -> None:
    deployed_copy.write(production(TO_BE_TAKEN_DOWN, cloud))
    deployed_copy.up()
    deployed_copy.destroy()
    told = plan(production(TO_BE_TAKEN_DOWN, cloud)).custom
    kept_on_purpose = {(kept.type, kept.name) for kept in told if kept.options.get("retainOnDelete")}
    assert {(thing.token, thing.name) for thing in deployed_copy.cloud.objects()} == kept_on_purpose
    assert deployed_copy.state() == []
