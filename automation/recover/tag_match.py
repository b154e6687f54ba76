"""Match the objects with a tag with the resources that a stack lacks. Pure.

Criteria in order of certainty: the id that follows from the inputs of a resource, its name, and last the type alone, for a
resource whose name the provider generates, when the tag has one object of the type and the stack lacks one resource of it.
Objects and resources that fit in more than one way are returned together, and the user decides.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from automation.recover.match import (
    Location,
    Match,
    ObservedObject,
    StateIndex,
    comparable,
    may_be_there,
    placed,
    same_identity,
)
from automation.recover.missing_resources import MissingResource
from automation.urn import short_type
from providers.contract.diagnostics import listed
from providers.contract.import_ids import LOCAL_TYPES, ImportTable, is_automatic
from providers.contract.json_data import is_mapping
from providers.contract.tag_search import TagSearch

Fits = Callable[[MissingResource, ObservedObject], bool]
SHOWN = 5
"""Names in a sentence."""


@dataclass(frozen=True)
class TagMatch:
    """Match, and the criterion in words, such as `by its name`."""

    match: Match
    reason: str


@dataclass(frozen=True)
class Undecided:
    """Objects and resources that fit in more than one way."""

    resources: tuple[MissingResource, ...]
    objects: tuple[ObservedObject, ...]

    def candidates(self, resource: MissingResource) -> tuple[ObservedObject, ...]:
        """Return the objects of the resource's type."""
        return tuple(each for each in self.objects if resource.urn.type in each.identities)


@dataclass(frozen=True)
class SkippedObject:
    """Object that is no resource of the stack, with the reason as a clause.

    `resources` are of its type and have another name: an update renames or replaces the object that is imported as one of them.
    """

    object: ObservedObject
    reason: str
    resources: tuple[MissingResource, ...] = ()


@dataclass(frozen=True)
class TaggedObjects:
    """Result of a search by a tag; `unsearched` are short names of types whose objects have no tags."""

    matches: tuple[TagMatch, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    left_out: tuple[SkippedObject, ...] = ()
    unsearched: tuple[str, ...] = ()


def match_tagged(
    observed: Sequence[ObservedObject],
    missing: Sequence[MissingResource],
    index: StateIndex,
    table: ImportTable,
    location: Location,
) -> TaggedObjects:
    """Match objects that the state does not contain with the resources that it lacks."""
    objects = [each for each in observed if not index.contains(each.cloud_object)]
    # a preview lists them in the order in which they were registered, which differs between runs
    named = sorted(missing, key=lambda each: (each.urn.name, each.urn.type))
    resources = [each for each in named if each.urn.type not in LOCAL_TYPES]
    matches: list[TagMatch] = []
    undecided: list[Undecided] = []
    for reason, fits in _criteria(table, location):
        for group in _groups(resources, objects, fits):
            if len(group.resources) == len(group.objects) == 1:
                (resource,), (found,) = group.resources, group.objects
                identity = found.identities[resource.urn.type]
                matches.append(TagMatch(Match(resource, identity, found), reason.format(resource.urn.short_type)))
            else:
                undecided.append(group)
            resources = [each for each in resources if each not in group.resources]
            objects = [each for each in objects if each not in group.objects]
    left_out = [_skipped(each, missing, resources, table) for each in objects]
    return TaggedObjects(tuple(matches), tuple(undecided), tuple(left_out))


def unsearched_types(missing: Sequence[MissingResource], table: ImportTable, search: TagSearch) -> tuple[str, ...]:
    """Return the types of missing resources that no search by a tag finds and whose creation is not idempotent."""
    tokens = {each.urn.type for each in missing} - LOCAL_TYPES - table.again
    return tuple(
        sorted(
            short_type(token)
            for token in tokens
            if token in search.untagged or token not in table.by_type or not table.by_type[token].address
        )
    )


def _criteria(table: ImportTable, location: Location) -> Iterator[tuple[str, Fits]]:
    def same_id(resource: MissingResource, found: ObservedObject) -> bool:
        return same_identity(resource, found.cloud_object, table, placed(location, resource.region))

    def same_name(resource: MissingResource, found: ObservedObject) -> bool:
        return _has_name(resource, found.cloud_object.name, table)

    def same_type(resource: MissingResource, _: ObservedObject) -> bool:
        return not _own_name(resource, table)

    for reason, criterion in (
        ("by its id", same_id),
        ("by its name", same_name),
        ("the only {} with the tag and the only one that the stack lacks", same_type),
    ):
        yield reason, _of_type(criterion)


def _of_type(criterion: Fits) -> Fits:
    def fits(resource: MissingResource, found: ObservedObject) -> bool:
        return resource.urn.type in found.identities and may_be_there(resource, found) and criterion(resource, found)

    return fits


def _groups(resources: Sequence[MissingResource], objects: Sequence[ObservedObject], fits: Fits) -> Iterator[Undecided]:
    """Yield groups of resources and objects that are connected by a criterion; one of each is a match."""
    left = list(resources)
    while left:
        group, found = [left.pop(0)], list[ObservedObject]()
        while True:
            more = [each for each in objects if each not in found and any(fits(one, each) for one in group)]
            found += more
            also = [each for each in left if any(fits(each, one) for one in more)]
            if not also:
                break
            group += also
            left = [each for each in left if each not in also]
        if found:
            yield Undecided(tuple(group), tuple(found))


def _has_name(resource: MissingResource, name: str, table: ImportTable) -> bool:
    """True for the name in the inputs, or for the logical name where the provider generates the former."""
    own, logical = _own_name(resource, table), resource.urn.name
    return bool(name) and (name == own if own else name == logical or is_automatic(name, logical))


def _own_name(resource: MissingResource, table: ImportTable) -> str:
    """Return the name that the program sets; empty where the provider generates it, or the cloud an id.

    An object of Kubernetes has it in its metadata.
    """
    rule, values = table.by_type.get(resource.urn.type), comparable(resource.inputs)
    if rule is None or not rule.named:
        return ""
    metadata = values.get("metadata")
    name = values.get(rule.named) or (metadata.get(rule.named) if is_mapping(metadata) else None)
    return name if isinstance(name, str) and not is_automatic(name, resource.urn.name) else ""


def _skipped(
    found: ObservedObject, missing: Sequence[MissingResource], left: Sequence[MissingResource], table: ImportTable
) -> SkippedObject:
    if not found.identities:
        return SkippedObject(found, "the platform has no resource of its type")
    kinds = listed(short_type(token) for token in found.identities)
    if not any(each.urn.type in found.identities for each in missing):
        return SkippedObject(found, f"the stack lacks no {kinds}")
    others = tuple(each for each in left if each.urn.type in found.identities and _own_name(each, table))
    names = first_of(sorted({_own_name(each, table) for each in others}))
    reason = f"the stack gives its {kinds} another name: {names}" if names else f"every {kinds} has another object"
    return SkippedObject(found, reason, others)


def first_of(names: Sequence[str]) -> str:
    """`a, b or c`, and the number of the others after the first five."""
    rest = len(names) - SHOWN
    return f"{', '.join(names[:SHOWN])} or {rest} more" if rest > 0 else listed(names)


def placed_in(result: TaggedObjects, place: Callable[[Match], Match]) -> TaggedObjects:
    """Return a result whose import IDs name the region where that is necessary."""
    matches = tuple(replace(each, match=place(each.match)) for each in result.matches)
    return replace(result, matches=matches)
