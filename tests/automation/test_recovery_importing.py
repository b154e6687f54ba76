"""What a state lacks, read from the engine, and what is imported in which order."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from pulumi import automation
from pulumi.automation import CommandResult
from pulumi.automation.errors import create_command_error

from automation.deploy.workspace import ProjectStack
from automation.plan.inventory import Value
from automation.recover.importer import import_all
from automation.recover.match import Match
from automation.recover.missing import Missing, RelatedResources, all_missing, pending, related_resources, under_way

STACK = "urn:pulumi:prod::agent-platform::pulumi:pulumi:Stack::agent-platform-prod"
ROOM = "urn:pulumi:prod::agent-platform::agent-platform:index:AgentPlatform::prod"
PROVIDER = "urn:pulumi:prod::agent-platform::agent-platform:index:AgentPlatform$pulumi:providers:aws::prod"
ROLE = "urn:pulumi:prod::agent-platform::agent-platform:index:AgentPlatform$aws:iam/role:Role::prod-task"
OTHER = "urn:pulumi:prod::agent-platform::agent-platform:index:AgentPlatform$aws:iam/role:Role::prod-other"
GROUND = {
    ROOM: RelatedResources(ROOM, STACK),
    PROVIDER: RelatedResources(PROVIDER, ROOM, {"region": "us-west-2"}, provider=True),
}


def exported(*urns: str, operations: list[tuple[str, str]] | None = None) -> Mapping[str, Value]:
    resources = [{"urn": urn} for urn in urns]
    waiting = [
        {"type": verb, "resource": {"urn": urn, "parent": ROOM, "provider": f"{PROVIDER}::id", "inputs": {"name": "x"}}}
        for verb, urn in operations or []
    ]
    return {"deployment": {"resources": resources, "pending_operations": waiting}}


def event(operation: str, urn: str, token: str, *, custom: bool = True) -> automation.EngineEvent:
    state = SimpleNamespace(
        urn=urn, type=token, parent=ROOM, provider=f"{PROVIDER}::id", custom=custom, inputs={"a": 1}
    )
    step = SimpleNamespace(op=SimpleNamespace(value=operation), new=state)
    return cast("automation.EngineEvent", SimpleNamespace(resource_pre_event=SimpleNamespace(metadata=step)))


class Engine:
    """Imports what stands in its cloud, and says of the rest what the engine would say."""

    def __init__(self, standing: set[str], there: set[str], refusing: tuple[str, ...] = ()) -> None:
        self.standing, self.there, self.refusing = standing, there, refusing
        self.files: list[list[Mapping[str, Value]]] = []
        self.tables: list[Mapping[str, str]] = []
        self.workspace = SimpleNamespace(pulumi_command=SimpleNamespace(last=None))

    def export_state(self) -> Mapping[str, Value]:
        return exported(*self.standing)

    def run_command(self, *arguments: str) -> str:
        assert "--protect=false" in arguments
        read = json.loads(Path(arguments[arguments.index("--file") + 1]).read_text(encoding="utf-8"))
        self.files.append(read["resources"])
        self.tables.append(read["nameTable"])
        said: list[str] = []
        for entry in read["resources"]:
            name, identity = entry["name"], entry.get("id", "")
            if name in self.refusing:
                said.append(f" = aws:iam:Role {entry['logicalName']} importing error: AccessDenied for you")
            elif not identity or identity in self.there:
                self.standing.add(name)
            else:
                said.append(f"error: resource '{identity}' does not exist")
        if said:
            self.workspace.pulumi_command.last_result = CommandResult("\n".join(said), "", 255)
            raise create_command_error(self.workspace.pulumi_command.last_result)
        return ""


def run(engine: Engine, *matches: Match) -> object:
    return import_all(cast("ProjectStack", engine), matches, GROUND, "recover by maria")


def role(urn: str = ROLE, identity: str = "prod-task-1a2b3c4", *, begun: bool = True) -> Match:
    return Match(Missing(urn, ROOM, PROVIDER, pending=begun), identity)


def test_what_was_being_created_is_read_from_the_state_unless_it_stands_there_under_another_id() -> None:
    state = exported(OTHER, operations=[("creating", ROLE), ("creating", OTHER), ("updating", OTHER)])
    assert pending(state) == (Missing(ROLE, ROOM, PROVIDER, {"name": "x"}, pending=True),)
    assert [(one.name, one.verb) for one in under_way(state)] == [
        ("prod-task", "creating"), ("prod-other", "creating"), ("prod-other", "updating"),
    ]  # fmt: skip


def test_a_preview_tells_what_is_missing_and_what_that_stands_on() -> None:
    events = [
        event("create", ROLE, "aws:iam/role:Role"),
        event("same", OTHER, "aws:iam/role:Role"),
        event("create", PROVIDER, "pulumi:providers:aws"),
        event("create", ROOM, "agent-platform:index:AgentPlatform", custom=False),
    ]
    assert all_missing(exported(), events) == (Missing(ROLE, ROOM, PROVIDER, {"a": 1}),)
    assert {urn: one.provider for urn, one in related_resources(events).items()} == {PROVIDER: True, ROOM: False}


def test_inputs_of_a_begun_creation_are_those_of_the_state_and_come_first() -> None:
    events = [event("create", OTHER, "aws:iam/role:Role"), event("create", ROLE, "aws:iam/role:Role")]
    found = all_missing(exported(operations=[("creating", ROLE)]), events)
    assert [(one.name, one.inputs) for one in found] == [("prod-task", {"name": "x"}), ("prod-other", {"a": 1})]


def test_components_are_imported_first_then_providers_then_objects() -> None:
    engine = Engine({STACK}, {"prod-task-1a2b3c4"})
    run(engine, role())
    assert [[entry["name"] for entry in file] for file in engine.files] == [[ROOM], [PROVIDER], [ROLE]]
    assert engine.files[0][0]["component"] is True
    assert engine.files[1][0]["inputs"] == {"region": "us-west-2"}


def test_nothing_is_laid_for_what_is_only_tried() -> None:
    engine = Engine({STACK}, set())
    run(engine, role(begun=False))
    assert engine.files == []


def test_a_provider_whose_settings_are_not_told_whole_is_not_made() -> None:
    engine = Engine({STACK, ROOM}, {"prod-task-1a2b3c4"})
    ground = {PROVIDER: RelatedResources(PROVIDER, ROOM, {"token": "[secret]"}, provider=True)}
    done = import_all(cast("ProjectStack", engine), [role()], ground, "")
    assert (engine.files, done.refused) == ([], (role(),))


def test_what_is_there_is_imported_though_something_else_is_not() -> None:
    engine = Engine({STACK, ROOM, PROVIDER}, {"prod-task-1a2b3c4"})
    there, gone = role(), role(OTHER, "prod-other-1a2b3c4")
    done = import_all(cast("ProjectStack", engine), [there, gone], GROUND, "")
    assert (done.imported, done.absent, done.refused) == ((there,), (gone,), ())
    assert engine.tables == [{ROOM: ROOM, PROVIDER: PROVIDER}]


def test_what_is_refused_is_tried_once_more_and_told_with_the_reason() -> None:
    engine = Engine({STACK, ROOM, PROVIDER}, {"prod-task-1a2b3c4"}, refusing=(ROLE,))
    done = import_all(cast("ProjectStack", engine), [role()], GROUND, "")
    assert (len(engine.files), done.refused) == (2, (role(),))
    assert done.why(role()) == "AccessDenied for you"
