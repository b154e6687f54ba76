"""Checks of the doctor with the real engine and fake providers; a query without an answer is unknown."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from automation.engine import Finding, check_stack
from automation.plan.existing_places import ZONES
from tests.engine.project import PASSPHRASE, TIMEOUT_SECONDS, EngineProject
from tests.planning import ROOT, SECRET

OFFLINE = {"https_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1,localhost"}
"""Variables with which HTTPS requests fail at once, except those to the fake providers on this machine."""


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no check reach a registry or a resolver: their answers about made-up names are no part of these tests."""
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)


def findings_of(project: EngineProject, **environment: str) -> dict[str, Finding]:
    findings = check_stack("prod", project.folder, {**project.environment, **environment})
    return {finding.subject: finding for finding in findings}


def test_a_stack_that_can_be_deployed_has_no_failed_check(project: EngineProject, cloud: str) -> None:
    findings = findings_of(project.init(cloud))
    assert [finding for finding in findings.values() if finding.verdict == "failed"] == []
    for subject in ("stack file", "environment", "cli", "language host", "backend", "secrets", "plugins", "identity"):
        assert findings[subject].verdict == "ok", findings[subject]


@pytest.mark.chosen_on(
    "aws", reason="other clouds query the zone with the provider of the stack, or with another subscription"
)
def test_the_zone_of_another_account_is_queried_at_its_place(project: EngineProject, cloud: str) -> None:
    project.init(cloud, {"ingress.dns_account": {cloud: ZONES[cloud]}})
    project.cloud.set("zone_subscription", ZONES["azure"].split("/")[2])
    finding = findings_of(project)["DNS zone"]
    assert (finding.verdict, finding.observed) == ("ok", "example.com exists")


@pytest.mark.chosen_on("aws", reason="a complete check is in the chosen set on every cloud")
def test_the_doctor_creates_nothing_and_prints_no_secret(project: EngineProject, cloud: str) -> None:
    project.init(cloud)
    before = {
        path: path.read_bytes()
        for path in project.folder.parent.rglob("*")
        if path.is_file() and "home" not in path.parts
    }
    output = str(findings_of(project))
    after = {path: path.read_bytes() for path in before if path.exists()}
    assert project.cloud.objects() == []
    assert {path.name for path in before if before[path] != after.get(path)} <= {"cloud.sqlite", "cloud.sqlite-shm"}
    assert SECRET not in output
    assert PASSPHRASE not in output


@pytest.mark.chosen_on("aws", reason="a complete check is in the chosen set on every cloud")
def test_credentials_of_another_account_fail(project: EngineProject, cloud: str) -> None:
    project.init(cloud).cloud.set("account", "999988887777")
    finding = findings_of(project)["identity"]
    assert finding.verdict == "failed"
    assert "999988887777" in finding.observed


def test_a_provider_that_does_not_start_leaves_the_account_unknown(project: EngineProject) -> None:
    project.init("aws")
    shim(project).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    findings = findings_of(project)
    verdicts = (findings["identity"].verdict, findings["Fargate vCPUs at full scale"].verdict)
    assert verdicts == ("unknown", "unknown")
    assert findings["backend"].verdict == "ok"


REJECTED_CONFIG = """
def refuse(self, request, context):
    reason = 'No valid credential sources found for key AKIAHUNTER2'
    failure = provider.provider_pb2.CheckFailure(reason=reason)
    return provider.provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
provider.Provider.CheckConfig = refuse
"""
REJECTED_LOGIN = """
def refuse(self, request, context):
    context.abort(grpc.StatusCode.UNAUTHENTICATED, 'ExpiredToken: key AKIAHUNTER2 is expired')
provider.Provider.Configure = refuse
"""


@pytest.mark.parametrize(
    ("rejection", "cause"),
    [(REJECTED_CONFIG, "no credentials found"), (REJECTED_LOGIN, "the credentials are expired or invalid")],
)
def test_a_provider_that_rejects_its_credentials_fails_with_the_cause(
    project: EngineProject, rejection: str, cause: str
) -> None:
    project.init("aws")
    program = project.folder.parent / "rejecting.py"
    served = (
        "import runpy, sys\nsys.argv = ['', 'aws']\nrunpy.run_module('tests.engine.fake_cloud', run_name='__main__')\n"
    )
    program.write_text(
        f"import grpc\nimport tests.engine.fake_cloud.provider as provider\n{rejection}{served}", encoding="utf-8"
    )
    shim(project).write_text(
        f'#!/bin/sh\nexec env PYTHONPATH="{ROOT}" "{sys.executable}" "{program}"\n', encoding="utf-8"
    )
    finding = findings_of(project)["identity"]
    assert (finding.verdict, finding.observed) == ("failed", f"cannot query aws: {cause}")
    assert "AKIAHUNTER2" not in str(finding)


def shim(project: EngineProject) -> Path:
    """Executable that the engine starts as the provider of AWS."""
    return project.folder.parent / "shims" / "pulumi-resource-aws"


def test_a_state_folder_that_does_not_exist_fails(project: EngineProject, tmp_path: Path) -> None:
    project.init("aws")
    finding = findings_of(project, PULUMI_BACKEND_URL=f"file://{tmp_path}/gone")["backend"]
    assert (finding.verdict, finding.observed.endswith(": it does not exist")) == ("failed", True)


@pytest.mark.parametrize(("passphrase", "code"), [(PASSPHRASE, 0), (None, 1)])
def test_the_command_exits_with_1_when_a_check_failed(
    project: EngineProject, passphrase: str | None, code: int
) -> None:
    project.init("azure")
    environment = {**project.environment, "PYTHONPATH": str(ROOT), **OFFLINE}
    if passphrase is None:
        del environment["PULUMI_CONFIG_PASSPHRASE"]
    command = [sys.executable, "-m", "automation", "doctor", "prod", "--json"]
    ended = subprocess.run(
        command,
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["ready"]) == (code, code == 0)
    failed = [finding["subject"] for finding in document["findings"] if finding["verdict"] == "failed"]
    assert failed == ([] if code == 0 else ["secrets provider"])


def test_no_process_of_a_query_remains(project: EngineProject) -> None:
    findings_of(project.init("gcp"))
    assert [text for text in environments() if str(project.folder.parent) in text] == []


def environments() -> list[str]:
    """Environment of every process that this user may read."""
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            found.append(entry.read_text(encoding="utf-8", errors="replace"))
    return found
