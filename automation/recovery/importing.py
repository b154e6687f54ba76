"""Takes objects of the cloud over into the state, as the resources that they are.

The engine imports several at a time, keeps those that it finds, and fails when it does not find all: so what is in the
state afterwards tells what was there. Those that it gave up because of another's failure are tried once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi import automation

from automation.recovery.matching import Match
from automation.recovery.missing import urns_of

if TYPE_CHECKING:
    from automation.deployment.workspace import ProjectStack

ATTEMPTS = 2


@dataclass(frozen=True)
class Imports:
    """What came into the state, what is not in the cloud, and what the cloud or the provider would not hand over."""

    imported: tuple[Match, ...] = ()
    absent: tuple[Match, ...] = ()
    refused: tuple[Match, ...] = ()
    said: str = ""


def import_all(engine: "ProjectStack", matches: Sequence[Match], message: str) -> Imports:
    """Import what matches, as far as it is there."""
    left, said = list(matches), ""
    for _ in range(ATTEMPTS):
        if not left:
            break
        try:
            _import(engine, left, message)
        except automation.CommandError as error:
            last = engine.workspace.pulumi_command.last
            said = "\n".join((said, last.stdout, last.stderr) if last else (said, str(error)))
        standing = urns_of(engine.exported())
        left = [one for one in left if one.missing.urn not in standing and not _absent(one, said)]
    standing = urns_of(engine.exported()) if matches else set[str]()
    return Imports(
        imported=tuple(one for one in matches if one.missing.urn in standing),
        absent=tuple(one for one in matches if one.missing.urn not in standing and _absent(one, said)),
        refused=tuple(one for one in matches if one.missing.urn not in standing and not _absent(one, said)),
        said=said,
    )


def _import(engine: "ProjectStack", matches: Sequence[Match], message: str) -> None:
    urns = dict.fromkeys(urn for one in matches for urn in (one.missing.parent, one.missing.provider))
    names = {urn: f"known{number}" for number, urn in enumerate(urns)}
    engine.import_resources(
        message=message,
        resources=[
            {
                "type": one.missing.type,
                "name": one.missing.name,
                "logicalName": one.missing.name,
                "id": one.identity,
                "parent": names[one.missing.parent],
                "provider": names[one.missing.provider],
            }
            for one in matches
        ],
        name_table={name: urn for urn, name in names.items()},
        # what the program protects is protected by the next `up`
        protect=False,
        generate_code=False,
        show_secrets=False,
    )


def _absent(one: Match, said: str) -> bool:
    """The engine's own words for an object that the cloud does not have."""
    return f"resource '{one.identity}' does not exist" in said
