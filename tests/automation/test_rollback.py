"""The way back: which update, what of its configuration, and what stays as it is now."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
import yaml

from automation.day2 import rollback
from automation.day2.history import inherited_config, last_successful_update, restored_config, rollback_target
from automation.deploy import Deployment, Update
from automation.plan.inventory import Value
from automation.plan.spec_keys import BASE
from automation.stack.keys import with_values
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


def refused(history: list[Update], to: int | None = None) -> str:
    with pytest.raises(InvalidConfiguration) as told:
        rollback_target("prod", history, to)
    return str(told.value)


def test_the_way_back_is_the_update_before_the_last() -> None:
    assert rollback_target("prod", [THREE, TWO, ONE], None) is TWO


def test_after_a_failed_update_the_way_back_is_the_last_that_went_through() -> None:
    assert rollback_target("prod", [update(3, '{"a":3}', result="failed"), TWO, ONE], None) is TWO


def test_updates_with_the_same_platform_are_no_way_back() -> None:
    assert rollback_target("prod", [update(3, '{"a":2}'), TWO, ONE], None) is ONE


def test_what_only_refreshed_or_destroyed_is_no_way_back() -> None:
    history = [THREE, update(2, '{"a":2}', kind="destroy"), update(1, '{"a":1}', kind="refresh")]
    assert "has no earlier configuration to go back to; the successful ones are 3" in refused(history)


def test_an_update_is_found_by_its_number() -> None:
    assert rollback_target("prod", [THREE, TWO, ONE], 1) is ONE


@pytest.mark.parametrize("to", [2, 9])
def test_a_number_that_failed_or_never_was_is_refused_with_those_that_went_through(to: int) -> None:
    told = refused([THREE, update(2, '{"a":2}', result="failed"), ONE], to)
    assert told == f"--to: {to} is no successful update of prod; the successful ones are 1 and 3."


def test_a_stack_that_never_went_through_has_no_way_back() -> None:
    assert "none was successful yet" in refused([update(1, result="failed")], 1)
    with pytest.raises(InvalidConfiguration, match="has no successful update"):
        last_successful_update("prod", [update(1, result="failed")])


def test_a_sealed_value_stays_as_it_is_now() -> None:
    now: Raw = {PLATFORM_KEY: {"a": 2}, KEY: SEALED, "agent-platform:NEW": SEALED}
    then = update(1, {"a": 1}, **{KEY: "[secret]", "agent-platform:GONE": "[secret]"})
    assert restored_config(now, then) == {PLATFORM_KEY: {"a": 1}, KEY: SEALED, "agent-platform:NEW": SEALED}


def test_a_value_that_is_sealed_by_now_is_not_replaced_by_its_open_one_of_then() -> None:
    assert restored_config({KEY: SEALED}, update(1, **{KEY: "open"}))[KEY] == SEALED


def test_other_keys_come_and_go_as_they_were() -> None:
    now: Raw = {"aws:skip": True, "new": "x", PLATFORM_KEY: {"a": 2}}
    assert restored_config(now, update(1, {"a": 1}, **{"aws:skip": "true", "old": '["*"]', "text": "{no json"})) == {
        "aws:skip": True, PLATFORM_KEY: {"a": 1}, "old": ["*"], "text": "{no json",
    }  # fmt: skip


def test_the_end_of_an_ephemeral_stack_is_no_part_of_it() -> None:
    assert restored_config({}, update(1, **{"agent-platform:expires_at": "2031-01-01"})) == {PLATFORM_KEY: {}}


def test_what_the_project_gives_every_stack_is_not_written_into_one() -> None:
    project: Raw = {
        "config": {"a": {"value": ["*"]}, "b": {"default": "x"}, "c": {"description": "said"}, "d": "short"}
    }
    given = inherited_config(project)
    assert given == {"a": ["*"], "b": "x", "c": None, "d": "short"}
    then = update(1, a='["*"]', b="other", d="short")
    assert restored_config({}, then, given) == {PLATFORM_KEY: {}, "b": "other"}


class Fake:
    """As much of a deployment as a rollback asks."""

    def __init__(self, folder: Path, *history: Update) -> None:
        self.folder, self.stack, self.name, self.told = folder, "prod", "prod", history

    def history(self) -> tuple[Update, ...]:
        return self.told


def laid(folder: Path, platform: Raw, *history: Update, **config: Value) -> Deployment:
    text = "# mine\n" + yaml.safe_dump({"config": {PLATFORM_KEY: platform, **config}})
    (folder / "Pulumi.prod.yaml").write_text(text, encoding="utf-8")
    (folder / "Pulumi.yaml").write_text("name: agent-platform\n", encoding="utf-8")
    return cast("Deployment", Fake(folder, *history))


LISTING = with_values(BASE, {"services.web.secrets": ["KEY"]})
NEWER = with_values(BASE, {"services.web.image": "ghcr.io/acme/web:2.0"})


def test_the_change_is_proposed_with_the_update_that_it_comes_from(tmp_path: Path) -> None:
    proposal = rollback(laid(tmp_path, NEWER, update(2, NEWER), update(1, BASE), **{KEY: SEALED}))
    assert [line for line in proposal.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        "-        image: ghcr.io/acme/web:2.0",
        "+        image: ghcr.io/acme/web:1.0",
    ]
    assert proposal.notes == (
        "update 1 of 2031-05-01 12:30 UTC: up by 1",
        "secrets stay as they are now: agent-platform:KEY",
    )
    assert proposal.after.startswith("# mine\n")


def test_a_secret_that_was_needed_then_and_has_no_value_now_stops_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"KEY.*has no value"):
        rollback(laid(tmp_path, BASE, update(2, BASE), update(1, LISTING, **{KEY: "[secret]"})))


def test_a_configuration_that_is_not_taken_any_more_is_refused_before_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="colour"):
        rollback(laid(tmp_path, BASE, update(2, BASE), update(1, {**BASE, "colour": "blue"})))
