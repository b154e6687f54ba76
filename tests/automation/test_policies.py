"""Policy packs of a preview or an update: their options, and the failure of a mandatory policy."""

from pathlib import Path

import pytest
from pulumi.automation import EngineEvent
from pulumi.automation.events import PolicyEvent

from automation.deploy.classification import Evidence, classify
from automation.deploy.engine_events import event_of
from automation.deploy.errors import Failure
from automation.deploy.events import EngineMessage
from automation.deploy.policies import PolicyPacks
from automation.plan.spec_keys import BASE
from providers.contract.diagnostics import InvalidConfiguration
from tests.automation.command_line import runner, write_project

URN = "urn:pulumi:prod::agent-platform::aws:rds/instance:Instance::prod-database"


def pack_in(folder: Path) -> str:
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n", encoding="utf-8")
    return str(folder)


def test_paths_are_absolute_for_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pack_in(tmp_path / "rules")
    (tmp_path / "rules.json").write_text("{}", encoding="utf-8")
    packs = PolicyPacks.at(["rules"], ["rules.json"])
    assert packs.packs == [str(tmp_path / "rules")]
    assert packs.configs == [str(tmp_path / "rules.json")]
    none = PolicyPacks.at([], [])
    assert (none.packs, none.configs) == (None, None)


def test_every_wrong_path_is_refused_at_once(tmp_path: Path) -> None:
    pack = pack_in(tmp_path / "rules")
    with pytest.raises(InvalidConfiguration) as refused:
        PolicyPacks.at([str(tmp_path)], [str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    assert [error.key for error in refused.value.diagnostics] == ["--policy-pack", *["--policy-pack-config"] * 3]
    assert PolicyPacks.at([pack], []).packs == [pack]


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_command_refuses_a_folder_without_a_pack(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(tmp_path, "trial", BASE)
    monkeypatch.chdir(tmp_path)
    result = runner(capsys)(command, "trial", "--policy-pack", "rules")
    problem = "--policy-pack: rules has no PulumiPolicy.yaml. Name the folder of a policy pack."
    assert (result.code, result.errors) == (2, [problem])


@pytest.mark.parametrize(("level", "severity"), [("mandatory", "error"), ("advisory", "warning")])
def test_a_violation_is_a_message_about_its_resource(level: str, severity: str) -> None:
    policy = PolicyEvent(
        message="Data stores have no public address.\npubliclyAccessible: has a public address", color="never",
        policy_name="data-stores-are-private", policy_pack_name="agent-platform", policy_pack_version="0.1.0",
        policy_pack_version_tag="0.1.0", enforcement_level=level, resource_urn=URN,
    )  # fmt: skip
    message = event_of(EngineEvent(sequence=1, timestamp=1, policy_event=policy), 2.0)
    assert isinstance(message, EngineMessage)
    assert (message.severity, message.urn) == (severity, URN)
    text = "policy violation: data-stores-are-private: Data stores have no public address. publiclyAccessible: has a public address"
    assert message.text == text
    failure = classify(Evidence("prod", events=[message]))
    assert (failure.kind is Failure.POLICY) == (level == "mandatory")
    if level == "mandatory":
        assert "data-stores-are-private" in failure.problem
