"""Missing resources as the engine reports them, and the order of their imports."""

import json
from collections.abc import Mapping
from pathlib import Path

from pulumi.automation import CommandResult, EngineEvent
from pulumi.automation.errors import create_command_error
from pulumi.automation.events import OpType, ResourcePreEvent, StepEventMetadata, StepEventStateMetadata

from automation.plan.inventory import Value
from automation.recover.importer import ImportResult, import_matches
from automation.recover.match import Match
from automation.recover.missing_resources import (
    MissingResource,
    RelatedResource,
    pending_creations,
    pending_operations,
    related_resources,
    resources_to_import,
)
from automation.urn import Urn

PLATFORM = "urn:pulumi:prod::agent-platform::agent-platform:index:AgentPlatform"
STACK = "urn:pulumi:prod::agent-platform::pulumi:pulumi:Stack::agent-platform-prod"
COMPONENT = Urn(f"{PLATFORM}::prod")
PROVIDER = Urn(f"{PLATFORM}$pulumi:providers:aws::prod")
ROLE = Urn(f"{PLATFORM}$aws:iam/role:Role::prod-task")
OTHER = Urn(f"{PLATFORM}$aws:iam/role:Role::prod-other")
RELATED: Mapping[str, RelatedResource] = {
    COMPONENT: RelatedResource(COMPONENT, STACK),
    PROVIDER: RelatedResource(PROVIDER, COMPONENT, {"region": "us-west-2"}),
}


def state(*urns: str, operations: list[tuple[str, str]] | None = None) -> Mapping[str, Value]:
    resources = [{"urn": urn} for urn in urns]
    fields = {"parent": COMPONENT, "provider": f"{PROVIDER}::id", "inputs": {"name": "x"}}
    pending = [{"type": verb, "resource": {"urn": urn, **fields}} for verb, urn in operations or []]
    return {"deployment": {"resources": resources, "pending_operations": pending}}


def event(operation: str, urn: Urn, *, custom: bool = True) -> EngineEvent:
    provider = f"{PROVIDER}::id"
    new = StepEventStateMetadata(urn.type, urn, "", COMPONENT, provider, custom=custom, inputs={"a": 1})
    step = StepEventMetadata(OpType(operation), urn, urn.type, provider, new=new)
    return EngineEvent(1, 0, resource_pre_event=ResourcePreEvent(step))


class ImportingFakeStack:
    """Imports the objects that exist in its cloud and reports an error of the engine for the others."""

    def __init__(self, urns: set[str], objects: set[str], denied: tuple[str, ...] = ()) -> None:
        self.urns, self.objects, self.denied = urns, objects, denied
        self.files: list[list[Mapping[str, Value]]] = []
        self.name_tables: list[Mapping[str, str]] = []

    def export_state(self) -> Mapping[str, Value]:
        return state(*self.urns)

    def run_command(self, *arguments: str) -> str:
        assert "--protect=false" in arguments
        content = json.loads(Path(arguments[arguments.index("--file") + 1]).read_text(encoding="utf-8"))
        self.files.append(content["resources"])
        self.name_tables.append(content["nameTable"])
        errors: list[str] = []
        for entry in content["resources"]:
            name, identity = entry["name"], entry.get("id", "")
            if name in self.denied:
                errors.append(f" = aws:iam:Role {entry['logicalName']} importing error: AccessDenied for you")
            elif not identity or identity in self.objects:
                self.urns.add(name)
            else:
                errors.append(f"error: resource '{identity}' does not exist")
        if errors:
            raise create_command_error(CommandResult("\n".join(errors), "", 255))
        return ""


def run(stack: ImportingFakeStack, *matches: Match) -> ImportResult:
    return import_matches(stack, matches, RELATED, "recover by maria")


def role(urn: Urn = ROLE, identity: str = "prod-task-1a2b3c4", *, pending: bool = True) -> Match:
    return Match(MissingResource(urn, COMPONENT, PROVIDER, pending=pending), identity)


def test_a_pending_creation_is_read_from_the_state_unless_the_resource_exists_under_another_id() -> None:
    current = state(OTHER, operations=[("creating", ROLE), ("creating", OTHER), ("updating", OTHER)])
    assert pending_creations(current) == (MissingResource(ROLE, COMPONENT, PROVIDER, {"name": "x"}, pending=True),)
    assert [(operation.urn.name, operation.verb) for operation in pending_operations(current)] == [
        ("prod-task", "creating"), ("prod-other", "creating"), ("prod-other", "updating"),
    ]  # fmt: skip


def test_a_preview_reports_missing_resources_with_their_component_and_provider() -> None:
    events = [
        event("create", ROLE),
        event("same", OTHER),
        event("create", PROVIDER),
        event("create", COMPONENT, custom=False),
    ]
    assert resources_to_import(state(), events) == (MissingResource(ROLE, COMPONENT, PROVIDER, {"a": 1}),)
    is_provider = {urn: resource.urn.is_provider for urn, resource in related_resources(events).items()}
    assert is_provider == {PROVIDER: True, COMPONENT: False}


def test_a_pending_creation_has_the_inputs_of_the_state_and_comes_first() -> None:
    events = [event("create", OTHER), event("create", ROLE)]
    missing = resources_to_import(state(operations=[("creating", ROLE)]), events)
    assert [(resource.urn.name, resource.inputs) for resource in missing] == [
        ("prod-task", {"name": "x"}), ("prod-other", {"a": 1}),
    ]  # fmt: skip


def test_components_are_imported_first_then_providers_then_objects() -> None:
    stack = ImportingFakeStack({STACK}, {"prod-task-1a2b3c4"})
    run(stack, role())
    assert [[entry["name"] for entry in file] for file in stack.files] == [[COMPONENT], [PROVIDER], [ROLE]]
    assert stack.files[0][0]["component"] is True
    assert stack.files[1][0]["inputs"] == {"region": "us-west-2"}


def test_no_component_is_imported_for_an_object_that_may_not_exist() -> None:
    stack = ImportingFakeStack({STACK}, set())
    run(stack, role(pending=False))
    assert stack.files == []


def test_a_provider_with_secret_settings_is_not_imported() -> None:
    stack = ImportingFakeStack({STACK, COMPONENT}, {"prod-task-1a2b3c4"})
    related: dict[str, RelatedResource] = {PROVIDER: RelatedResource(PROVIDER, COMPONENT, {"token": "[secret]"})}
    result = import_matches(stack, [role()], related, "")
    assert (stack.files, result.rejected) == ([], (role(),))


def test_an_object_that_exists_is_imported_although_another_does_not() -> None:
    stack = ImportingFakeStack({STACK, COMPONENT, PROVIDER}, {"prod-task-1a2b3c4"})
    existing, absent = role(), role(OTHER, "prod-other-1a2b3c4")
    result = run(stack, existing, absent)
    assert (result.imported, result.absent, result.rejected) == ((existing,), (absent,), ())
    assert stack.name_tables == [{COMPONENT: COMPONENT, PROVIDER: PROVIDER}]


def test_a_rejected_import_is_tried_once_more_and_reported_with_the_reason() -> None:
    stack = ImportingFakeStack({STACK, COMPONENT, PROVIDER}, {"prod-task-1a2b3c4"}, denied=(ROLE,))
    result = run(stack, role())
    assert (len(stack.files), result.rejected) == (2, (role(),))
    assert result.reason(role()) == "AccessDenied for you"
