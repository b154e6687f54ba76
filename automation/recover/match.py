"""Match the objects of a cloud with the missing resources. Pure.

Criteria in order of certainty: the id that follows from the inputs of the resource, the name in its inputs, the name that
a provider would generate for it, and last the outputs of an object without a name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from automation.deploy.events import MASKED, UNKNOWN
from automation.plan.inventory import Value
from automation.recover.missing_resources import MissingResource, RegionNames, region_of
from automation.urn import Urn
from providers.contract.import_ids import LOCAL_TYPES, CloudObject, ImportTable, is_automatic
from providers.contract.spec.defaults import is_mapping

MIN_SIMILARITY = 0.8
"""Share of the comparable inputs that must be equal in an object without a name."""
Location = Mapping[str, str]
"""Account and region in the terms of the import rules."""


@dataclass(frozen=True)
class ObservedObject:
    """Object in a search result; `tagged` when it has the stack's tags, not only a name like that of the stack."""

    cloud_object: CloudObject
    tagged: bool = True

    @property
    def address(self) -> str:
        """Address of the object."""
        return self.cloud_object.address

    @property
    def identities(self) -> Mapping[str, str]:
        """Import ids by type token."""
        return self.cloud_object.identities


@dataclass(frozen=True)
class Match:
    """Missing resource and the id that imports it; `observed` is None when only the id is known."""

    missing: MissingResource
    identity: str
    observed: ObservedObject | None = None


@dataclass(frozen=True)
class MatchResult:
    """Matches, objects without a name that may be one of several resources, and objects that match no resource."""

    matches: tuple[Match, ...] = ()
    unnamed: tuple[ObservedObject, ...] = ()
    unmatched: tuple[ObservedObject, ...] = ()


@dataclass(frozen=True)
class StateIndex:
    """Ids and addresses in a state, and logical names by type."""

    ids: frozenset[str]
    names: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    ids_by_region: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Ids of the resources of each region, for a stack in two regions, in which an id may occur twice."""

    def contains(self, cloud_object: CloudObject) -> bool:
        """True when the state contains the object."""
        ids = (cloud_object.address, *cloud_object.identities.values())
        known = self.ids_by_region.get(cloud_object.region, self.ids)
        return not known.isdisjoint(value.casefold() for value in ids)

    def contains_part_of(self, identity: str, inputs: Mapping[str, Value]) -> bool:
        """True when the id contains the id of a resource in the state."""
        values = (value.casefold() for value in inputs.values() if isinstance(value, str))
        return any(value in self.ids and value in identity.casefold() for value in values)

    def has_other_object_of(self, cloud_object: CloudObject) -> bool:
        """True when the name of the object was generated from a resource of the state, which has another id."""
        names = (name for token in cloud_object.identities for name in self.names.get(token, ()))
        return any(is_automatic(cloud_object.name, name) for name in names)


def index_state(
    resources: Iterable[Mapping[str, Value]],
    table: ImportTable,
    location: Location,
    regions: RegionNames | None = None,
) -> StateIndex:
    """Return the index of the resources of a state; `regions` has those of a stack in two regions."""
    ids: set[str] = set()
    names: dict[str, set[str]] = {}
    by_region: dict[str, set[str]] = {region: set() for region in (regions or {}).values()}
    for resource in resources:
        urn, values = Urn(resource["urn"]), _inputs_and_outputs(resource)
        region = region_of(Urn.of_provider(str(resource.get("provider") or "")), values, regions or {})
        identity = table.identity(urn.type, values, placed(location, region))
        candidates = (resource.get("id"), values.get("arn"), identity)
        known = {value.casefold() for value in candidates if isinstance(value, str) and value}
        ids |= known
        by_region.setdefault(region, set()).update(known)
        names.setdefault(urn.type, set()).add(urn.name)
    by_region.pop("", None)
    return StateIndex(frozenset(ids), _frozen(names), _frozen(by_region))


def placed(location: Location, region: str) -> Location:
    """Return a location in another region of a stack; unchanged without one."""
    return {**location, "region": region, "location": region} if region else location


def _frozen(sets: Mapping[str, set[str]]) -> Mapping[str, frozenset[str]]:
    return {key: frozenset(values) for key, values in sets.items()}


def match_objects(
    observed: Iterable[ObservedObject],
    missing: Sequence[MissingResource],
    index: StateIndex,
    table: ImportTable,
    location: Location,
) -> MatchResult:
    """Match the objects of a search with the missing resources by id and name."""
    remaining = [each for each in observed if each.identities and not index.contains(each.cloud_object)]
    matches: dict[str, Match] = {}
    for criterion in (same_identity, _same_name, _automatic_name):
        for resource in missing:
            if resource.urn in matches:
                continue  # matched by a more certain criterion
            place = placed(location, resource.region)
            candidates = (each for each in remaining if criterion(resource, each.cloud_object, table, place))
            candidates = (each for each in candidates if may_be_there(resource, each))
            candidate = next(candidates, None)
            if candidate is not None:
                matches[resource.urn] = Match(resource, candidate.identities[resource.urn.type], candidate)
                remaining.remove(candidate)
    open_types = {resource.urn.type for resource in missing if resource.urn not in matches}
    unnamed = [each for each in remaining if not each.cloud_object.name and not open_types.isdisjoint(each.identities)]
    unmatched = (
        each
        for each in remaining
        if each not in unnamed and (each.tagged or index.has_other_object_of(each.cloud_object))
    )
    return MatchResult(tuple(matches.values()), tuple(unnamed), tuple(unmatched))


def match_by_inputs(
    missing: Iterable[MissingResource],
    matched: Iterable[Match],
    index: StateIndex,
    table: ImportTable,
    location: Location,
    stack: str,
) -> Iterator[Match]:
    """Match resources whose id follows from their inputs, whether or not the object exists.

    A resource whose creation had not begun is matched only if its id contains the stack's name or the id of a resource
    in the state: another object of that name may belong to another stack.
    """
    done = {match.missing.urn for match in matched}
    for resource in missing:
        rule = table.by_type.get(resource.urn.type)
        place = placed(location, resource.region)
        identity = table.identity(resource.urn.type, comparable(resource.inputs), place) if rule else ""
        if not rule or not identity or resource.urn in done:
            continue
        generated = is_automatic(str(resource.inputs.get(rule.named, "")), resource.urn.name)
        of_stack = re.search(rf"\b{re.escape(stack)}\b", identity) or index.contains_part_of(identity, resource.inputs)
        if resource.pending or (of_stack and not generated):
            yield Match(resource, identity)


def match_by_similarity(
    unnamed: Sequence[ObservedObject],
    missing: Sequence[MissingResource],
    outputs: Mapping[str, Mapping[str, Value]],
    table: ImportTable,
) -> tuple[Match, ...]:
    """Match each object without a name with the most similar resource; `outputs` holds what was read, by address.

    Among equally similar candidates, resources that were being created are matched in any order, because no resource
    depends on them yet. For other resources the match would be ambiguous, so they are skipped.
    """
    pairs = [
        (_similarity_of(resource, outputs[each.address], table), resource, each)
        for each in unnamed
        for resource in missing
        if resource.urn.type in each.identities and each.address in outputs and may_be_there(resource, each)
    ]
    matches: list[Match] = []
    for score, resource, each in sorted(pairs, key=lambda pair: -pair[0]):
        used = any(match.missing is resource or match.observed is each for match in matches)
        resources = {other.urn for share, other, observed in pairs if observed is each and share == score}
        objects = {observed.address for share, other, observed in pairs if other is resource and share == score}
        unambiguous = resource.pending or len(resources) < 2 or len(objects) < 2
        if score >= MIN_SIMILARITY and not used and unambiguous:
            matches.append(Match(resource, each.identities[resource.urn.type], each))
    return tuple(matches)


def similarity(inputs: Value, outputs: Value) -> float:
    """Return the share of equal values among the comparable inputs that the outputs contain."""
    compared = list(_compared(inputs, outputs))
    return sum(compared) / len(compared) if compared else 0.0


def comparable(inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the inputs that are neither secret nor unknown."""
    return {key: value for key, value in inputs.items() if value not in (MASKED, UNKNOWN)}


def unsearchable(missing: Iterable[MissingResource], table: ImportTable) -> tuple[MissingResource, ...]:
    """Return the resources that no search returns and whose creation must not be repeated."""
    return tuple(
        resource
        for resource in missing
        if resource.urn.type not in table.again and resource.urn.type not in LOCAL_TYPES
        if not (rule := table.by_type.get(resource.urn.type)) or not rule.address
    )


def may_be_there(resource: MissingResource, observed: ObservedObject) -> bool:
    """Return false for an object in another region than the resource; names and ids of two regions may be the same."""
    region = observed.cloud_object.region
    return not resource.region or not region or region == resource.region


def same_identity(resource: MissingResource, cloud_object: CloudObject, table: ImportTable, location: Location) -> bool:
    """True for the object with the id that follows from the inputs of a resource."""
    identity = table.identity(resource.urn.type, comparable(resource.inputs), location)
    return bool(identity) and cloud_object.identities.get(resource.urn.type, "").casefold() == identity.casefold()


def _same_name(resource: MissingResource, cloud_object: CloudObject, table: ImportTable, _: Location) -> bool:
    rule = table.by_type.get(resource.urn.type)
    name = comparable(resource.inputs).get(rule.named) if rule else None
    return resource.urn.type in cloud_object.identities and bool(name) and name == cloud_object.name


def _automatic_name(resource: MissingResource, cloud_object: CloudObject, table: ImportTable, _: Location) -> bool:
    rule = table.by_type.get(resource.urn.type)
    # A resource that was being created has its generated name in its inputs; another name is another object's.
    generated = resource.pending and rule is not None and rule.named in resource.inputs
    known_type = resource.urn.type in cloud_object.identities
    return known_type and not generated and is_automatic(cloud_object.name, resource.urn.name)


def _similarity_of(resource: MissingResource, outputs: Mapping[str, Value], table: ImportTable) -> float:
    """Return the similarity of an object to a resource; only the name counts when a provider generated it."""
    rule = table.by_type.get(resource.urn.type)
    generated = rule is not None and is_automatic(str(resource.inputs.get(rule.named, "")), resource.urn.name)
    if rule is not None and generated and not resource.pending:
        return float(is_automatic(str(outputs.get(rule.named, "")), resource.urn.name))
    return similarity(resource.inputs, outputs)


def _inputs_and_outputs(resource: Mapping[str, Value]) -> Mapping[str, Value]:
    bags = (resource.get("inputs"), resource.get("outputs"))
    return {key: value for bag in bags if is_mapping(bag) for key, value in bag.items()}


def _compared(inputs: Value, outputs: Value) -> Iterator[bool]:
    if is_mapping(inputs) and is_mapping(outputs):
        for key, value in inputs.items():
            if key in outputs:
                yield from _compared(value, outputs[key])
    elif inputs not in (None, MASKED, UNKNOWN):
        yield inputs == outputs
