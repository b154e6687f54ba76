"""The command `audit`: exit codes, text, JSON and SARIF, and acceptances of a stack file."""

import json
from pathlib import Path

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from providers.contract.audit import CHECK_IDS
from tests.automation.command_line import Run, runner, write_project, write_stack_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the real program and the small stack `trial`, as the working directory."""
    write_project(tmp_path, "trial", BASE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def failed_checks(run: Run, stack: str) -> list[str]:
    document = json.loads(run("audit", stack, "--json").out)
    return [check["id"] for check in document["checks"] if check["verdict"] == "fail"]


def test_an_audit_with_failures_shows_evidence_and_fix_and_exits_with_one(run: Run) -> None:
    result = run("audit", "trial")
    assert (result.code, result.errors) == (1, [])
    lines = result.out.splitlines()
    assert lines[0].startswith(f"trial  aws us-west-2  {len(CHECK_IDS)} checks: ")
    assert "Failed" in lines
    assert "      fix: set network.flow_logs to true" in lines
    assert "  money-is-watched  low  A budget raises an alarm" in lines
    assert "Checked in the account only" in lines


def test_an_audit_whose_failures_are_all_accepted_exits_with_zero(folder: Path, run: Run) -> None:
    entries = {check: {"reason": "a trial of one week"} for check in failed_checks(run, "trial")}
    assert entries
    write_stack_file(folder, "accepted", with_values(BASE, {"accept_checks": entries}))
    result = run("audit", "accepted")
    assert (result.code, result.errors) == (0, [])
    assert "; accepted: a trial of one week" in result.out
    assert " 0 fail, " in result.out.splitlines()[0]


def test_an_acceptance_that_accepts_nothing_exits_with_one(folder: Path, run: Run) -> None:
    entries = {check: {"reason": "a trial of one week"} for check in [*failed_checks(run, "trial"), "keys-rotate"]}
    write_stack_file(folder, "useless", with_values(BASE, {"accept_checks": entries}))
    result = run("audit", "useless")
    assert result.code == 1
    assert (
        result.out.splitlines()[1] == "accept_checks.keys-rotate: accepts nothing: the check does not fail. Remove it."
    )


def test_an_acceptance_expires(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"flow-is-logged": {"reason": "a trial of one week", "until": "2026-11-28"}}
    write_stack_file(folder, "dated", with_values(BASE, {"accept_checks": entry}))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795824000")
    assert "flow-is-logged" not in failed_checks(run, "dated")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795910400")
    assert "flow-is-logged" in failed_checks(run, "dated")


def test_the_json_has_every_check_with_evidence(run: Run) -> None:
    document = json.loads(run("audit", "trial", "--json").out)
    assert [check["id"] for check in document["checks"]] == list(CHECK_IDS)
    assert document["failed"] is True
    assert sum(document["counts"].values()) == len(CHECK_IDS)
    (check,) = [check for check in document["checks"] if check["id"] == "keys-rotate"]
    assert (check["severity"], check["verdict"], check["controls"]) == ("medium", "pass", ["KMS.4", "CKV_AWS_7"])
    assert check["evidence"][0] == {
        "resource": "kms:Key trial-keys-data",
        "property": "enableKeyRotation",
        "value": "True",
        "passed": True,
        "why": "",
        "verdict": "pass",
        "reason": None,
    }


def test_full_output_has_the_evidence_of_checks_that_pass(run: Run) -> None:
    line = "      kms:Key trial-keys-data: enableKeyRotation = True"
    assert line in run("audit", "trial", "--full").out.splitlines()
    assert line not in run("audit", "trial").out.splitlines()


def test_sarif_has_a_rule_for_each_check_and_a_result_for_each_failure(folder: Path, run: Run) -> None:
    accepted = {"flow-is-logged": {"reason": "a trial of one week"}}
    write_stack_file(folder, "scanned", with_values(BASE, {"accept_checks": accepted}))
    log = json.loads(run("audit", "scanned", "--sarif").out)
    assert log["version"] == "2.1.0"
    (scan,) = log["runs"]
    assert [rule["id"] for rule in scan["tool"]["driver"]["rules"]] == list(CHECK_IDS)
    failed = failed_checks(run, "scanned")
    assert {result["ruleId"] for result in scan["results"]} == {*failed, "flow-is-logged"}
    (flow,) = [result for result in scan["results"] if result["ruleId"] == "flow-is-logged"]
    assert flow["suppressions"] == [{"kind": "external", "justification": "a trial of one week"}]
    assert flow["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.scanned.yaml"
    assert all("suppressions" not in result for result in scan["results"] if result is not flow)
    fingerprints = [result["partialFingerprints"]["check"] for result in scan["results"]]
    assert len(fingerprints) == len(set(fingerprints))


def test_two_formats_at_once_are_refused(run: Run) -> None:
    result = run("audit", "trial", "--json", "--sarif")
    assert (result.code, result.errors) == (2, ["--sarif: not possible with --json. Leave one of the two out."])


def test_a_stack_that_does_not_plan_is_refused_as_by_plan(folder: Path, run: Run) -> None:
    write_stack_file(folder, "broken", with_values(BASE, {"services.web.port": 70000}))
    result = run("audit", "broken")
    assert (result.code, result.errors) == (2, run("plan", "broken").errors)


def test_docker_has_no_checks(folder: Path, run: Run) -> None:
    result = run("audit", "trial", "--cloud", "docker")
    assert (result.code, result.errors) == (
        2,
        ["cloud: there are no security checks for docker. Use --cloud aws, gcp or azure."],
    )
    entries = {"flow-is-logged": {"reason": "a trial of one week"}}
    write_stack_file(folder, "host", with_values(BASE, {"cloud": "docker", "accept_checks": entries}))
    assert "accept_checks: there are no security checks for docker." in run("plan", "host", "--full").out


def test_a_live_audit_without_login_says_so_and_exits_with_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = run("audit", "trial", "--live")
    assert result.code == 1
    assert [line for line in result.out.splitlines() if line.startswith("--live: ")] == [
        "--live: the Pulumi CLI is not installed. Run `agent-platform doctor STACK`, which lists what is missing and how to install it.",
        next(line for line in result.out.splitlines() if "the program aws is not on PATH" in line),
    ]
    document = json.loads(run("audit", "trial", "--live", "--json").out)
    assert (len(document["unanswered"]), document["failed"]) == (2, True)


def test_a_live_audit_of_another_cloud_is_refused(run: Run) -> None:
    result = run("audit", "trial", "--live", "--cloud", "gcp")
    error = "--live: the stack is deployed on the cloud in its file. Leave --cloud out."
    assert (result.code, result.errors) == (2, [error])
