"""The command line: plans, comparisons, errors, exit codes, and what it imports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from automation.cli.engine import engine
from automation.cli.main import app, config
from automation.cli.secret import secret
from automation.cli.session import ExitCode
from automation.plan.docs.schema import SCHEMA_FILE, schema_text
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from components.configuration import PLATFORM_KEY
from tests.automation.command_line import Run, runner, write_project, write_stack_file

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the real program and the small stack `trial`, as the working directory."""
    write_project(tmp_path, "trial", with_values(BASE, {"services.web.secrets": ["API_KEY"]}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def test_a_plan_shows_components_resources_and_chain(run: Run) -> None:
    result = run("plan", "trial", "--full")
    assert result.code == 0
    assert result.out.startswith("AgentPlatform  trial, development on aws us-west-2")
    assert "ec2:Vpc  trial-network  10.20.0.0/16" in result.out
    assert "Longest deploy chain  typically" in result.out


def test_a_piped_plan_has_no_colours(run: Run) -> None:
    assert "\x1b" not in run("plan", "trial").out + run("plan", "trial", "--full").out


def test_no_line_of_a_piped_plan_has_trailing_spaces(run: Run) -> None:
    output = run("plan", "trial").out + run("plan", "trial", "--full").out
    assert [line for line in output.splitlines() if line.endswith("  ")] == []


def test_a_missing_secret_is_shown_with_the_command_that_sets_it(run: Run) -> None:
    result = run("plan", "trial")
    assert result.code == 0
    assert "  agent-platform secret set trial API_KEY" in result.out
    assert "API_KEY: agent-platform secret set trial API_KEY" in run("plan", "trial", "--full").out


def test_an_accepted_risk_is_shown_with_its_reason(folder: Path, run: Run) -> None:
    risky = {
        "profile": "production",
        "services.web.image": "web@sha256:" + "5" * 64,
        "services.web.replicas": {"min": 1, "max": 2},
        "accept_risk": {"services.web.replicas.min": "a trial of one week"},
    }
    write_stack_file(folder, "risky", with_values(BASE, risky))
    assert "services.web.replicas.min: 1 replica runs in a single zone. Accepted:" in run("plan", "risky", "--full").out
    assert "1 replica runs in a single zone; a trial of one week" in run("plan", "risky").out
    (risk,) = json.loads(run("plan", "risky", "--json").out)["acceptedRisks"]
    assert risk["reason"] == "a trial of one week"


def test_adjustments_are_grouped_by_effect(folder: Path, run: Run) -> None:
    write_stack_file(folder, "noted", with_values(BASE, {"recovery.standby_region": "us-east-1"}))
    notes = json.loads(run("plan", "noted", "--json").out)["adjustments"]
    (note,) = [note for note in notes if note["key"].startswith("recovery.")]
    assert (note["key"], note["requested"], note["written"]) == ("recovery.standby_region", "us-east-1", True)
    assert set(note) == {"key", "requested", "effect", "reason", "written"}
    titles = {"ignored": "Ignored settings", "adjusted": "Adjusted settings", "partial": "Partially applied settings"}
    lines = run("plan", "noted", "--brief").out.splitlines()
    heading = lines.index(titles[note["effect"]])
    assert lines[heading + 1].startswith("└── recovery.standby_region: ")


def test_adjustments_of_default_values_are_shown_with_full_only(folder: Path, run: Run) -> None:
    platform = with_values(BASE, {"cache": {}, "services.web.uses": ["cache"]})
    write_stack_file(folder, "defaults", platform)
    notes = json.loads(run("plan", "defaults", "--json").out)["adjustments"]
    hidden = [note["key"] for note in notes if not note["written"]]
    assert hidden
    brief, full = run("plan", "defaults", "--brief").out, run("plan", "defaults", "--full").out
    assert all(f"── {key}: " in full and f"── {key}: " not in brief for key in hidden)
    assert "adjusted; --full lists them" in brief
    assert "--full" not in full


def test_exit_codes_are_listed_in_the_help(run: Run) -> None:
    text = " ".join(run("--help").out.split())
    assert "Exit codes: 0 success; 1 the operation failed" in text
    assert all(f"{code.value} {code.meaning}".split("`")[0].strip() in text for code in ExitCode)


def test_every_help_text_begins_with_a_verb() -> None:
    commands = [command.callback for group in (app, config, engine, secret) for command in group.registered_commands]
    first_words = {(callback.__doc__ or "").split()[0] for callback in commands if callback}
    assert first_words <= {
        "Check", "Delete", "Deploy", "Destroy", "Encrypt", "Estimate", "Generate", "Install", "List", "Log", "Open", "Print", "Recover", "Release", "Replace",
        "Restore", "Return", "Run", "Show", "Store", "Update", "Write",
    }  # fmt: skip


def test_json_has_the_inventory_adjustments_and_chain(run: Run) -> None:
    result = json.loads(run("plan", "trial", "--json").out)
    assert (result["stack"], result["cloud"], result["region"], result["profile"]) == (
        "trial",
        "aws",
        "us-west-2",
        "development",
    )
    assert result["missingSecrets"] == ["API_KEY"]
    assert set(result) >= {"resources", "outputs", "adjustments", "acceptedRisks", "chain"}
    assert result["chain"]["minutes"] == pytest.approx(
        sum(step["minutes"] for step in result["chain"]["steps"]), abs=0.01
    )


def test_json_has_no_secret(folder: Path, run: Run) -> None:
    document = {
        PLATFORM_KEY: with_values(BASE, {"services.web.secrets": ["API_KEY"]}),
        "agent-platform:API_KEY": {"secure": "v1:hunter2"},
    }
    (folder / "Pulumi.open.yaml").write_text(yaml.safe_dump({"config": document}), encoding="utf-8")
    result = run("plan", "open", "--json").out
    assert "hunter2" not in result
    assert "[secret]" in result


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--diff", "docker"), ("--unknown",)], ids=" ".join)
@pytest.mark.parametrize(
    ("changes", "beside", "message"),
    [
        (
            {"services.web.secrets": ["API_KEY"]},
            {"agent-platform:API_KEY": "hunter2"},
            "agent-platform:API_KEY: a secret in clear text. Remove it and run `agent-platform secret set open API_KEY`.",
        ),
        (
            {"services.web.environment": {"DB_PASSWORD": "hunter2"}},
            {},
            "services.web.environment.DB_PASSWORD: looks like a password. List DB_PASSWORD under services.web.secrets, run "
            "`agent-platform secret set open DB_PASSWORD`, and remove it here.",
        ),
    ],
    ids=["beside the platform", "in the environment"],
)
def test_a_secret_in_clear_text_is_refused_and_not_printed(
    folder: Path,
    run: Run,
    changes: dict[str, object],
    beside: dict[str, object],
    message: str,
    arguments: tuple[str, ...],
) -> None:
    document = {PLATFORM_KEY: with_values(BASE, changes), **beside}
    (folder / "Pulumi.open.yaml").write_text(yaml.safe_dump({"config": document}), encoding="utf-8")
    result = run("plan", "open", *arguments)
    assert (result.code, result.out, result.errors) == (2, "", [message])


def test_unknown_mode_leaves_computed_values_unknown(run: Run) -> None:
    assert "[unknown]" in run("plan", "trial", "--json", "--unknown").out
    assert "[unknown]" not in run("plan", "trial", "--json").out


def test_a_stack_can_be_planned_on_another_cloud(run: Run) -> None:
    result = run("plan", "trial", "--cloud", "docker")
    assert result.code == 0
    assert result.out.startswith("trial  development on docker local")
    assert "set `cloud: docker` in Pulumi.trial.yaml" in result.out


def test_two_stacks_are_compared_by_component(folder: Path, run: Run) -> None:
    write_stack_file(folder, "larger", with_values(BASE, {"network.zones": 3, "network.cidr": "10.40.0.0/16"}))
    result = run("plan", "trial", "--diff", "larger").out
    assert result.startswith("trial on aws -> larger on aws")
    assert 'cidrBlock: "10.20.0.0/16" -> "10.40.0.0/16"' in result
    assert "+ only larger on aws: " in result
    assert "Keys  4  no difference" in result


def test_a_comparison_is_available_as_json(folder: Path, run: Run) -> None:
    write_stack_file(folder, "larger", with_values(BASE, {"network.cidr": "10.40.0.0/16"}))
    result = json.loads(run("plan", "trial", "--diff", "larger", "--json").out)
    assert (result["right"]["stack"], result["right"]["cloud"]) == ("larger", "aws")
    (network,) = [component for component in result["components"] if component["component"] == "Network"]
    assert "cidrBlock" in {change["path"] for change in network["changes"]}


def test_a_stack_can_be_compared_with_itself_on_another_cloud(run: Run) -> None:
    assert run("plan", "trial", "--diff", "aws").out.startswith("trial on aws -> trial on aws")


def test_an_unknown_comparison_lists_stacks_and_clouds(run: Run) -> None:
    result = run("plan", "trial", "--diff", "trail")
    assert result.code == ExitCode.INVALID
    assert result.errors == [
        "--diff: trail is neither a stack nor a cloud (did you mean trial). Use trial, aws, gcp, azure, docker or kubernetes."
    ]


def test_an_unknown_stack_lists_the_existing_ones(run: Run) -> None:
    result = run("plan", "trail")
    assert (result.code, result.out, len(result.errors)) == (ExitCode.INVALID, "", 1)
    assert "Pulumi.trail.yaml" in result.errors[0]
    assert "did you mean trial" in result.errors[0]


def test_every_error_of_a_file_is_one_line(folder: Path, run: Run) -> None:
    write_stack_file(
        folder, "bad", with_values(BASE, {"cloud": "awz", "databse": {}, "services.web.replicas": {"min": 5, "max": 2}})
    )
    result = run("plan", "bad")
    assert (result.code, result.out) == (ExitCode.INVALID, "")
    assert [line.partition(":")[0] for line in result.errors] == ["cloud", "databse", "services.web.replicas"]


def test_an_invalid_file_is_reported_before_an_sdk_is_loaded(folder: Path) -> None:
    write_stack_file(folder, "bad", with_values(BASE, {"network.zones": 9}))
    program = (
        "import sys\nfrom automation.cli.main import main\n"
        "try:\n    main(['plan', 'bad'])\n"
        "finally:\n    print({name for name in sys.modules if name.partition('.')[0] in ('pulumi', 'pulumi_aws', 'rich')})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (ended.returncode, ended.stdout.decode()) == (ExitCode.INVALID, "set()\n")


def test_the_schema_is_printed(run: Run) -> None:
    assert run("config", "schema").out == schema_text()


def test_a_document_is_written_under_docs(folder: Path, run: Run) -> None:
    (folder / "docs").mkdir()
    assert run("config", "schema", "--write").out == f"wrote {SCHEMA_FILE}\n"
    assert (folder / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text()


def test_a_missing_docs_folder_is_one_message(run: Run) -> None:
    result = run("config", "schema", "--write")
    assert result.code == ExitCode.INVALID
    assert result.errors == ["--write: this folder has no docs/. Run this in the project's folder."]


def test_the_module_is_the_command(folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "automation", "plan", "nowhere"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    assert ended.returncode == ExitCode.INVALID
    assert "Pulumi.nowhere.yaml" in ended.stderr.decode()


def test_a_key_without_effect_beside_the_platform_is_an_ignored_setting(folder: Path, run: Run) -> None:
    document = {PLATFORM_KEY: with_values(BASE, {}), "agent-platform:OLD_TOKEN": {"secure": "v1:abc"}}
    text = yaml.safe_dump({"encryptionsalt": "v1:abc", "config": document})
    (folder / "Pulumi.unused.yaml").write_text(text, encoding="utf-8")
    notes = json.loads(run("plan", "unused", "--json").out)["adjustments"]
    (note,) = [note for note in notes if note["key"].startswith("agent-platform:")]
    assert (note["key"], note["effect"], note["written"]) == ("agent-platform:OLD_TOKEN", "ignored", True)
    assert "v1:abc" not in json.dumps(note)
