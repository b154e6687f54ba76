"""Examples to start from: every one is planned on every target, and has what it needs to be built and run."""

import ast
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from agent_platform.testing import record
from automation.engine.checks.project import check_secrets
from automation.plan.build import plan_of
from automation.stack.document import StackDocument, read_stack
from providers import AVAILABLE
from providers.contract.json_data import is_mapping
from tests.automation.check_inputs import check_input
from tests.engine.project import engine_path, missing_engine
from tests.planning import ROOT

EXAMPLES = ROOT / "examples"
STACKS = sorted(EXAMPLES.glob("*/Pulumi.dev.yaml"))
PRESETS = {
    "hello_agent": {"fastapi"},
    "hello_agentos": {"agentos"},
    "streamlit_page": {"streamlit", "fastapi"},
    "django_celery": {"django", "celery"},
    "agent_os": {"agentos", "fastapi", "celery", "streamlit"},
}
TEMPLATE = EXAMPLES / "template"
ENVIRONMENT = EXAMPLES / "esc" / "acme-agents-prod.yaml"


def test_there_is_an_example_of_every_preset() -> None:
    apps = {
        path.parent.name: {each.app for each in read_stack(path.parent, "dev").spec.services.values()}
        for path in STACKS
    }
    assert apps == PRESETS


@pytest.mark.parametrize("cloud", AVAILABLE)
@pytest.mark.parametrize("example", PRESETS)
def test_an_example_is_planned_on_every_target(example: str, cloud: str) -> None:
    plan = plan_of(read_stack(EXAMPLES / example, "dev", cloud), EXAMPLES / example)
    services = read_stack(EXAMPLES / example, "dev").spec.services
    names = {resource.name for resource in plan.inventory.resources}
    assert all(any(service in name for name in names) for service in services)


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.parent.name)
def test_every_image_of_an_example_can_be_built(path: Path) -> None:
    for service in read_stack(path.parent, "dev").spec.services.values():
        assert service.build is not None
        context = path.parent / service.build.context
        dockerfile = (context / service.build.dockerfile).read_text(encoding="utf-8")
        assert "USER 65532" in dockerfile or "USER 10001" in dockerfile
        copied = [
            line.split()[1] for line in dockerfile.splitlines() if line.startswith("COPY ") and "--from" not in line
        ]
        assert copied and all(list(context.glob(source)) for source in copied)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/**/*.py")), ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_the_code_of_an_example_is_valid(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"))


def test_the_template_declares_a_platform() -> None:
    project = yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text(encoding="utf-8"))
    defaults = {
        key if ":" in key else f"agents:{key}": str(each["default"])
        for key, each in project["template"]["config"].items()
    }
    code = compile((TEMPLATE / "__main__.py").read_text(encoding="utf-8"), "__main__.py", "exec")
    plan = record(lambda: exec(code, {}), project="agents", stack="dev", config=defaults)  # noqa: S102
    assert plan.one("agents-dev-compute-gateway", "ecs:Service")
    assert plan.outputs["url"]


@pytest.mark.skipif(bool(missing_engine()), reason=missing_engine())
def test_pulumi_new_creates_a_project_from_the_template(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": f"{engine_path()}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "PULUMI_HOME": str(home),
                   "PULUMI_BACKEND_URL": f"file://{home}", "PULUMI_SKIP_UPDATE_CHECK": "1"}  # fmt: skip
    folder = tmp_path / "project"
    folder.mkdir()
    command = [
        "pulumi",
        "new",
        str(TEMPLATE),
        "--generate-only",
        "--yes",
        "--name",
        "my-agents",
        "--description",
        "Mine",
    ]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert "Created project 'my-agents'" in result.stdout, result.stderr
    assert {path.name for path in folder.iterdir()} >= {"Pulumi.yaml", "__main__.py", "requirements.txt", ".gitignore"}
    assert yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"] == "my-agents"


def test_secrets_of_an_esc_environment_are_not_missing(tmp_path: Path) -> None:
    stack_file = (EXAMPLES / "hello_agentos" / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(stack_file + "environment: [acme/agents-prod]\n", encoding="utf-8")
    stack = StackDocument.load(path).stack("dev", "aws")
    assert (stack.secrets_to_set, stack.generated_secrets) == ((), ())
    assert stack.environment_secrets == ("OPENAI_API_KEY", "OS_SECURITY_KEY")
    finding = check_secrets(check_input(path), stack)
    assert finding.observed == "expected in the environments of the stack file: OPENAI_API_KEY and OS_SECURITY_KEY"
    without = StackDocument.parse(stack_file, path).stack("dev", "aws")
    assert without.secrets_to_set == ("OPENAI_API_KEY", "OS_SECURITY_KEY")


def test_the_esc_environment_has_the_secrets_of_production() -> None:
    values = yaml.safe_load(ENVIRONMENT.read_text(encoding="utf-8"))["values"]
    spec = read_stack(ROOT, "prod").spec
    assert set(values["pulumiConfig"]) == {f"agent-platform:{name}" for name in spec.secrets}
    references = set(values["keys"]["fn::open::aws-secrets"]["get"])
    assert {text.removeprefix("${keys.").rstrip("}") for text in values["pulumiConfig"].values()} == references


def test_the_dev_container_runs_commands_of_the_makefile() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert is_mapping(container) and "image" in container
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = str(container["postCreateCommand"]).split(" && ")
    assert commands == ["make .venv/.development", "make plan"]
    assert "$(VENV)/.development:" in targets and "\nplan:" in targets
