"""Rollback: the update to return to, its configuration, and values that keep their current state."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from automation.day2 import rollback
from automation.day2.history import inherited_config, last_successful_update, restored_config, rollback_target
from automation.deploy import Deployment, Update
from automation.plan.inventory import Value
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw

KEY = "agent-platform:KEY"
SEALED = {"secure": "v1:now="}


def update(
    version: int, platform: object = "{}", kind: str = "update", result: str = "succeeded", **config: str
) -> Update:
    text = platform if isinstance(platform, str) else json.dumps(platform, sort_keys=True)
    when = datetime(2031, 5, version, 12, 30, tzinfo=UTC)
    return Update(version, kind, result, when, 1.0, {}, f"up by {version}", "", {PLATFORM_KEY: text, **config})


ONE, TWO, THREE = update(1, '{"a":1}'), update(2, '{"a":2}'), update(3, '{"a":3}')


def refusal(history: list[Update], to: int | None = None) -> str:
    with pytest.raises(InvalidConfiguration) as refused:
        rollback_target("prod", history, to)
    return str(refused.value)


def test_the_target_is_the_update_before_the_last() -> None:
    assert rollback_target("prod", [THREE, TWO, ONE], None) is TWO


def test_after_a_failed_update_the_target_is_the_last_successful_one() -> None:
    assert rollback_target("prod", [update(3, '{"a":3}', result="failed"), TWO, ONE], None) is TWO


def test_an_update_with_the_same_platform_is_no_target() -> None:
    assert rollback_target("prod", [update(3, '{"a":2}'), TWO, ONE], None) is ONE


def test_a_refresh_and_a_destroy_are_no_targets() -> None:
    history = [THREE, update(2, '{"a":2}', kind="destroy"), update(1, '{"a":1}', kind="refresh")]
    problem = "prod has no earlier successful update with another configuration; successful: 3"
    assert refusal(history) == f"stack: {problem}."


def test_an_update_is_found_by_its_number() -> None:
    assert rollback_target("prod", [THREE, TWO, ONE], 1) is ONE


@pytest.mark.parametrize("to", [2, 9])
def test_a_failed_or_unknown_number_is_refused_with_the_successful_ones(to: int) -> None:
    message = refusal([THREE, update(2, '{"a":2}', result="failed"), ONE], to)
    problem, fix = f"prod has no successful update {to}; successful: 1 and 3", "Use the number of a successful update"
    assert message == f"--to: {problem}. {fix}."


def test_a_stack_without_a_successful_update_has_no_target() -> None:
    assert "no update has succeeded" in refusal([update(1, result="failed")], 1)
    with pytest.raises(InvalidConfiguration, match="has no successful update"):
        last_successful_update("prod", [update(1, result="failed")])


def test_a_secret_keeps_its_current_value() -> None:
    current: Raw = {PLATFORM_KEY: {"a": 2}, KEY: SEALED, "agent-platform:NEW": SEALED}
    earlier = update(1, {"a": 1}, **{KEY: "[secret]", "agent-platform:GONE": "[secret]"})
    assert restored_config(current, earlier) == {PLATFORM_KEY: {"a": 1}, KEY: SEALED, "agent-platform:NEW": SEALED}


def test_a_secret_is_not_replaced_by_an_earlier_plain_value() -> None:
    assert restored_config({KEY: SEALED}, update(1, **{KEY: "open"}))[KEY] == SEALED


def test_other_keys_are_restored() -> None:
    current: Raw = {"aws:skip": True, "new": "x", PLATFORM_KEY: {"a": 2}}
    assert restored_config(current, update(1, {"a": 1}, **{"aws:skip": "true", "old": '["*"]', "text": "{no json"})) == {
        "aws:skip": True, PLATFORM_KEY: {"a": 1}, "old": ["*"], "text": "{no json",
    }  # fmt: skip


def test_the_expiry_of_an_ephemeral_stack_is_not_restored() -> None:
    assert restored_config({}, update(1, **{"agent-platform:expires_at": "2031-01-01"})) == {PLATFORM_KEY: {}}


def test_values_inherited_from_the_project_are_not_written_into_the_stack_file() -> None:
    project: Raw = {
        "config": {"a": {"value": ["*"]}, "b": {"default": "x"}, "c": {"description": "said"}, "d": "short"}
    }
    inherited = inherited_config(project)
    assert inherited == {"a": ["*"], "b": "x", "c": None, "d": "short"}
    earlier = update(1, a='["*"]', b="other", d="short")
    assert restored_config({}, earlier, inherited) == {PLATFORM_KEY: {}, "b": "other"}


class FakeDeployment(Deployment):
    """Deployment with a given history."""

    def __init__(self, folder: Path, history: tuple[Update, ...]) -> None:
        super().__init__("prod", folder)
        self.recorded = history

    def history(self) -> tuple[Update, ...]:
        return self.recorded


def deployment(folder: Path, platform: Raw, *history: Update, **config: Value) -> Deployment:
    text = "# owned by the platform team\n" + yaml.safe_dump({"config": {PLATFORM_KEY: platform, **config}})
    (folder / "Pulumi.prod.yaml").write_text(text, encoding="utf-8")
    (folder / "Pulumi.yaml").write_text("name: agent-platform\n", encoding="utf-8")
    return FakeDeployment(folder, history)


WITH_SECRET = with_values(BASE, {"services.web.secrets": ["KEY"]})
NEWER_IMAGE = with_values(BASE, {"services.web.image": "ghcr.io/acme/web:2.0"})


def test_the_proposal_names_the_update_that_it_restores(tmp_path: Path) -> None:
    proposal = rollback(deployment(tmp_path, NEWER_IMAGE, update(2, NEWER_IMAGE), update(1, BASE), **{KEY: SEALED}))
    assert [line for line in proposal.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        "-        image: ghcr.io/acme/web:2.0",
        "+        image: ghcr.io/acme/web:1.0",
    ]
    assert proposal.notes == (
        "update 1 of 2031-05-01 12:30 UTC: up by 1",
        "secrets keep their current values: agent-platform:KEY",
    )
    assert proposal.after.startswith("# owned by the platform team\n")


def test_a_secret_of_the_earlier_update_without_a_current_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"KEY.*has no value"):
        rollback(deployment(tmp_path, BASE, update(2, BASE), update(1, WITH_SECRET, **{KEY: "[secret]"})))


def test_an_earlier_configuration_that_is_no_longer_valid_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="colour"):
        rollback(deployment(tmp_path, BASE, update(2, BASE), update(1, {**BASE, "colour": "blue"})))
