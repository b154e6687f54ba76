"""Workflows: pinned actions, minimal permissions, untrusted input only as data, and commands that exist."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import yaml

from automation.cli.main import main
from tests.planning import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yaml"))
ACTIONS = sorted((GITHUB / "actions").rglob("action.yaml"))
CODE_BLOCK = GITHUB / "scripts" / "code_block.py"
LOCAL_ACTION = "./.github/actions/stack"
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
COMMAND = re.compile(r"agent-platform ([a-z]+(?: install)?)")
WRITE_PERMISSIONS = {
    ("plan-comment", "comment"): {"pull-requests"},
    ("staging", "propose"): {"contents"},
    ("drift", "report"): {"issues"},
}
"""Write permissions by workflow and job."""

Node = dict[str, object]


@dataclass(frozen=True)
class Job:
    """Job of a workflow."""

    workflow: str
    name: str
    body: Node

    def __str__(self) -> str:
        return f"{self.workflow}-{self.name}"

    @property
    def steps(self) -> list[Node]:
        return cast("list[Node]", self.body["steps"])

    @property
    def permissions(self) -> dict[str, str]:
        return cast("dict[str, str]", self.body.get("permissions"))

    @property
    def scripts(self) -> str:
        return "\n".join(str(step["run"]) for step in self.steps if "run" in step)


def loaded(path: Path) -> Node:
    # YAML 1.1 reads the key `on` as a boolean
    document = cast("dict[object, object]", yaml.safe_load(path.read_text(encoding="utf-8")))
    return {"on" if key is True else str(key): value for key, value in document.items()}


def jobs() -> Iterator[Job]:
    for path in WORKFLOWS:
        for name, body in cast("dict[str, Node]", loaded(path)["jobs"]).items():
            yield Job(path.stem, name, body)


JOBS = list(jobs())
CLOUD_JOBS = [job for job in JOBS if "id-token" in job.permissions]
"""Jobs that authenticate to a cloud."""


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_action_is_pinned_by_full_digest_with_its_version(path: Path) -> None:
    used = [
        line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line) and line != f"uses: {LOCAL_ACTION}"] == []


def test_an_action_has_the_same_digest_in_every_workflow() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in [*WORKFLOWS, *ACTIONS])
    used = set(re.findall(r"uses: ([\w./-]+)@(\w+) # (\S+)", text))
    assert len(used) == len({action for action, _, _ in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_grants_no_permissions_outside_its_jobs(path: Path) -> None:
    workflow = loaded(path)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]
    assert workflow["defaults"] == {"run": {"shell": "bash"}}
    assert "pull_request_target" not in cast("Node", workflow["on"])


@pytest.mark.parametrize("job", JOBS, ids=str)
def test_a_job_has_only_the_listed_write_permissions(job: Job) -> None:
    writes = {scope for scope, right in job.permissions.items() if right == "write"}
    assert writes - {"id-token"} == WRITE_PERMISSIONS.get((job.workflow, job.name), set())
    assert set(job.permissions) <= {"contents", "id-token", "actions", "pull-requests", "issues"}


@pytest.mark.parametrize("job", JOBS, ids=str)
def test_a_job_with_cloud_credentials_has_no_write_permission(job: Job) -> None:
    assert not ("id-token" in job.permissions and (job.workflow, job.name) in WRITE_PERMISSIONS)


@pytest.mark.parametrize("job", JOBS, ids=str)
def test_every_job_has_a_timeout(job: Job) -> None:
    assert 0 < cast("int", job.body["timeout-minutes"]) <= 90


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_script_contains_an_expression(path: Path) -> None:
    document = loaded(path)
    steps = [step for job in JOBS if job.workflow == path.stem for step in job.steps]
    steps += cast("list[Node]", cast("Node", document.get("runs", {})).get("steps", []))
    assert steps
    assert [step for step in steps if "${{" in str(step.get("run", ""))] == []


@pytest.mark.parametrize("job", JOBS, ids=str)
def test_no_checkout_persists_credentials(job: Job) -> None:
    checkouts = [cast("Node", step["with"]) for step in job.steps if "actions/checkout@" in str(step.get("uses"))]
    assert all(inputs["persist-credentials"] is False for inputs in checkouts)


@pytest.mark.parametrize("job", JOBS, ids=str)
def test_only_the_step_that_runs_the_engine_has_secrets(job: Job) -> None:
    holders = [step for step in job.steps if "secrets." in json.dumps(step)]
    assert "secrets." not in json.dumps({key: value for key, value in job.body.items() if key != "steps"})
    for step in holders:
        assert "agent-platform" in str(step["run"])
        assert "secrets." not in str(step["run"])
    assert len(holders) == (1 if job in CLOUD_JOBS else 0)


@pytest.mark.parametrize("job", CLOUD_JOBS, ids=str)
def test_a_cloud_job_runs_in_an_environment_and_only_with_a_backend(job: Job) -> None:
    assert re.fullmatch(r"(staging|prod|\$\{\{ matrix\.stack \}\})(-read)?", str(job.body["environment"]))
    assert "vars.PULUMI_BACKEND_URL != ''" in str(job.body.get("if")) or "needs" in job.body


@pytest.mark.parametrize("job", CLOUD_JOBS, ids=str)
def test_only_main_changes_a_stack_and_one_run_at_a_time(job: Job) -> None:
    changed = re.findall(r'agent-platform (?:up|sweep)(?: "\$STACK")?', job.scripts)
    assert bool(changed) == (not str(job.body["environment"]).endswith("-read"))
    if not changed:
        return
    workflow = loaded(GITHUB / "workflows" / f"{job.workflow}.yaml")
    assert "pull_request" not in cast("Node", workflow["on"])
    first = job if "needs" not in job.body else next(j for j in JOBS if str(j) == f"{job.workflow}-{job.body['needs']}")
    assert "github.ref == 'refs/heads/main'" in str(first.body["if"])
    stack = cast("Node", job.body.get("env", {})).get("STACK")
    group = cast("Node", job.body.get("concurrency") or workflow["concurrency"])
    assert group == {"group": f"stack-{stack}" if stack else job.workflow, "cancel-in-progress": False}


def test_a_plan_has_no_credentials() -> None:
    text = (GITHUB / "workflows" / "plan.yaml").read_text(encoding="utf-8")
    assert [word for word in ("secrets.", "vars.", "id-token", "github.token", "environment:") if word in text] == []


def test_the_comment_runs_no_code_of_the_pull_request_and_gets_its_number_from_github() -> None:
    (job,) = (job for job in JOBS if job.workflow == "plan-comment")
    refs = [cast("Node", step["with"])["ref"] for step in job.steps if "actions/checkout@" in str(step.get("uses"))]
    assert refs == ["${{ github.event.repository.default_branch }}"]
    assert job.scripts.count("untrusted") == 1
    title = "Plan of $HEAD_SHA, [report and evidence]($RUN#artifacts)"
    assert f'code_block.py plan "{title}" < "$plan"' in job.scripts
    environment = [cast("Node", step["env"]) for step in job.steps if "code_block.py" in str(step.get("run"))]
    assert [each["RUN"] for each in environment] == ["${{ github.event.workflow_run.html_url }}"]


def test_a_plan_compares_the_report_with_main_and_keeps_it_as_an_artifact() -> None:
    (job,) = (job for job in JOBS if job.workflow == "plan")
    assert 'report "$stack" --bundle "$OLDPWD/output/$stack.main.zip"' in job.scripts
    assert 'compare=(--diff "output/$stack.main.zip" --changes)' in job.scripts
    uploads = [cast("Node", step["with"]) for step in job.steps if "upload-artifact@" in str(step.get("uses"))]
    paths = {str(each["name"]): str(each["path"]).split() for each in uploads}
    # the job that comments reads the text alone
    assert paths == {"plan": ["output/plan.txt"], "report": ["output/*.html", "output/*.zip"]}


def used() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in [*WORKFLOWS, *ACTIONS])
    return set(COMMAND.findall(text))


@pytest.mark.parametrize("command", sorted(used()))
def test_every_command_of_a_workflow_exists(command: str) -> None:
    with pytest.raises(SystemExit) as end:
        main([*command.split(), "--help"])
    assert end.value.code == 0


def test_the_guide_names_every_workflow_variable_and_secret() -> None:
    guide = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    names = {*re.findall(r"(?:vars|secrets)\.([A-Z_]+)", text), *(path.name for path in WORKFLOWS)}
    assert [name for name in sorted(names) if f"`{name}`" not in guide] == []


def body(kind: str, title: str, text: bytes) -> str:
    ended = subprocess.run([sys.executable, CODE_BLOCK, kind, title], input=text, capture_output=True, check=True)
    return ended.stdout.decode()


def test_a_text_cannot_leave_its_code_block() -> None:
    result = body("plan", "Plan", b"a\n````\n@everyone <script>\n```\n")
    assert result == "<!-- agent-platform: plan -->\nPlan\n\n`````diff\na\n````\n@everyone <script>\n```\n`````\n"


def test_a_text_is_truncated_to_the_maximum_of_a_comment() -> None:
    result = body("plan", "Plan", b"x" * 300_000)
    assert len(result) < 65_536
    assert "truncated" in result


def test_colours_and_characters_that_hide_text_are_removed() -> None:
    assert "\nred and\tplain\n" in body("plan", "Plan", "\x1b[31mred\x1b[0m and\t\u202eplain\u200b\x07\n".encode())


def test_invalid_bytes_are_replaced() -> None:
    assert "\ufffd" in body("plan", "Plan", b"\xff\xfe")


def linter(name: str) -> str:
    """Return the path of a linter; skip the test when it is not installed."""
    path = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on PATH")
    return path


@pytest.mark.parametrize(
    "command", [["actionlint"], ["zizmor", "--offline", "--quiet", "--persona=auditor", ".github"]]
)
def test_the_linters_report_nothing(command: list[str]) -> None:
    ended = subprocess.run([linter(command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_tests_run_on_the_oldest_supported_python_and_on_a_newer_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    workflow = yaml.safe_load((GITHUB / "workflows" / "test.yaml").read_text(encoding="utf-8"))
    versions = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert versions[0] == oldest and len(versions) > 1


SELECTED = {
    "tests/policy_pack": ("long-test", "long"),
    "tests/automation/test_report_browser.py": ("long-test", "long"),
    "tests/aws/test_live_account.py": ("long-test", "long"),
}
"""Tests that need a program beside Python: the target of the Makefile that runs them, and its selection by marker."""


@pytest.mark.parametrize("path", SELECTED)
def test_every_test_that_needs_another_program_is_selected_in_ci(path: str) -> None:
    target, marker = SELECTED[path]
    recipes = dict(re.findall(r"^([a-z-]+):.*\n\t(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert f"-m {marker}" in recipes[target].replace('"', "")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-m",
        marker,
    ]
    process = subprocess.run([*command, path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout
    assert "deselected" not in process.stdout


def test_ci_installs_what_these_tests_need_before_it_runs_them() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    steps = [run.index(step) for step in (".ci/tools\n", "make policies\n", "make test\n", "make long-test\n")]
    assert steps == sorted(steps)
    tools = (ROOT / ".ci" / "tools").read_text(encoding="utf-8")
    assert all(name in tools for name in ("chromium", "axe-core", "moto[server]", "awscli"))
