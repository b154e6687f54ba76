"""The command line: plans that can be read, mistakes that are sentences, nothing loaded that is not needed."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from automation.cli.main import MISTAKEN, main
from automation.plan.docs.schema import SCHEMA_FILE, schema_text
from automation.plan.spec_keys import BASE
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY
from providers.contract.spec.defaults import Raw

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit code."""

    out: str
    errors: list[str]
    code: object


Run = Callable[..., Told]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the real program and the small stack `trial`, as the working directory."""
    (tmp_path / "__main__.py").write_text((ROOT / "__main__.py").read_text(encoding="utf-8"), encoding="utf-8")
    write(tmp_path, "trial", with_values(BASE, {"services.web.secrets": ["API_KEY"]}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, stack: str, platform: Raw) -> None:
    text = yaml.safe_dump({"config": {PLATFORM_KEY: platform}})
    (folder / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> Told:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, errors = capsys.readouterr()
        return Told(out, errors.splitlines(), end.value.code)

    return command


def test_a_plan_shows_rooms_resources_and_chain(run: Run) -> None:
    told = run("plan", "trial")
    assert told.code == 0
    assert told.out.startswith("AgentPlatform  trial, development on aws us-west-2")
    assert "ec2:Vpc  trial-network  10.20.0.0/16" in told.out
    assert "Longest deploy chain  typically" in told.out


def test_a_piped_plan_has_no_colours(run: Run) -> None:
    assert "\x1b" not in run("plan", "trial").out


def test_no_line_of_a_piped_plan_ends_in_blanks(run: Run) -> None:
    assert [line for line in run("plan", "trial").out.splitlines() if line.endswith("  ")] == []


def test_a_missing_secret_is_told_with_the_command_that_sets_it(run: Run) -> None:
    told = run("plan", "trial")
    assert told.code == 0
    assert "API_KEY: pulumi config set --stack trial --secret agent-platform:API_KEY" in told.out


def test_an_accepted_risk_is_told_with_its_reason(folder: Path, run: Run) -> None:
    risky = {
        "profile": "production",
        "services.web.image": "web@sha256:" + "5" * 64,
        "services.web.replicas": {"min": 1, "max": 2},
        "accept_risk": {"services.web.replicas.min": "a trial of one week"},
    }
    write(folder, "risky", with_values(BASE, risky))
    assert "services.web.replicas.min: 1 stands in one zone only" in run("plan", "risky").out
    (risk,) = json.loads(run("plan", "risky", "--json").out)["acceptedRisks"]
    assert risk["reason"] == "a trial of one week"


def test_an_approximation_is_told(folder: Path, run: Run) -> None:
    write(folder, "noted", with_values(BASE, {"recovery.standby_region": "us-east-1"}))
    assert 'recovery.standby_region: "us-east-1" becomes a note' in run("plan", "noted").out


def test_json_is_the_inventory_and_its_notes(run: Run) -> None:
    told = json.loads(run("plan", "trial", "--json").out)
    assert (told["stack"], told["cloud"], told["region"], told["profile"]) == (
        "trial",
        "aws",
        "us-west-2",
        "development",
    )
    assert told["missingSecrets"] == ["API_KEY"]
    assert set(told) >= {"resources", "outputs", "adjustments", "acceptedRisks", "chain"}
    assert told["chain"]["minutes"] == pytest.approx(sum(step["minutes"] for step in told["chain"]["steps"]), abs=0.01)


def test_json_holds_no_secret(folder: Path, run: Run) -> None:
    document = {
        PLATFORM_KEY: with_values(BASE, {"services.web.secrets": ["API_KEY"]}),
        "agent-platform:API_KEY": "hunter2",
    }
    (folder / "Pulumi.open.yaml").write_text(yaml.safe_dump({"config": document}), encoding="utf-8")
    told = run("plan", "open", "--json").out
    assert "hunter2" not in told
    assert "[secret]" in told


def test_unknown_mode_leaves_what_the_cloud_computes_unknown(run: Run) -> None:
    assert "[unknown]" in run("plan", "trial", "--json", "--unknown").out
    assert "[unknown]" not in run("plan", "trial", "--json").out


def test_a_stack_can_be_planned_on_another_cloud(run: Run) -> None:
    told = run("plan", "trial", "--cloud", "docker")
    assert told.code == 0
    assert "trial, development on docker local" in told.out


def test_two_stacks_are_compared_room_by_room(folder: Path, run: Run) -> None:
    write(folder, "larger", with_values(BASE, {"network.zones": 3, "network.cidr": "10.40.0.0/16"}))
    told = run("plan", "trial", "--diff", "larger").out
    assert told.startswith("trial on aws -> larger on aws")
    assert 'cidrBlock: "10.20.0.0/16" -> "10.40.0.0/16"' in told
    assert "+ only larger on aws: " in told
    assert "Keys  4  the same" in told


def test_a_comparison_can_be_had_as_json(folder: Path, run: Run) -> None:
    write(folder, "larger", with_values(BASE, {"network.cidr": "10.40.0.0/16"}))
    told = json.loads(run("plan", "trial", "--diff", "larger", "--json").out)
    assert told["right"] == {"stack": "larger", "cloud": "aws"}
    (network,) = [component for component in told["components"] if component["component"] == "Network"]
    assert "cidrBlock" in {change["path"] for change in network["changes"]}


def test_a_cloud_can_be_compared_with(run: Run) -> None:
    assert run("plan", "trial", "--diff", "aws").out.startswith("trial on aws -> trial on aws")


def test_an_unknown_comparison_names_what_there_is(run: Run) -> None:
    told = run("plan", "trial", "--diff", "trail")
    assert told.code == MISTAKEN
    assert told.errors == [
        '--diff: "trail" is neither a stack nor a cloud (did you mean trial); '
        "the stacks here are trial, the clouds aws, gcp, azure and docker."
    ]


def test_an_unknown_stack_names_those_there_are(run: Run) -> None:
    told = run("plan", "trail")
    assert (told.code, told.out) == (MISTAKEN, "")
    assert told.errors == [
        'stack: "trail" has no file Pulumi.trail.yaml (did you mean trial); the stacks here are trial.'
    ]


def test_every_mistake_of_a_file_is_one_sentence(folder: Path, run: Run) -> None:
    write(
        folder, "bad", with_values(BASE, {"cloud": "awz", "databse": {}, "services.web.replicas": {"min": 5, "max": 2}})
    )
    told = run("plan", "bad")
    assert (told.code, told.out) == (MISTAKEN, "")
    assert [line.partition(":")[0] for line in told.errors] == ["cloud", "databse", "services.web.replicas"]


def test_a_bad_configuration_is_answered_before_an_sdk_is_loaded(folder: Path) -> None:
    write(folder, "bad", with_values(BASE, {"network.zones": 9}))
    program = (
        "import sys\nfrom automation.cli.main import main\n"
        "try:\n    main(['plan', 'bad'])\n"
        "finally:\n    print({name for name in sys.modules if name.partition('.')[0] in ('pulumi', 'pulumi_aws', 'rich')})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (ended.returncode, ended.stdout.decode()) == (MISTAKEN, "set()\n")


def test_the_schema_is_printed(run: Run) -> None:
    assert run("config", "schema").out == schema_text()


def test_a_document_is_written_under_docs(folder: Path, run: Run) -> None:
    (folder / "docs").mkdir()
    assert run("config", "schema", "--write").out == f"wrote {SCHEMA_FILE}\n"
    assert (folder / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text()


def test_a_document_without_a_place_is_one_sentence(run: Run) -> None:
    told = run("config", "schema", "--write")
    assert told.code == MISTAKEN
    assert told.errors == [f'--write: "{SCHEMA_FILE}" has no folder here; run this in the project\'s folder.']


def test_the_module_is_the_command(folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "automation", "plan", "nowhere"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    assert ended.returncode == MISTAKEN
    assert ended.stderr.decode().startswith('stack: "nowhere" has no file')
