"""Takes objects of the cloud over into the state, as the resources that they are.

The engine imports several at a time, keeps those that it finds, and fails when it does not find all: so what is in the
state afterwards tells what was there. Those that it gave up because of another's failure are tried once more.
What they stand on comes first: a state that was lost or is old may lack components and providers, and of a provider
that it does not have the engine would make one without any settings.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pulumi import automation

from automation.deploy.classification import MAX_QUOTE_CHARACTERS
from automation.deploy.events import MASKED, UNKNOWN
from automation.deploy.urn import name_of, type_of
from automation.plan.inventory import Value
from automation.recover.match import Match
from automation.recover.missing import RelatedResources, urns_of

if TYPE_CHECKING:
    from automation.deploy.workspace import ProjectStack

ATTEMPTS = 2
Entry = Mapping[str, Value]


@dataclass(frozen=True)
class Imports:
    """What came into the state, what is not in the cloud, what was not handed over, and what the engine said of it."""

    imported: tuple[Match, ...] = ()
    absent: tuple[Match, ...] = ()
    refused: tuple[Match, ...] = ()
    said: str = ""

    def why(self, one: Match) -> str:
        """What the engine said of a refused resource, in one line."""
        lines = (line.strip() for line in self.said.splitlines())
        told = (line.partition("error: ")[2] for line in lines if f" {one.missing.name} " in line)
        return next((line[:MAX_QUOTE_CHARACTERS] for line in told if line), "the engine does not say why")


def import_all(
    engine: "ProjectStack", matches: Sequence[Match], ground: Mapping[str, RelatedResources], message: str
) -> Imports:
    """Import what matches, as far as it is there."""
    if not matches:
        return Imports()
    _lay_ground(engine, matches, ground, message)
    standing = urns_of(engine.export_state())
    left, said = [one for one in matches if {one.missing.parent, one.missing.provider} <= standing], ""
    for _ in range(ATTEMPTS):
        if not left:
            break
        try:
            _import(engine, [_object(one) for one in left], message)
        except automation.CommandError as error:
            last = engine.workspace.pulumi_command.last_result
            said = "\n".join((said, last.stdout, last.stderr) if last else (said, str(error)))
        standing = urns_of(engine.export_state())
        left = [one for one in left if one.missing.urn not in standing and not _absent(one, said)]
    outside = [one for one in matches if one.missing.urn not in standing]
    return Imports(
        imported=tuple(one for one in matches if one.missing.urn in standing),
        absent=tuple(one for one in outside if _absent(one, said) or not _told(one)),
        refused=tuple(one for one in outside if not _absent(one, said) and _told(one)),
        said=said,
    )


def _lay_ground(
    engine: "ProjectStack", matches: Sequence[Match], ground: Mapping[str, RelatedResources], message: str
) -> None:
    """Components first, then providers: the engine makes providers before it looks at anything else in a file."""
    standing = urns_of(engine.export_state())
    needed = {found.urn: found for one in matches if _told(one) for found in _beneath(one, ground, standing)}
    components = [_room(one) for one in needed.values() if not one.provider]
    providers = [_provider(one) for one in needed.values() if one.provider and _is_whole(one)]
    for entries in (components, providers):
        if entries:
            _import(engine, entries, message)


def _beneath(one: Match, ground: Mapping[str, RelatedResources], standing: set[str]) -> Iterator[RelatedResources]:
    """What a resource stands on and the state does not have."""
    for urn in (one.missing.parent, one.missing.provider):
        while urn in ground and urn not in standing:
            yield ground[urn]
            urn = ground[urn].parent


def _import(engine: "ProjectStack", entries: Sequence[Entry], message: str) -> None:
    """Import by a file in which everything goes by its urn, as logical names may stand for several things."""
    own = {str(entry["name"]) for entry in entries}
    used = {str(entry[key]) for entry in entries for key in ("parent", "provider") if entry.get(key)}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        table = {urn: urn for urn in used - own}
        file.write_text(json.dumps({"nameTable": table, "resources": list(entries)}), encoding="utf-8")
        # what the program protects is protected by the next `up`
        options = ("--yes", "--skip-preview", "--protect=false", "--generate-code=false", "--message", message)
        engine.run_command("import", "--file", str(file), *options)


def _object(one: Match) -> Entry:
    missing = one.missing
    return {**_entry(missing.urn, missing.parent), "id": one.identity, "provider": missing.provider}


def _room(one: RelatedResources) -> Entry:
    return {**_entry(one.urn, one.parent), "component": True}


def _provider(one: RelatedResources) -> Entry:
    return {**_entry(one.urn, one.parent), "inputs": dict(one.inputs)}


def _entry(urn: str, parent: str) -> Entry:
    return {"type": type_of(urn), "name": urn, "logicalName": name_of(urn), "parent": parent}


def _is_whole(one: RelatedResources) -> bool:
    """True for settings that a preview has told whole."""
    return not any(word in json.dumps(one.inputs) for word in (MASKED, UNKNOWN))


def _told(one: Match) -> bool:
    """True for what the cloud or the state has told of, and is not only tried."""
    return one.seen is not None or one.missing.pending


def _absent(one: Match, said: str) -> bool:
    """The engine's own words for an object that the cloud does not have."""
    return f"resource '{one.identity}' does not exist" in said
