"""Dotted paths of the platform (`services.gateway.image`): set values, and find the ones that a file contains."""

import copy
from collections.abc import Mapping

from automation.stack.yaml_reader import parse
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.spec.defaults import Raw, is_mapping

REMOVE = object()
"""Value of a change that removes the key."""


def with_values(platform: Raw, changes: Mapping[str, object]) -> Raw:
    """Return a copy with `changes` by dotted path; `REMOVE` removes a key, and a missing parent is created."""
    result = copy.deepcopy(platform)
    for path, value in changes.items():
        *parents, key = path.split(".")
        parent = result
        for name in parents:
            child = parent.get(name)
            if not is_mapping(child):
                child = Raw()
                parent[name] = child
            parent = child
        if value is REMOVE:
            parent.pop(key, None)
        else:
            parent[key] = copy.deepcopy(value)
    return result


def is_written(platform: Raw, key: str) -> bool:
    """Return whether the platform contains `key`, a key inside it, or a value that `key` is a part of.

    With `services: {web: {uses: [cache]}}`, `services.web`, `services.web.uses` and `services.web.uses[0]` are written;
    `services.web.size` is not, and neither is `cache.memory_gib` with `cache: {}`.
    """
    value: object = platform
    rest = key
    while rest:
        if not is_mapping(value):
            return value is not None
        name = next((name for name in sorted(value, key=len, reverse=True) if _begins(rest, name)), None)
        if name is None:
            return False
        value, rest = value[name], rest[len(name) :].lstrip(".")
    return True


def _begins(path: str, name: str) -> bool:
    """Return whether a dotted path begins with a key, which may contain dots itself (`accept_risk`, `tags`)."""
    return bool(name) and path.startswith(name) and path[len(name) : len(name) + 1] in ("", ".", "[")


def parse_setting(text: str) -> tuple[str, object]:
    """Return path and value of `PATH=VALUE`, the value read as YAML; raises InvalidConfiguration, which names no value."""
    path, equals, value = text.partition("=")
    if not equals or not path or not all(path.split(".")):
        problem = "the path is missing" if equals else f"{path} has no value"
        raise InvalidConfiguration([ConfigError("--set", problem, "use the form services.gateway.image=VALUE")])
    return path, parse(value, f"--set {path}").value
