"""The offline plan against the real engine: the same resources, and in each the same properties."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

from automation.plan.inventory import Declared, Secret, Value, walk
from tests.engine.project import EngineProject
from tests.planning import plan, production

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine's state marks what is no plain value."""
ADDED_BY_THE_ENGINE = {"version", "pluginDownloadURL", "__internal"}
"""Of a provider: which plugin serves it."""


def test_the_engine_makes_what_the_plan_tells(project: EngineProject, cloud: str) -> None:
    project.cloud.set("outputs", "symbolic")
    project.init(cloud).up()
    exported = json.loads(project.run("stack", "export", "--show-secrets"))["deployment"]["resources"]
    made = {key(resource["type"], resource["urn"]): cast("Mapping[str, Value]", resource) for resource in exported[1:]}
    told = {key(resource.type, resource.urn): resource for resource in plan(production(cloud=cloud)).resources}
    assert sorted(made) == sorted(told)
    assert [difference for name in sorted(told) for difference in differences(told[name], made[name])] == []


def key(token: str, urn: str) -> str:
    """Type and logical name: the engine's urns tell every type on the way from the stack, the plan's only the last."""
    return f"{token} {urn.split('::', 3)[3]}"


def differences(told: Declared, made: Mapping[str, Value]) -> Iterator[str]:
    """Each property that the engine's state has otherwise than the plan."""
    inputs = cast("Mapping[str, Value]", opened(made.get("inputs", {})))
    wanted = cast("Mapping[str, Value]", walk(dict(told.inputs), lambda leaf: revealed(leaf)))
    for name in sorted({*inputs, *wanted} - (set() if told.managed else ADDED_BY_THE_ENGINE)):
        if told.custom and inputs.get(name) != wanted.get(name):
            yield f"{told.type} {told.name}.{name}: told {wanted.get(name)!r}, made {inputs.get(name)!r}"
    if bool(made.get("protect")) != told.protect:
        yield f"{told.type} {told.name}: protect"


def revealed(leaf: Value) -> Value:
    """A plan's leaf as the engine's state has it when secrets are shown."""
    return walk(leaf.value, revealed) if isinstance(leaf, Secret) else leaf


def opened(value: Value) -> Value:
    """The state's value with secrets as they are; numbers as the plan has them."""
    if isinstance(value, dict):
        known = cast("dict[str, Value]", value)
        if SIGNATURE in known and "plaintext" in known:
            return opened(json.loads(cast("str", known["plaintext"])))
        return {name: opened(inner) for name, inner in known.items()}
    if isinstance(value, list):
        return [opened(inner) for inner in cast("list[Value]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value
