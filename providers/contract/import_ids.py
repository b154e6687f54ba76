"""How an object that a cloud tells of becomes a resource: its type token, and the id that imports it. Pure.

A pattern is read both ways: matched against the address that a search gave, and filled from a resource's own inputs,
so that an object with a known name is found without a search. `{name}` is one part of it, `{name+}` may hold `/` and
`:` too, `*` is whatever stands there. Braces are named as the inputs of the type; `{id}` is what the cloud draws,
`{address}` the whole address, and what begins with `_` says nothing about the resource.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from providers.contract.resource_traits import PASSWORD_TYPE

PART = re.compile(r"\{(?P<key>\w+)(?P<several>\+?)\}|(?P<any>\*)")
AUTOMATIC = re.compile(r"-?[0-9a-z]{7,8}")
"""What the providers add to a logical name where the program gives no name of its own."""
DRAWN = frozenset({PASSWORD_TYPE, "random:index/randomId:RandomId"})
"""Types that no cloud has: they are drawn on this machine, and drawn again when they are lost."""


@dataclass(frozen=True)
class ImportRule:
    """A type of resource: the id that imports it, the address a search tells it by (empty: no search tells it).

    `kind` is the search's own word for the type where addresses alone leave it open; `name` the input that names an
    object where that is not the last brace of the address.
    """

    type: str
    identity: str
    address: str = ""
    kind: str = ""
    name: str = ""

    @cached_property
    def named(self) -> str:
        """The input that holds an object's name; empty for what has none."""
        keys = [found["key"] for found in PART.finditer(self.address or self.identity) if found["key"]]
        own = [key for key in keys if key not in ("id", "address") and not key.startswith("_")]
        return self.name or (own[-1] if own else "")


@dataclass(frozen=True)
class CloudObject:
    """An object of the cloud: its address, its name (empty: it has none), and the id to import it by, by type token."""

    address: str
    name: str
    identities: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class ImportTable:
    """One cloud's table; `again` are types that can be made a second time without harm, so nothing need be found.

    Saying those twice makes one thing (a right, a setting of something else), or the later one takes the former's place.
    """

    rows: tuple[ImportRule, ...]
    again: frozenset[str]

    @cached_property
    def by_type(self) -> Mapping[str, ImportRule]:
        """Rows by type token."""
        return {row.type: row for row in self.rows}

    def found_at(
        self, address: str, kind: str = "", name: str = "", place: Mapping[str, str] | None = None
    ) -> CloudObject:
        """What stands at an address that a search told, with its kind and its displayed name where it tells them.

        Without identities it is of a type that the platform does not make. `place` has what a pattern needs beside
        the address: the project, the subscription.
        """
        identities: dict[str, str] = {}
        for row in self.rows:
            read = parts_of(row.address, address) if row.address and row.kind in ("", kind) else None
            if read is None:
                continue
            parts = {**(place or {}), **read}
            identity = filled(row.identity, {**parts, "address": address})
            if identity:
                identities[row.type] = identity
                name = parts.get(row.named, "") or name
        return CloudObject(address, name, identities)

    def identity(self, token: str, inputs: Mapping[str, object], place: Mapping[str, str]) -> str:
        """The id of a resource that follows from its inputs; empty where it does not."""
        row = self.by_type.get(token)
        values = {**place, **inputs}
        address = filled(row.address, values) if row and "*" not in row.address else ""
        return filled(row.identity, {**values, "address": address}) if row else ""


def filled(pattern: str, values: Mapping[str, object]) -> str:
    """A pattern with the values at its braces; empty when one is missing."""
    keys = {found["key"] for found in PART.finditer(pattern)}
    words = {key: text_of(values.get(key)) for key in keys if key}
    return PART.sub(lambda found: words[found["key"]], pattern) if None not in keys and all(words.values()) else ""


def parts_of(pattern: str, text: str) -> Mapping[str, str] | None:
    """What stands in a text at the braces of a pattern; None for a text of another form."""
    found = _expression(pattern).fullmatch(text)
    return found.groupdict() if found else None


def text_of(value: object) -> str:
    """A plain value as it stands in an id; empty for one that cannot."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else f"{value:g}" if isinstance(value, float) else ""


def is_automatic(name: str, logical_name: str) -> bool:
    """True for a name that a provider made of a logical name."""
    return name.startswith(logical_name) and AUTOMATIC.fullmatch(name.removeprefix(logical_name)) is not None


def types_without_rule(table: ImportTable, tokens: Iterable[str]) -> list[str]:
    """Type tokens that the table says nothing of."""
    told = {*table.by_type, *table.again, *DRAWN}
    return sorted({token for token in tokens if token not in told})


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """What matches a pattern's texts; case says nothing on Azure, and nowhere tells two objects apart."""
    made, at, seen = "", 0, set[str]()
    for found in PART.finditer(pattern):
        made += re.escape(pattern[at : found.start()])
        at = found.end()
        if found["any"]:
            made += "[^/:]*"
        elif found["key"] in seen:
            made += f"(?P={found['key']})"
        else:
            seen.add(found["key"])
            made += f"(?P<{found['key']}>{'.+' if found['several'] else '[^/:]+'})"
    return re.compile(made + re.escape(pattern[at:]), re.IGNORECASE)
