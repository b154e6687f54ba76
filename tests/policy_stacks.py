"""Resources as the engine passes them to a policy pack, made from the inventory of a plan."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from automation.plan.inventory import Declared, Inventory, Secret, Unknown, Value, walk
from automation.urn import STACK_TYPE, Urn

Phase = Literal["preview", "up"]
PLACEHOLDER = re.compile(r"<([^ <>]+) ([^<>]+)>\.?([A-Za-z]*)")
STACK_URN = Urn("urn:pulumi:prod::agent-platform::pulumi:pulumi:Stack::agent-platform-prod")


class UnknownProperty(Exception):
    """Error of the engine's properties for a value that is not known before the deployment."""


class Properties(Mapping[str, object]):
    """Properties that raise UnknownProperty when an unknown one is read, as those of pulumi-policy."""

    def __init__(self, content: Mapping[str, Value]) -> None:
        self._content = content

    def __getitem__(self, key: str) -> object:
        return _checked(self._content[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


class Items(Sequence[object]):
    """List of properties."""

    def __init__(self, content: Sequence[Value]) -> None:
        self._content = content

    def __getitem__(self, index: int) -> object:  # type: ignore[override]
        return _checked(self._content[index])

    def __len__(self) -> int:
        return len(self._content)


def _checked(value: Value) -> object:
    if isinstance(value, Unknown):
        raise UnknownProperty
    if isinstance(value, dict):
        return Properties(value)  # pyright: ignore[reportUnknownArgumentType]
    return Items(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType]


@dataclass
class Options:
    """Options of a resource."""

    protect: bool


@dataclass
class StackResource:
    """Resource with the attributes of `pulumi_policy.PolicyResource`."""

    resource_type: str
    name: str
    urn: str
    content: Mapping[str, Value]
    opts: Options
    provider: "StackResource | None" = None
    parent: "StackResource | None" = None
    dependencies: list["StackResource"] = field(default_factory=list["StackResource"])
    property_dependencies: dict[str, list["StackResource"]] = field(default_factory=dict[str, list["StackResource"]])

    @property
    def props(self) -> Mapping[str, object]:
        """Properties as the pack reads them."""
        return Properties(self.content)


def stack_resources(inventory: Inventory, phase: Phase) -> list[StackResource]:
    """Return the resources of an inventory; providers are not in the list, as in the engine.

    In a preview every reference is unknown; in an update it is a text that is also an output of its target.
    """
    by_urn = {each.urn: _resource(each, phase) for each in inventory.resources}
    by_name = {(each.short_type, each.name): by_urn[each.urn] for each in inventory.resources}
    stack = StackResource(STACK_TYPE, "agent-platform-prod", STACK_URN, {}, Options(protect=False))
    for each in inventory.resources:
        resource = by_urn[each.urn]
        resource.parent = by_urn.get(Urn(each.parent), stack)
        resource.provider = by_urn.get(Urn.of_provider(each.provider)) or by_urn.get(Urn(each.provider))
        resource.dependencies = [by_urn[Urn(urn)] for urn in each.depends_on if urn in by_urn]
        for key, value in each.inputs.items():
            targets = {found: by_name[found] for found in references(value) if found in by_name}
            if targets:
                resource.property_dependencies[key] = list(targets.values())
            if phase == "up":
                for short_type, name, attribute in _attributes(value):
                    target = by_name.get((short_type, name))
                    if target and attribute not in target.content:
                        target.content = {**target.content, attribute: known(short_type, name, attribute)}
    return [stack, *(each for each in by_urn.values() if not Urn(each.urn).is_provider)]


def references(value: Value) -> list[tuple[str, str]]:
    """Return short type and name of each resource that a value refers to."""
    return [(short_type, name) for short_type, name, _ in _attributes(value)]


def known(short_type: str, name: str, attribute: str) -> str:
    """Return the text of an output after an update."""
    return f"arn:cloud:{short_type}:{name}:{attribute}"


def _attributes(value: Value) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []

    def collect(leaf: Value) -> Value:
        found.extend(PLACEHOLDER.findall(leaf) if isinstance(leaf, str) else [])
        return leaf

    walk(value, collect)
    return found


def _resource(declared: Declared, phase: Phase) -> StackResource:
    leaf = _in_preview if phase == "preview" else _in_update
    content = {key: walk(value, _engine_leaf(leaf)) for key, value in declared.inputs.items()}
    return StackResource(declared.type, declared.name, declared.urn, content, Options(declared.protect))


def _engine_leaf(of_text: Callable[[str], Value]) -> Callable[[Value], Value]:
    """Return a leaf as the engine sends it: secrets in plain text, numbers as floats."""

    def leaf(value: Value) -> Value:
        if isinstance(value, Secret):
            return walk(value.value, leaf)
        if isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return of_text(value) if isinstance(value, str) else value

    return leaf


def _in_preview(text: str) -> Value:
    return Unknown() if PLACEHOLDER.search(text) else text


def _in_update(text: str) -> Value:
    return PLACEHOLDER.sub(lambda match: known(*match.groups()), text)
