"""One platform under the real engine, on each cloud: preview, up, up again, an update, destroy."""

import json
import re

from tests.engine.bench import PASSPHRASE, Bench
from tests.planning import SECRET, plan, production

OUTPUTS = {"url", "services", "database_host", "dashboard_url", "cloud", "region"}
TO_BE_TAKEN_DOWN = {"profile": "development", "database.deletion_protection": False}
"""What takes the protection off everything that lasts."""


def test_a_preview_makes_nothing_and_counts_what_the_plan_counts(bench: Bench, cloud: str) -> None:
    summary = bench.init(cloud).preview()["changeSummary"]
    assert bench.cloud.objects() == []
    stack_itself = 1
    assert summary == {"create": len(plan(production(cloud=cloud)).resources) + stack_itself}


def test_what_is_up_is_up(standing: Bench) -> None:
    made = len(standing.cloud.calls("create"))
    assert "unchanged" in standing.up("--expect-no-changes")
    assert len(standing.cloud.calls("create")) == made
    assert standing.cloud.calls("update") == []
    assert standing.cloud.calls("delete") == []


def test_every_output_has_a_value(built: Bench) -> None:
    outputs = json.loads(built.run("stack", "output", "--json"))
    assert set(outputs) == OUTPUTS
    assert all(outputs.values())


def test_no_secret_stands_in_the_state_in_clear(built: Bench) -> None:
    password = next(thing for thing in built.cloud.objects() if thing.token.endswith(":RandomPassword"))
    drawn = json.loads(password.outputs)["result"]
    kept = [path for path in (built.folder.parent / "backend").rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        text = path.read_text(encoding="utf-8")
        assert SECRET not in text
        assert drawn not in text
        assert PASSPHRASE not in text


def test_one_changed_setting_updates_what_hangs_on_it_and_replaces_nothing_that_lasts(
    standing: Bench, cloud: str
) -> None:
    standing.write(production({"services.gateway.environment.LOG_LEVEL": "debug"}, cloud))
    told = standing.up()
    changed = {name for verb in ("create", "update", "delete") for _, name in standing.cloud.calls(verb)[-1:]}
    assert re.search(r"\d+ unchanged", told)
    assert any("gateway" in name for name in changed)
    assert "debug" in "".join(thing.inputs for thing in standing.cloud.objects())
    assert "unchanged" in standing.up("--expect-no-changes")


def test_destroy_leaves_nothing_behind_but_what_says_so(standing: Bench, cloud: str) -> None:
    standing.write(production(TO_BE_TAKEN_DOWN, cloud))
    standing.up()
    standing.destroy()
    told = plan(production(TO_BE_TAKEN_DOWN, cloud)).custom
    kept_on_purpose = {(kept.type, kept.name) for kept in told if kept.options.get("retainOnDelete")}
    assert {(thing.token, thing.name) for thing in standing.cloud.objects()} == kept_on_purpose
    assert standing.state() == []
