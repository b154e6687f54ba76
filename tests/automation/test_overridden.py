"""Overridden inputs in a plan, in the comparison of two plans and in a report: old and new values, secrets masked."""

import json
from pathlib import Path

import pytest

from automation.plan.build import OverriddenInput, plan_of
from automation.plan.markdown import plan_markdown
from automation.plan.spec_keys import BASE
from automation.plan.summary import summary_of
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from tests.automation.command_line import Run, runner, write_project, write_stack_file
from tests.planning import ROOT, production

OVERRIDE = {"trial-compute-web-log": {"retention_in_days": 7}}
LINE = "cloudwatch:LogGroup trial-compute-web-log retentionInDays: 30 -> 7"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    write_project(tmp_path, "trial", with_values(BASE, {"overrides": OVERRIDE}))
    write_stack_file(tmp_path, "other", BASE)
    monkeypatch.chdir(tmp_path)
    return runner(capsys)


def test_the_plan_has_both_values_and_the_key() -> None:
    stack = stack_of("trial", {PLATFORM_KEY: with_values(BASE, {"overrides": OVERRIDE})})
    plan = plan_of(stack, ROOT)
    name = "trial-compute-web-log"
    row = OverriddenInput(f"overrides.{name}", "cloudwatch:LogGroup", name, "retentionInDays", 30, 7)
    assert plan.overridden == (row,)
    assert plan_of(stack_of("trial", {PLATFORM_KEY: BASE}), ROOT).overridden == ()
    assert "| Overridden | cloudwatch:LogGroup trial-compute-web-log" in plan_markdown(summary_of(plan), ())


def test_a_plan_shows_overridden_inputs_in_every_form(run: Run) -> None:
    assert f"Overridden  {LINE}" in run("plan", "trial").out
    assert LINE in run("plan", "trial", "--full").out
    (shown,) = json.loads(run("plan", "trial", "--json").out)["overridden"]
    assert (shown["key"], shown["before"], shown["after"]) == ("overrides.trial-compute-web-log", 30, 7)
    assert "Overridden" not in run("plan", "other").out


def test_a_comparison_shows_the_overridden_inputs_of_each_side(run: Run) -> None:
    out = run("plan", "trial", "--diff", "other").out
    assert "Overridden in trial on aws" in out
    assert LINE in out
    assert "Overridden in other" not in out
    document = json.loads(run("plan", "other", "--diff", "trial", "--json").out)
    assert document["left"]["overridden"] == []
    assert [row["after"] for row in document["right"]["overridden"]] == [7]


def test_a_report_shows_overridden_inputs(run: Run, tmp_path: Path) -> None:
    assert run("report", "trial", "-o", "report.html").code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    section = page[page.index("Overridden inputs") :]
    assert "retentionInDays" in section
    assert "overrides.trial-compute-web-log" in section


def test_the_old_value_of_a_secret_is_masked() -> None:
    key, inputs = "prod-compute-chat-1", {"envs": ["MODE=fast"]}
    raw = {**production(cloud="docker"), "overrides": {key: inputs}}
    rows = plan_of(stack_of("prod", {PLATFORM_KEY: raw}), ROOT).overridden
    assert any(row.before == "[secret]" for row in rows)
    assert "sealed" not in json.dumps([row.before for row in rows])


def test_an_accepted_override_is_among_the_accepted_risks() -> None:
    raw = production({"overrides": {"rds:Instance": {"publicly_accessible": True}}})
    raw["accept_risk"] = {"overrides.rds:Instance": "a trial of one week"}
    plan = plan_of(stack_of("prod", {PLATFORM_KEY: raw}), ROOT)
    (risk,) = plan.accepted_risks
    assert (risk.key, risk.reason) == ("overrides.rds:Instance", "a trial of one week")
    assert [(row.path, row.before, row.after) for row in plan.overridden] == [("publiclyAccessible", False, True)]
