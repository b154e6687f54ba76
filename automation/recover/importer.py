"""Import of cloud objects into the state.

The engine imports several objects at a time, keeps those that exist, and fails unless all of them do: the state
afterwards shows which ones were imported. Objects that were skipped because another one failed are tried once more.
Missing components and providers are imported first: for a missing provider the engine would create one without settings.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from pulumi import automation

from automation.deploy.classification import MAX_QUOTE_CHARACTERS
from automation.deploy.events import MASKED, UNKNOWN
from automation.deploy.state import ExportedState
from automation.plan.inventory import Value
from automation.recover.match import Match
from automation.recover.missing_resources import RelatedResource, urns_of
from automation.urn import Urn

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

MAX_ATTEMPTS = 2
Entry = Mapping[str, Value]


class ImportingStack(Protocol):
    """Part of a stack under the engine that an import needs."""

    def export_state(self) -> ExportedState:
        """Return the state."""
        ...

    def run_command(self, *arguments: str) -> str:
        """Run a command of the engine; raises CommandError."""
        ...


def previewed_events(deployment: "Deployment") -> list[automation.EngineEvent]:
    """Return the events of a preview of the next update, from which `planned_creations` reads; raises DeploymentFailed."""
    events: list[automation.EngineEvent] = []
    deployment.preview()  # with its checks, and the values that are only known for this update
    with deployment.engine_errors():
        deployment.engine.preview(on_event=events.append)
    return events


@dataclass(frozen=True)
class ImportResult:
    """Imported matches, matches without an object in the cloud, rejected matches, and the output of the engine."""

    imported: tuple[Match, ...] = ()
    absent: tuple[Match, ...] = ()
    rejected: tuple[Match, ...] = ()
    output: str = ""

    def reason(self, match: Match) -> str:
        """Return the error of the engine for a rejected resource, as one line."""
        lines = (line.strip() for line in self.output.splitlines())
        errors = (line.partition("error: ")[2] for line in lines if f" {match.missing.urn.name} " in line)
        return next((line[:MAX_QUOTE_CHARACTERS] for line in errors if line), "the engine reports no reason")


def import_matches(
    stack: ImportingStack, matches: Sequence[Match], related: Mapping[str, RelatedResource], message: str
) -> ImportResult:
    """Import the matches whose objects exist."""
    if not matches:
        return ImportResult()
    _import_related(stack, matches, related, message)
    existing = urns_of(stack.export_state())
    remaining = [match for match in matches if {match.missing.parent, match.missing.provider} <= existing]
    output = ""
    for _ in range(MAX_ATTEMPTS):
        if not remaining:
            break
        try:
            _import(stack, [_object_entry(match) for match in remaining], message)
        except automation.CommandError as error:
            output = f"{output}\n{error}"
        existing = urns_of(stack.export_state())
        remaining = [
            match for match in remaining if match.missing.urn not in existing and not _is_absent(match, output)
        ]
    outside = [match for match in matches if match.missing.urn not in existing]
    return ImportResult(
        imported=tuple(match for match in matches if match.missing.urn in existing),
        absent=tuple(match for match in outside if _is_absent(match, output) or not _is_observed(match)),
        rejected=tuple(match for match in outside if not _is_absent(match, output) and _is_observed(match)),
        output=output,
    )


def _import_related(
    stack: ImportingStack, matches: Sequence[Match], related: Mapping[str, RelatedResource], message: str
) -> None:
    """Import components, then providers: the engine registers the providers of an import file before anything else."""
    existing = urns_of(stack.export_state())
    needed = {
        resource.urn: resource
        for match in matches
        if _is_observed(match)
        for resource in _related_to(match, related, existing)
    }
    components = [_component_entry(one) for one in needed.values() if not one.urn.is_provider]
    providers = [_provider_entry(one) for one in needed.values() if one.urn.is_provider and _has_all_inputs(one)]
    for entries in (components, providers):
        if entries:
            _import(stack, entries, message)


def _related_to(match: Match, related: Mapping[str, RelatedResource], existing: set[str]) -> Iterator[RelatedResource]:
    """Components and provider of a resource that the state does not contain."""
    for urn in (match.missing.parent, match.missing.provider):
        while urn in related and urn not in existing:
            yield related[urn]
            urn = related[urn].parent


def _import(stack: ImportingStack, entries: Sequence[Entry], message: str) -> None:
    """Import with a file that names everything by URN, because several resources may share a logical name."""
    names = {str(entry["name"]) for entry in entries}
    references = {str(entry[key]) for entry in entries for key in ("parent", "provider") if entry.get(key)}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        table = {urn: urn for urn in references - names}
        file.write_text(json.dumps({"nameTable": table, "resources": list(entries)}), encoding="utf-8")
        # The next `up` sets the protection that the program declares.
        options = ("--yes", "--skip-preview", "--protect=false", "--generate-code=false", "--message", message)
        stack.run_command("import", "--file", str(file), *options)


def _object_entry(match: Match) -> Entry:
    missing = match.missing
    return {**_entry(missing.urn, missing.parent), "id": match.identity, "provider": missing.provider}


def _component_entry(resource: RelatedResource) -> Entry:
    return {**_entry(resource.urn, resource.parent), "component": True}


def _provider_entry(resource: RelatedResource) -> Entry:
    return {**_entry(resource.urn, resource.parent), "inputs": dict(resource.inputs)}


def _entry(urn: Urn, parent: str) -> Entry:
    return {"type": urn.type, "name": urn, "logicalName": urn.name, "parent": parent}


def _has_all_inputs(resource: RelatedResource) -> bool:
    """True when no input is secret or unknown."""
    return not any(placeholder in json.dumps(resource.inputs) for placeholder in (MASKED, UNKNOWN))


def _is_observed(match: Match) -> bool:
    """True when a search or the state names the object, so that it is more than a guess from the inputs."""
    return match.observed is not None or match.missing.pending


def _is_absent(match: Match, output: str) -> bool:
    """True when the engine reports that the object does not exist."""
    return f"resource '{match.identity}' does not exist" in output
