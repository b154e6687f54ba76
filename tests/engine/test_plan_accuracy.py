"""The plan without an engine declares the same resources and properties as the real engine."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

import pytest

from automation.plan.inventory import Declared, Secret, Value, walk
from providers.contract.spec.defaults import Raw
from tests.engine.fake_cloud.steps import with_ignored
from tests.engine.project import EngineProject
from tests.engine.test_stateful_resources import MIN_KEYS, harmless_changes
from tests.planning import plan, production

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks a secret or another special value in the state."""
ADDED_BY_THE_ENGINE = {"version", "pluginDownloadURL", "__internal"}
"""Inputs that the engine adds to a provider."""


def test_the_engine_creates_what_the_plan_declares(project: EngineProject, cloud: str) -> None:
    project.cloud.set("outputs", "symbolic")
    project.init(cloud).up()
    check_deployed(project, production(cloud=cloud))


@pytest.mark.long(reason="two updates; the steps of the same changes are previewed in the chosen set")
def test_an_update_of_many_keys_ends_in_what_the_plan_declares(project: EngineProject, cloud: str) -> None:
    project.cloud.set("outputs", "symbolic")
    project.init(cloud).up()
    raw, keys = harmless_changes(cloud)
    assert len(keys) >= MIN_KEYS
    project.write(raw)
    project.set_missing_secrets()
    project.up()
    check_deployed(project, raw, updated=True)
    assert {step["op"] for step in project.steps()} == {"same"}


def check_deployed(project: EngineProject, raw: Raw, *, updated: bool = False) -> None:
    """Check that the state has the resources and properties of the plan; an update keeps what `ignoreChanges` names."""
    exported = json.loads(project.run("stack", "export", "--show-secrets"))["deployment"]["resources"]
    state = {key(resource["type"], resource["urn"]): cast("Mapping[str, Value]", resource) for resource in exported[1:]}
    planned = {key(resource.type, resource.urn): resource for resource in plan(raw).resources}
    assert sorted(state) == sorted(planned)
    assert [text for name in sorted(planned) for text in differences(planned[name], state[name], updated)] == []


def key(token: str, urn: str) -> str:
    """Return type and logical name: a URN of the engine has the types of all parents, that of the plan only its own."""
    return f"{token} {urn.split('::', 3)[3]}"


def differences(planned: Declared, created: Mapping[str, Value], updated: bool) -> Iterator[str]:
    """Return every property whose value in the state differs from the plan."""
    inputs = cast("Mapping[str, Value]", normalized(created.get("inputs", {})))
    expected = cast("Mapping[str, Value]", walk(dict(planned.inputs), without_secret))
    if updated:
        expected = with_ignored(expected, inputs, planned.ignore_changes)
    for name in sorted({*inputs, *expected} - (set() if planned.managed else ADDED_BY_THE_ENGINE)):
        if planned.custom and inputs.get(name) != expected.get(name):
            values = f"planned {expected.get(name)!r}, created {inputs.get(name)!r}"
            yield f"{planned.type} {planned.name}.{name}: {values}"
    if bool(created.get("protect")) != planned.protect:
        yield f"{planned.type} {planned.name}: protect"


def without_secret(leaf: Value) -> Value:
    """Return a value of the plan as the state has it when secrets are shown."""
    return walk(leaf.value, without_secret) if isinstance(leaf, Secret) else leaf


def normalized(value: Value) -> Value:
    """Return a value of the state with plain secrets, and whole numbers as int, as in the plan."""
    if isinstance(value, dict):
        items = cast("dict[str, Value]", value)
        if SIGNATURE in items and "plaintext" in items:
            return normalized(json.loads(str(items["plaintext"])))
        return {name: normalized(inner) for name, inner in items.items()}
    if isinstance(value, list):
        return [normalized(inner) for inner in cast("list[Value]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value
