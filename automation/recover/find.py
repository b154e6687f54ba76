"""What of the missing stands in the cloud: searched, matched, and read where a name alone does not tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from automation.engine.provider_errors import ProviderError
from automation.recover.match import Match, ObservedObject, by_inputs, by_likeness, known_in, match, unsearchable
from automation.recover.missing import Exported, Missing, resources_of
from automation.recover.search import SearchAnswers, Searcher, SearchTarget
from providers.contract.import_ids import ImportTable


@dataclass(frozen=True)
class Objects:
    """What could be imported, what is nobody's, what troubled the search, and what no search could tell of."""

    matches: tuple[Match, ...] = ()
    orphans: tuple[ObservedObject, ...] = ()
    troubles: Mapping[str, ProviderError] = field(default_factory=dict[str, ProviderError])
    hidden: tuple[Missing, ...] = ()


def find(
    searcher: Searcher,
    answers: SearchAnswers,
    table: ImportTable,
    place: Mapping[str, str],
    exported: Exported,
    missing: Sequence[Missing],
) -> Objects:
    """What of the missing stands in the cloud, by the `answers` of a search and by reading single objects.

    `place` has what an id needs beside a resource's inputs.
    """
    seen = seen_in(answers, table, place)
    known = known_in(resources_of(exported), table, place)
    matched = match(seen, missing, known, table, place)
    done = {one.missing.urn for one in matched.matches}
    left = [one for one in missing if one.urn not in done]
    doubtful = (*matched.unnamed, *matched.unwanted)
    read = searcher.read([wanted(one) for one in doubtful])
    alike = by_likeness(matched.unnamed, left, read.read, table)
    settled = {*read.gone, *(one.seen.found.address for one in alike if one.seen)}
    sure = (*matched.matches, *alike)
    tried = tuple(by_inputs(missing, sure, known, table, place, searcher.place["stack"]))
    looked_for = {one.missing.urn for one in (*sure, *tried)}
    return Objects(
        matches=(*sure, *tried),
        orphans=tuple(
            one for one in doubtful if one.found.address not in settled and one.tagged | bool(one.found.name)
        ),
        troubles={**answers.troubles, **read.troubles},
        hidden=unsearchable((one for one in missing if one.urn not in looked_for), table),
    )


def seen_in(answers: SearchAnswers, table: ImportTable, place: Mapping[str, str]) -> list[ObservedObject]:
    """What a search told, each address once; it is the stack's where any of the searches proves it."""
    found: dict[str, ObservedObject] = {}
    for told in answers.told:
        before = found.get(told["address"])
        tagged = told["tagged"] or (before is not None and before.tagged)
        found[told["address"]] = ObservedObject(
            table.found_at(told["address"], told["kind"], told["name"], place), tagged
        )
    return list(found.values())


def wanted(seen: ObservedObject) -> SearchTarget:
    """How an object is read: as the first of the types that it may have."""
    token, identity = next(iter(seen.found.identities.items()))
    return {"address": seen.found.address, "type": token, "id": identity}


def place_for(place: Mapping[str, str]) -> Mapping[str, str]:
    """A stack's place in the words of the patterns."""
    account, region = place["account"], place["region"]
    return {"account": account, "project": account, "subscriptionId": account, "region": region, "location": region}
