"""Baseline for the plan: a flat program with the same resources and inputs, generated from the plan.

References are the plan's placeholders as plain strings, so the baseline loads the SDK's classes and calls the monitor,
and does nothing else: it reads no settings, makes no decisions and passes no Outputs.
"""

import importlib
import re
from collections.abc import Mapping

from automation.plan.inventory import Declared, Inventory, Secret, walk
from automation.plan.sdk_internals import python_names
from automation.urn import PROVIDER_PREFIX, Urn

FOOTER = """
if __name__ == "__main__":
    from automation.plan.recorder import record

    record(program, "prod")
"""


def program_text(plan: Inventory) -> str:
    """Return the source of the flat program that registers the resources of `plan`."""
    ordered = parents_first(plan)
    variables: dict[str, str] = {resource.urn: f"r{index}" for index, resource in enumerate(ordered)}
    packages = sorted({class_path(r.type).partition(".")[0] for r in ordered if r.custom} | {"pulumi"})
    lines = [f"import {package}" for package in packages]
    lines += ["", "def program():"]
    lines += [f"    {_statement(resource, variables)}" for resource in ordered]
    return "\n".join([*lines, FOOTER])


def parents_first(plan: Inventory) -> list[Declared]:
    """Return components and providers before the resources that refer to their variables."""

    def rank(resource: Declared) -> tuple[bool, int]:
        return resource.managed, len(list(plan.ancestors(resource)))

    return sorted(plan.resources, key=rank)


def class_path(token: str) -> str:
    """Return `pulumi_aws.rds.Instance` for `aws:rds/instance:Instance`, `pulumi_aws.Provider` for `pulumi:providers:aws`."""
    if token.startswith(PROVIDER_PREFIX):
        return f"pulumi_{token.rpartition(':')[2].replace('-', '_')}.Provider"
    package, module, name = token.split(":")
    inner = module.partition("/")[0]
    root = f"pulumi_{package.replace('-', '_')}"
    return f"{root}.{name}" if inner == "index" else f"{root}.{inner}.{name}"


def _statement(resource: Declared, variables: Mapping[str, str]) -> str:
    options: list[str] = [f"parent={variables[resource.parent]}"] if resource.parent in variables else []
    provider = variables.get(Urn.of_provider(resource.provider))
    if resource.custom and provider:
        options.append(f"provider={provider}")
    opts = f"pulumi.ResourceOptions({', '.join(options)})"
    variable = variables[resource.urn]
    if not resource.custom:
        return f"{variable} = pulumi.ComponentResource({resource.type!r}, {resource.name!r}, {{}}, {opts})"
    return f"{variable} = {class_path(resource.type)}({resource.name!r}, {_arguments(resource)}opts={opts})"


def _arguments(resource: Declared) -> str:
    if not resource.managed:
        return ""
    path, _, name = class_path(resource.type).rpartition(".")
    names = python_names(getattr(importlib.import_module(path), name))
    inputs = {names.get(key) or snake_case(key): walk(value, _revealed) for key, value in resource.inputs.items()}
    return "".join(f"{name}={value!r}, " for name, value in inputs.items())


def snake_case(key: str) -> str:
    """Return `resource_group_name`: the SDK's table lacks inputs that are no outputs; `resource_name` is reserved."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
    return "resource_name_" if snake == "resource_name" else snake


def _revealed(leaf: object) -> object:
    return leaf.value if isinstance(leaf, Secret) else leaf
