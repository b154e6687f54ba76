"""The bare floor: a flat program that registers what a plan registers, with the same inputs, and nothing else.

It is generated from the plan itself. References are the plan's readable placeholders as plain strings, so the floor
pays for the SDK's classes and the monitor but for no decision, no wiring and no reading of settings.
"""

import importlib
import re
from collections.abc import Mapping
from typing import cast

import pulumi
from pulumi import _types  # pyright: ignore[reportPrivateUsage]  # the SDK's own table of property names

from automation.plan.inventory import Declared, Inventory, Secret, walk

FOOTER = """
if __name__ == "__main__":
    from automation.plan.recorder import record

    record(program, "prod")
"""


def program_text(plan: Inventory) -> str:
    """Source of the flat program that registers the resources of `plan`."""
    ordered = parents_first(plan)
    variables = {resource.urn: f"r{index}" for index, resource in enumerate(ordered)}
    packages = sorted({class_path(r.type).partition(".")[0] for r in ordered if r.custom} | {"pulumi"})
    lines = [f"import {package}" for package in packages]
    lines += ["", "def program():"]
    lines += [f"    {_statement(resource, variables)}" for resource in ordered]
    return "\n".join([*lines, FOOTER])


def parents_first(plan: Inventory) -> list[Declared]:
    """Components and providers before what stands beneath or behind them, as Python needs its variables."""

    def rank(resource: Declared) -> tuple[bool, int]:
        made = resource.custom and not resource.type.startswith("pulumi:providers:")
        return made, len(list(plan.ancestors(resource)))

    return sorted(plan.resources, key=rank)


def class_path(token: str) -> str:
    """`pulumi_aws.rds.Instance` for `aws:rds/instance:Instance`, `pulumi_aws.Provider` for `pulumi:providers:aws`."""
    if token.startswith("pulumi:providers:"):
        return f"pulumi_{token.rpartition(':')[2].replace('-', '_')}.Provider"
    package, module, name = token.split(":")
    inner = module.partition("/")[0]
    root = f"pulumi_{package.replace('-', '_')}"
    return f"{root}.{name}" if inner == "index" else f"{root}.{inner}.{name}"


def _statement(resource: Declared, variables: Mapping[str, str]) -> str:
    options: list[str] = [f"parent={variables[resource.parent]}"] if resource.parent in variables else []
    provider = next((name for urn, name in variables.items() if resource.provider.startswith(f"{urn}::")), None)
    if resource.custom and provider:
        options.append(f"provider={provider}")
    opts = f"pulumi.ResourceOptions({', '.join(options)})"
    variable = variables[resource.urn]
    if not resource.custom:
        return f"{variable} = pulumi.ComponentResource({resource.type!r}, {resource.name!r}, {{}}, {opts})"
    return f"{variable} = {class_path(resource.type)}({resource.name!r}, {_arguments(resource)}opts={opts})"


def _arguments(resource: Declared) -> str:
    if resource.type.startswith("pulumi:providers:"):
        return ""
    path, _, name = class_path(resource.type).rpartition(".")
    cls = cast("type[pulumi.Resource]", getattr(importlib.import_module(path), name))
    names = cast("Mapping[str, str]", _types.resource_pulumi_to_py_names(cls))
    opened = {names.get(key) or snake_case(key): walk(value, _open) for key, value in resource.inputs.items()}
    return "".join(f"{name}={value!r}, " for name, value in opened.items())


def snake_case(key: str) -> str:
    """`resource_group_name`: inputs that are no outputs stand in no table; `resource_name` is the SDK's own parameter."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
    return "resource_name_" if snake == "resource_name" else snake


def _open(leaf: object) -> object:
    return leaf.value if isinstance(leaf, Secret) else leaf
