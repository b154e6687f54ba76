"""Which object of the cloud is which missing resource, and which is nobody's. Pure.

What leads from one to the other, the surest first: the id that follows from the resource's inputs, the name that it
has, the name that a provider would have made for it, and at last what the cloud tells of an object without a name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from automation.deploy.events import MASKED, UNKNOWN
from automation.deploy.urn import name_of, type_of
from automation.plan.inventory import Value
from automation.recover.missing import Missing
from providers.contract.import_ids import LOCAL_TYPES, CloudObject, ImportTable, is_automatic

ALIKE = 0.8
"""Share of the comparable inputs that an object without a name must have as the resource has them."""


@dataclass(frozen=True)
class ObservedObject:
    """An object that a search told of; `tagged` where it bears the stack's tags, and was not only named like it."""

    found: CloudObject
    tagged: bool = True


@dataclass(frozen=True)
class Match:
    """A missing resource and the id to import it by; `seen` is the object, None where the id alone is known."""

    missing: Missing
    identity: str
    seen: ObservedObject | None = None


@dataclass(frozen=True)
class Matched:
    """Matches; objects without a name that may be one of several resources; objects that nothing wants."""

    matches: tuple[Match, ...] = ()
    unnamed: tuple[ObservedObject, ...] = ()
    unwanted: tuple[ObservedObject, ...] = ()


@dataclass(frozen=True)
class Known:
    """What the state has: ids and addresses, and logical names by type."""

    words: frozenset[str]
    names: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    def has(self, found: CloudObject) -> bool:
        """True for an object that stands in the state."""
        return not self.words.isdisjoint(word.casefold() for word in (found.address, *found.identities.values()))

    def holds_part_of(self, identity: str, inputs: Mapping[str, Value]) -> bool:
        """True for an id that is made of the id of something in the state."""
        words = (value.casefold() for value in inputs.values() if isinstance(value, str))
        return any(word in self.words and word in identity.casefold() for word in words)

    def doubles(self, found: CloudObject) -> bool:
        """True for an object that a provider named after a resource of the state, which has another id."""
        return any(is_automatic(found.name, name) for token in found.identities for name in self.names.get(token, ()))


def known_in(resources: Iterable[Mapping[str, Value]], table: ImportTable, place: Mapping[str, str]) -> Known:
    """What an exported state has."""
    words: set[str] = set()
    names: dict[str, set[str]] = {}
    for resource in resources:
        urn, values = str(resource["urn"]), _values(resource)
        told = (resource.get("id"), values.get("arn"), table.identity(type_of(urn), values, place))
        words |= {word.casefold() for word in told if isinstance(word, str) and word}
        names.setdefault(type_of(urn), set()).add(name_of(urn))
    return Known(frozenset(words), {token: frozenset(those) for token, those in names.items()})


def match(
    seen: Iterable[ObservedObject],
    missing: Sequence[Missing],
    known: Known,
    table: ImportTable,
    place: Mapping[str, str],
) -> Matched:
    """Match what a search told with what is missing."""
    left = [one for one in seen if one.found.identities and not known.has(one.found)]
    matches: list[Match] = []
    for leads in (_by_identity, _by_name, _by_automatic_name):
        for wanted in missing:
            if any(one.missing is wanted for one in matches):
                continue  # an earlier, surer lead
            found = next((one for one in left if leads(wanted, one.found, table, place)), None)
            if found is not None:
                matches.append(Match(wanted, found.found.identities[wanted.type], found))
                left.remove(found)
    done = {one.missing.urn for one in matches}
    open_types = {one.type for one in missing if one.urn not in done}
    unnamed = tuple(one for one in left if not one.found.name and not open_types.isdisjoint(one.found.identities))
    unwanted = (one for one in left if one not in unnamed and (one.tagged or known.doubles(one.found)))
    return Matched(tuple(matches), unnamed, tuple(unwanted))


def by_inputs(
    missing: Iterable[Missing],
    matches: Iterable[Match],
    known: Known,
    table: ImportTable,
    place: Mapping[str, str],
    stack: str,
) -> Iterator[Match]:
    """Missing resources whose id is known without a search, which may or may not be there.

    Of those whose creation had not begun as far as the state tells, only what carries the stack's name or hangs on
    something in the state: anything else of that name may be somebody's.
    """
    done = {one.missing.urn for one in matches}
    for wanted in missing:
        row = table.by_type.get(wanted.type)
        identity = table.identity(wanted.type, plain(wanted.inputs), place) if row else ""
        if not row or not identity or wanted.urn in done:
            continue
        drawn = is_automatic(str(wanted.inputs.get(row.named, "")), wanted.name)
        ours = re.search(rf"\b{re.escape(stack)}\b", identity) or known.holds_part_of(identity, wanted.inputs)
        if wanted.pending or (ours and not drawn):
            yield Match(wanted, identity)


def by_likeness(
    unnamed: Sequence[ObservedObject],
    missing: Sequence[Missing],
    outputs: Mapping[str, Mapping[str, Value]],
    table: ImportTable,
) -> tuple[Match, ...]:
    """Objects without a name with the resource that each is most like; `outputs` is what each address was read as.

    Where several are alike, those that were being created are taken in any order, as nothing hangs on them yet; of
    others something may, so they are left.
    """
    pairs = [
        (_alike(wanted, outputs[one.found.address], table), wanted, one)
        for one in unnamed
        for wanted in missing
        if wanted.type in one.found.identities and one.found.address in outputs
    ]
    matches: list[Match] = []
    for alike, wanted, one in sorted(pairs, key=lambda pair: -pair[0]):
        taken = any(made.missing is wanted or made.seen is one for made in matches)
        resources = {other.urn for share, other, seen in pairs if seen is one and share == alike}
        objects = {seen.found.address for share, other, seen in pairs if other is wanted and share == alike}
        clear = wanted.pending or len(resources) < 2 or len(objects) < 2
        if alike >= ALIKE and not taken and clear:
            matches.append(Match(wanted, one.found.identities[wanted.type], one))
    return tuple(matches)


def _alike(wanted: Missing, outputs: Mapping[str, Value], table: ImportTable) -> float:
    """How like a resource an object is; by its name alone where a provider has drawn that."""
    row = table.by_type.get(wanted.type)
    drawn = row is not None and is_automatic(str(wanted.inputs.get(row.named, "")), wanted.name)
    if row is not None and drawn and not wanted.pending:
        return float(is_automatic(str(outputs.get(row.named, "")), wanted.name))
    return likeness(wanted.inputs, outputs)


def likeness(inputs: Value, outputs: Value) -> float:
    """Share of the plain inputs that an object has too, of those that it tells at all."""
    compared = list(_compared(inputs, outputs))
    return sum(compared) / len(compared) if compared else 0.0


def plain(inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    """Inputs without those that are secret or not yet known."""
    return {key: value for key, value in inputs.items() if value not in (MASKED, UNKNOWN)}


def unsearchable(missing: Iterable[Missing], table: ImportTable) -> tuple[Missing, ...]:
    """Missing resources that no search tells of, and that must not be made twice."""
    return tuple(
        one
        for one in missing
        if one.type not in table.again and one.type not in LOCAL_TYPES
        if not (row := table.by_type.get(one.type)) or not row.address
    )


def _by_identity(missing: Missing, found: CloudObject, table: ImportTable, place: Mapping[str, str]) -> bool:
    identity = table.identity(missing.type, plain(missing.inputs), place)
    return bool(identity) and found.identities.get(missing.type, "").casefold() == identity.casefold()


def _by_name(missing: Missing, found: CloudObject, table: ImportTable, place: Mapping[str, str]) -> bool:
    row = table.by_type.get(missing.type)
    name = plain(missing.inputs).get(row.named) if row else None
    return missing.type in found.identities and bool(name) and name == found.name


def _by_automatic_name(missing: Missing, found: CloudObject, table: ImportTable, place: Mapping[str, str]) -> bool:
    row = table.by_type.get(missing.type)
    # the name of what was being created is drawn already, and another one is another object's
    drawn = missing.pending and row is not None and row.named in missing.inputs
    return missing.type in found.identities and not drawn and is_automatic(found.name, missing.name)


def _values(resource: Mapping[str, Value]) -> Mapping[str, Value]:
    bags = (resource.get("inputs"), resource.get("outputs"))
    return {key: value for bag in bags if isinstance(bag, dict) for key, value in cast("dict[str, Value]", bag).items()}


def _compared(given: Value, told: Value) -> Iterator[bool]:
    if isinstance(given, dict) and isinstance(told, dict):
        values = cast("dict[str, Value]", told)
        for key, value in cast("dict[str, Value]", given).items():
            if key in values:
                yield from _compared(value, values[key])
    elif given not in (None, MASKED, UNKNOWN):
        yield given == told
