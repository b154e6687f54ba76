"""Property paths as the engine writes them (`tags["a.b"]`, `rules[0].port`), and the value that one leads to. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from automation.plan.inventory import Value

PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')
PLAIN_KEY = re.compile(r"[^.\[\]\"\s]+")


def parts_of(path: str) -> tuple[str | int, ...]:
    """The keys and list positions of a path, outermost first."""
    return tuple(_part(found) for found in PART.finditer(path))


def _part(found: re.Match[str]) -> str | int:
    quoted, position, key = cast("tuple[str | None, str | None, str | None]", found.groups())
    if quoted is not None:
        return str(json.loads(f'"{quoted}"'))
    return int(position) if position is not None else str(key)


def value_at(values: Value, path: str) -> Value:
    """The value at a path, or None where there is none."""
    for part in parts_of(path):
        if isinstance(part, int) and isinstance(values, list):
            items = cast("list[Value]", values)
            values = items[part] if part < len(items) else None
        elif isinstance(values, dict):
            values = cast("dict[str, Value]", values).get(str(part))
        else:
            return None
    return values


def differing(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[str]:
    """Paths at which two objects differ, as deep as both are objects, in order."""
    yield from _differing("", before, after)


def _differing(path: str, before: Value, after: Value) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        old, new = cast("Mapping[str, Value]", before), cast("Mapping[str, Value]", after)
        for key in sorted(old.keys() | new.keys()):
            yield from _differing(_beneath(path, key), old.get(key), new.get(key))
    elif before != after:
        yield path


def _beneath(path: str, key: str) -> str:
    if not PLAIN_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key
