"""The doctor under the real engine: stand-ins answer who is there; what nobody answers is unknown and never a guess."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from automation.engine import Finding, doctor
from tests.engine.project import PASSPHRASE, EngineProject
from tests.planning import ROOT, SECRET


def examined(project: EngineProject, **environment: str) -> dict[str, Finding]:
    found = doctor("prod", project.folder, {**project.environment, **environment})
    return {finding.subject: finding for finding in found}


def test_a_stack_that_is_ready_has_no_refusal(project: EngineProject, cloud: str) -> None:
    found = examined(project.init(cloud))
    assert [finding for finding in found.values() if finding.verdict == "refused"] == []
    for subject in ("stack file", "environment", "cli", "language host", "backend", "secrets", "plugins", "identity"):
        assert found[subject].verdict == "allowed", found[subject]


def test_the_doctor_makes_nothing_and_tells_no_secret(project: EngineProject, cloud: str) -> None:
    project.init(cloud)
    before = {
        path: path.read_bytes()
        for path in project.folder.parent.rglob("*")
        if path.is_file() and "home" not in path.parts
    }
    told = str(examined(project))
    after = {path: path.read_bytes() for path in before if path.exists()}
    assert project.cloud.objects() == []
    assert {path.name for path in before if before[path] != after.get(path)} <= {"cloud.sqlite", "cloud.sqlite-shm"}
    assert SECRET not in told
    assert PASSPHRASE not in told


def test_credentials_of_another_account_are_refused(project: EngineProject, cloud: str) -> None:
    project.init(cloud).cloud.set("account", "999988887777")
    found = examined(project)["identity"]
    assert found.verdict == "refused"
    assert "999988887777" in found.told


def test_a_provider_that_does_not_start_leaves_the_account_unknown(project: EngineProject) -> None:
    project.init("aws")
    shim(project).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    found = examined(project)
    assert (found["identity"].verdict, found["Fargate vCPUs at full scale"].verdict) == ("unknown", "unknown")
    assert found["backend"].verdict == "allowed"


CHECKING = """
def refuse(self, request, context):
    reason = 'No valid credential sources found for key AKIAHUNTER2'
    failure = provider.provider_pb2.CheckFailure(reason=reason)
    return provider.provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
provider.Provider.CheckConfig = refuse
"""
CONFIGURING = """
def refuse(self, request, context):
    context.abort(grpc.StatusCode.UNAUTHENTICATED, 'ExpiredToken: key AKIAHUNTER2 is expired')
provider.Provider.Configure = refuse
"""


@pytest.mark.parametrize(
    ("refusing", "told"),
    [(CHECKING, "no credentials were found"), (CONFIGURING, "the credentials are expired or wrong")],
)
def test_a_provider_that_refuses_its_credentials_is_told_as_such(
    project: EngineProject, refusing: str, told: str
) -> None:
    project.init("aws")
    program = project.folder.parent / "refusing.py"
    served = (
        "import runpy, sys\nsys.argv = ['', 'aws']\nrunpy.run_module('tests.engine.fake_cloud', run_name='__main__')\n"
    )
    program.write_text(
        f"import grpc\nimport tests.engine.fake_cloud.provider as provider\n{refusing}{served}", encoding="utf-8"
    )
    shim(project).write_text(
        f'#!/bin/sh\nexec env PYTHONPATH="{ROOT}" "{sys.executable}" "{program}"\n', encoding="utf-8"
    )
    found = examined(project)["identity"]
    assert (found.verdict, found.told) == ("refused", f"asked aws who is there: {told}")
    assert "AKIAHUNTER2" not in str(found)


def shim(project: EngineProject) -> Path:
    """What the engine takes for the provider of AWS."""
    return project.folder.parent / "shims" / "pulumi-resource-aws"


def test_a_state_folder_that_is_gone_is_refused(project: EngineProject, tmp_path: Path) -> None:
    project.init("aws")
    found = examined(project, PULUMI_BACKEND_URL=f"file://{tmp_path}/gone")["backend"]
    assert (found.verdict, found.told.endswith("does not open: it does not exist")) == ("refused", True)


@pytest.mark.parametrize(("passphrase", "code"), [(PASSPHRASE, 0), (None, 1)])
def test_the_command_ends_with_1_when_anything_is_refused(
    project: EngineProject, passphrase: str | None, code: int
) -> None:
    project.init("azure")
    known = {**project.environment, "PYTHONPATH": str(ROOT)}
    if passphrase is None:
        del known["PULUMI_CONFIG_PASSPHRASE"]
    command = [sys.executable, "-m", "automation", "doctor", "prod", "--json"]
    ended = subprocess.run(command, cwd=project.folder, env=known, capture_output=True, text=True, check=False)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["ready"]) == (code, code == 0)
    refused = [finding["subject"] for finding in told["findings"] if finding["verdict"] == "refused"]
    assert refused == ([] if code == 0 else ["secrets provider"])


def test_nothing_of_the_asking_stays_behind(project: EngineProject) -> None:
    examined(project.init("gcp"))
    assert [one for one in environments() if str(project.folder.parent) in one] == []


def environments() -> list[str]:
    """Environment of every process, where the system tells it."""
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            found.append(entry.read_text(encoding="utf-8", errors="replace"))
    return found
