"""Import of objects that were made by hand or by another tool: chosen by name and id, taken over without a replacement.

The engine compares an object with the program only when the state has it. So the objects are imported into the state first,
which changes nothing in the cloud, and a preview then shows what the next update would change. Where that is a replacement of
one of them, all are removed from the state again, and the properties that cause it are named.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi.automation import EngineEvent

from automation.deploy.changes import ResourceChange
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.results import update_message
from automation.recover.imported_inputs import limit_inputs
from automation.recover.importer import ImportResult, import_matches, previewed_events
from automation.recover.match import Match, ObservedObject
from automation.recover.missing_resources import MissingResource, planned_creations, related_resources
from automation.stack.yaml_reader import read_mapping
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.import_ids import LOCAL_TYPES, CloudObject
from providers.contract.json_data import is_mapping

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

RESOURCES = "resources"
REPLACEMENTS = frozenset({"replace", "delete"})


@dataclass(frozen=True)
class HandmadeImport:
    """Imported objects, and what the next update changes in them."""

    stack: str
    matches: tuple[Match, ...]
    changes: tuple[ResourceChange, ...] = ()


def read_import_file(path: Path) -> Mapping[str, str]:
    """Return the ids of a file by logical name, or by type and name: `s3:Bucket prod-storage`.

    Raises InvalidConfiguration for a file without `resources`, and for an id that is no text.
    """
    content = read_mapping(path)
    resources = content.get(RESOURCES)
    if set(content) != {RESOURCES} or not is_mapping(resources) or not resources:
        fix = "write the ids below `resources`, by the logical names of `agent-platform plan`"
        raise InvalidConfiguration([ConfigError(path.name, "not a file of resources with their ids", fix)])
    wrong = [name for name, identity in resources.items() if not isinstance(identity, str) or not identity.strip()]
    if wrong:
        fix = "write the id in quotes, as `pulumi import` takes it"
        raise InvalidConfiguration([ConfigError(f"{RESOURCES}.{name}", "no id as text", fix) for name in wrong])
    return {name: str(identity).strip() for name, identity in resources.items()}


def chosen_matches(ids: Mapping[str, str], missing: Sequence[MissingResource]) -> tuple[Match, ...]:
    """Return the resources that the next update would create, with the ids that import them instead.

    Raises InvalidConfiguration with an error for each name that is unknown, ambiguous, or of a generated value.
    """
    matches: list[Match] = []
    errors: list[ConfigError] = []
    for name, identity in ids.items():
        found = [each for each in missing if name in (each.urn.name, f"{each.urn.short_type} {each.urn.name}")]
        if len(found) == 1 and found[0].urn.type not in LOCAL_TYPES:
            kinds = {found[0].urn.type: identity}
            matches.append(Match(found[0], identity, ObservedObject(CloudObject(identity, name, kinds))))
        else:
            errors.append(_name_error(name, found, missing))
    same = [name for name, identity in ids.items() if list(ids.values()).count(identity) > 1]
    kinds = [match.missing.urn.type for match in matches if match.identity in {ids[name] for name in same}]
    if len(kinds) > len(set(kinds)):
        errors.append(ConfigError(RESOURCES, f"{listed(same, 'and')} have the same id", "correct the ids"))
    if errors:
        raise InvalidConfiguration(errors)
    return tuple(matches)


def _name_error(name: str, found: Sequence[MissingResource], missing: Sequence[MissingResource]) -> ConfigError:
    key = f"{RESOURCES}.{name}"
    if len(found) > 1:
        kinds = listed(f'"{each.urn.short_type} {each.urn.name}"' for each in found)
        return ConfigError(key, f"{len(found)} resources have this name", f"use {kinds}")
    if found:
        return ConfigError(key, "generated in the state, not an object of the cloud", "remove it")
    names = sorted({each.urn.name for each in missing})
    problem = f"the next update creates no resource of this name{did_you_mean(name, names)}"
    return ConfigError(key, problem, "use a logical name of `agent-platform plan` that is not deployed yet")


def planned_imports(deployment: "Deployment", ids: Mapping[str, str]) -> tuple[tuple[Match, ...], list[EngineEvent]]:
    """Return the matches of a file and the events of the preview that they are from; raises DeploymentFailed."""
    events = previewed_events(deployment)
    return chosen_matches(ids, planned_creations(events)), events


def import_objects(deployment: "Deployment", matches: Sequence[Match], events: Iterable[EngineEvent]) -> HandmadeImport:
    """Import objects into the state, and return what the next update changes in them.

    Raises DeploymentFailed, with none of them in the state, where an object does not exist or would be replaced.
    """
    deployment.refuse_locked()
    message = update_message("import", {**os.environ, **deployment.environment})
    with deployment.engine_errors():
        result = import_matches(deployment.engine, matches, related_resources(events), message)
    if len(result.imported) < len(matches):
        _remove(deployment, result.imported)
        raise _not_imported(deployment, matches, result)
    urns = {match.missing.urn for match in matches}
    limit_inputs(deployment, result.imported)
    try:
        preview = deployment.preview()
    except DeploymentFailed:
        _remove(deployment, matches)
        raise
    changes = [change for change in preview.effective if change.urn in urns]
    replaced = [change for change in changes if change.operation in REPLACEMENTS]
    if replaced:
        _remove(deployment, matches)
        raise _would_be_replaced(deployment, replaced)
    return HandmadeImport(deployment.name, tuple(matches), tuple(changes))


def _remove(deployment: "Deployment", matches: Sequence[Match]) -> None:
    """Remove imported objects from the state, those that depend on others first; nothing in the cloud changes."""
    for match in reversed(matches):
        with deployment.engine_errors():
            deployment.engine.run_command("state", "delete", match.missing.urn, "--yes", "--force")


def _not_imported(deployment: "Deployment", matches: Sequence[Match], result: ImportResult) -> DeploymentFailed:
    failed = next(match for match in matches if match not in result.imported)
    reason = "it does not exist" if failed in result.absent else result.reason(failed)
    problem = f"{failed.missing} cannot be imported with the id {failed.identity}: {reason}"
    fix = "correct the id in the file; no object was imported"
    return DeploymentFailed(Failure.RESOURCE, problem, fix, result.output, stack=deployment.name)


def _would_be_replaced(deployment: "Deployment", replaced: Sequence[ResourceChange]) -> DeploymentFailed:
    problem = f"the next update would replace {listed(_replacement_clauses(replaced), 'and')}"
    fix = (
        "give the keys of the stack file the values of the object, or leave it out of the file; no object was imported"
    )
    return DeploymentFailed(Failure.GUARDED, problem, fix, stack=deployment.name)


def _replacement_clauses(replaced: Iterable[ResourceChange]) -> Iterator[str]:
    for change in replaced:
        cause = f" (because of {listed(change.replaces, 'and')})" if change.replaces else ""
        yield f"{change.name} ({change.short_type}){cause}"
