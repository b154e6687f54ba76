"""`convert copilot` and `convert agno-infra`, and the command with its output."""

import subprocess
import sys
from pathlib import Path

import pytest

from automation.convert.agno_infra import convert_resources
from automation.convert.conversion import SettingOutcome
from automation.convert.copilot import Copilot
from automation.stack.document import StackDocument, read_stack
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.json_data import is_mapping
from tests.automation.command_line import Run, runner
from tests.convert.projects import (
    ADDON,
    COMPOSE,
    MANIFEST,
    PASSWORD,
    RESOURCES,
    SCHEDULED,
    SETTINGS,
    TEMPLATE,
    WORKER,
    outcomes,
    stack_of,
    write,
)

AWS = ("--region", "us-west-2", "--account-id", "111122223333")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AGENT_PLATFORM_DIR", raising=False)
    return runner(capsys)


@pytest.fixture
def copilot(tmp_path: Path) -> Path:
    return write(tmp_path, {"copilot/api/manifest.yml": MANIFEST, "copilot/jobs/manifest.yml": WORKER,
                            "copilot/report/manifest.yml": SCHEDULED, "copilot/api/addons/db.yml": ADDON})  # fmt: skip


@pytest.fixture
def agno(tmp_path: Path) -> Path:
    secrets = f"SECRET_KEY: {PASSWORD}\nJWT_KEY: {PASSWORD}\n"
    return write(tmp_path, {"infra/settings.py": SETTINGS, "infra/prd_resources.py": RESOURCES,
                            "infra/secrets/prd_api_secrets.yml": secrets})  # fmt: skip


def test_a_manifest_becomes_a_service(copilot: Path) -> None:
    stack = stack_of(Copilot(copilot, copilot).convert(), copilot)
    assert stack.decisions == ()
    platform = StackDocument.parse(stack.text, copilot / "Pulumi.dev.yaml").platform
    services = platform["services"]
    assert is_mapping(services) and services["api"] == {
        "app": "fastapi",
        "build": {"context": "api"},
        "command": ["uvicorn", "main:app"],
        "port": 8000,
        "health": {"path": "/ready", "interval_seconds": 15, "timeout_seconds": 5},
        "path": "/api",
        "size": {"vcpu": 0.5, "memory_gib": 1.0},
        "replicas": {"min": 2, "max": 6},
        "autoscaling": {"cpu_percent": 70, "scale_out_cooldown_seconds": 150, "scale_in_cooldown_seconds": 60},
        "environment": {"LOG_LEVEL": "info"},
        "secrets": ["OPENAI_API_KEY", "DB"],
        "uses": ["database"],
    }
    assert platform["ingress"] == {"domain": "agents.example.com", "allowed_cidrs": ["192.0.2.0/24"]}
    assert platform["jobs"] == {
        "report": {"service": "api", "schedule": "0 0 * * *", "command": ["python", "report.py"], "retries": 2,
                   "timeout_minutes": 90},
    }  # fmt: skip
    assert platform["database"] == {"version": "16"}


def test_settings_of_a_manifest_without_counterpart_are_named(copilot: Path) -> None:
    omitted = outcomes(stack_of(Copilot(copilot, copilot).convert(), copilot), SettingOutcome.OMITTED)
    expected = {"api.sidecars", "api.storage", "api.http.additional_rules", "api.http.alias other.example.com",
                "api.count.response_time", "api.image.build.args", "api.variables.TABLE", "jobs.publish", "jobs.subscribe",
                "api/addons/db.yml Table"}  # fmt: skip
    assert expected <= set(omitted)


def test_the_overrides_of_an_environment_apply(copilot: Path) -> None:
    service = Copilot(copilot, copilot, "prod").convert().services["api"]
    assert (service["replicas"], service["environment"]) == ({"min": 3, "max": 9}, {"LOG_LEVEL": "warning"})
    with pytest.raises(
        InvalidConfiguration, match=r'"prd" is not an environment of this project \(did you mean prod\)'
    ):
        Copilot(copilot, copilot, "prd").convert()


def test_an_agno_project_becomes_a_stack(agno: Path) -> None:
    conversion = convert_resources(agno, agno)
    stack = stack_of(conversion, agno)
    assert (stack.decisions, conversion.block) == ((), {"region": "eu-west-1"})
    assert conversion.services["api"] == {
        "app": "fastapi",
        "image": "ghcr.io/acme/app:prd",
        "command": ["uvicorn", "app.main:app"],
        "port": 8000,
        "health": {"path": "/v1/health"},
        "size": {"vcpu": 1.0, "memory_gib": 2.0},
        "replicas": {"min": 2, "max": 2},
        "path": "/",
        "environment": {"LOG_LEVEL": "info", "MIGRATE_DB": "true"},
        "secrets": ["OPENAI_API_KEY", "SECRET_KEY", "JWT_KEY"],
        "uses": ["database"],
    }
    assert conversion.sections["database"] == {
        "version": "17", "size": {"vcpu": 2, "memory_gib": 2}, "storage_gib": 64, "max_storage_gib": 128,
    }  # fmt: skip


def test_what_is_unsafe_in_an_agno_project_is_named(agno: Path) -> None:
    stack = stack_of(convert_resources(agno, agno), agno)
    omitted = outcomes(stack, SettingOutcome.OMITTED)
    assert omitted["prd_db.publicly_accessible"].startswith("public database")
    assert omitted["prd_db.master_user_password"].startswith("plain password")
    assert {"prd_sg", "prd_bucket", "prd_db_secret", "prd_config"} <= set(omitted)
    assert PASSWORD not in stack.text + "".join(map(str, stack.notes))


def test_the_modules_of_an_agno_project_are_not_run(agno: Path) -> None:
    write(agno, {"infra/prd_resources.py": RESOURCES + "\n    raise SystemExit(open('ran', 'w').close())\n"})
    convert_resources(agno, agno)
    assert not (agno / "ran").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"infra/prd_resources.py": "x = ("}, "prd_resources.py: no valid Python at line 1"),
        ({"infra/prd_resources.py": "x = 1"}, "prd_resources.py: no application such as FastApi or Streamlit"),
        ({"other.py": ""}, "SOURCE: no file infra/prd_resources.py"),
    ],
)
def test_a_broken_agno_project_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    write(tmp_path, files)
    with pytest.raises(InvalidConfiguration) as refused:
        convert_resources(tmp_path, tmp_path)
    assert str(refused.value).startswith(message)


def test_a_folder_without_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"no file copilot/<service>/manifest\.yml"):
        Copilot(tmp_path, tmp_path).convert()


def test_the_command_writes_a_stack_file_that_plans(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": COMPOSE})
    result = run("convert", "compose", "compose.yaml")
    assert (result.code, result.errors) == (0, [])
    lines = [line for line in result.out.splitlines() if not line.startswith("  ")]
    headings = [line.rpartition(" (")[0] for line in lines[:3]]
    assert headings == ["Taken over", "Adjusted", "Not taken over"]
    assert lines[3:] == [
        "wrote Pulumi.dev.yaml",
        *[f"next: agent-platform secret set dev {name}" for name in ("OPENAI_API_KEY", "STRIPE_KEY", "SESSION_KEY")],
        "then: agent-platform plan dev",
    ]
    assert read_stack(tmp_path, "dev").spec.cloud == "docker"


def test_the_command_lists_what_is_to_be_decided(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": "services: {web: {image: acme/web, ports: ['80:80']}}"})
    result = run("convert", "compose", "compose.yaml", "--cloud", "aws", *AWS)
    assert result.code == 3
    decisions = result.out.partition("Decide before the first plan (2):\n")[2].splitlines()
    assert [line.split(":")[0].strip() for line in decisions] == ["services.web.image", "services.web.port"]
    assert (tmp_path / "Pulumi.dev.yaml").is_file()


def test_options_that_a_target_refuses_are_left_out(run: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"compose.yaml": "services: {web: {image: 'acme/web:1', ports: ['80:8080'], cpus: 0.3, mem_limit: 100m}}"},
    )
    result = run("convert", "compose", "compose.yaml", "--cloud", "aws", *AWS)
    assert result.code == 0
    assert "size with 0.3 vCPU and 0.098 GiB; the default applies" in result.out


REFUSED = {
    "another format": (("helm", "."), "FORMAT"),
    "another target": (("compose", "compose.yaml", "--cloud", "awz"), "--cloud"),
    "an option of another format": (("compose", "compose.yaml", "--environment", "prod"), "--environment"),
    "a missing account": (("cloudformation", "t.yaml"), "options"),
    "a source that is absent": (("compose", "absent.yaml"), "SOURCE"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_command_writes_nothing(run: Run, tmp_path: Path, case: str) -> None:
    write(tmp_path, {"compose.yaml": COMPOSE, "t.yaml": TEMPLATE})
    arguments, key = REFUSED[case]
    result = run("convert", *arguments)
    assert result.code == 2 and result.errors[0].startswith(f"{key}: ")
    assert not (tmp_path / "Pulumi.dev.yaml").exists()


def test_an_existing_stack_file_is_kept(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": COMPOSE, "Pulumi.dev.yaml": "config: {}"})
    result = run("convert", "compose", "compose.yaml")
    assert (result.code, result.errors[0].split(".")[0]) == (2, "Pulumi")
    assert run("convert", "compose", "compose.yaml", "--force").code == 0


def test_the_region_of_an_agno_project_is_the_default(run: Run, agno: Path) -> None:
    assert run("convert", "agno-infra", ".", "--account-id", "111122223333").code == 0
    assert read_stack(agno, "dev").platform["aws"] == {"region": "eu-west-1", "account_id": "111122223333"}


def test_help_loads_no_reader_of_a_format() -> None:
    check = "import sys, automation.cli.main; print([name for name in sys.modules if name.startswith('automation.convert')])"
    process = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"
