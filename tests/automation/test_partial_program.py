"""Program of an update without a region: what it registers, and what it answers for what the state has of that region."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from pulumi.runtime.proto import resource_pb2

from automation.deploy.deployment import Deployment
from automation.deploy.partial_program import KnownResource, PartialMonitor, prepare_state, write_partial_project
from automation.deploy.state import ExportedState, StateResource, providers_beside
from automation.deploy.targets import registered_before
from automation.deploy.workspace import ProjectStack
from automation.plan.inventory import Declared, Inventory
from automation.plan.sdk_internals import SECRET_SIGNATURE, SIGNATURE, decode
from automation.urn import Urn
from tests.automation.command_line import write_stack_file
from tests.planning import production

TYPES = "prod::agent-platform::"
STACK = f"urn:pulumi:{TYPES}pulumi:pulumi:Stack::agent-platform-prod"
NETWORK, SUBNET = (f"urn:pulumi:{TYPES}gcp:compute/{kind}::{kind[:3]}" for kind in ("network:Network", "subnet:Subnet"))
SECRET = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": "abc"}


class Engine:
    """Engine that keeps what it is asked to register."""

    def __init__(self) -> None:
        self.requests: list[resource_pb2.RegisterResourceRequest] = []

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        self.requests.append(request)
        return resource_pb2.RegisterResourceResponse(urn="from the engine")


def request(urn: str, *depends_on: str) -> resource_pb2.RegisterResourceRequest:
    *_, kind, name = urn.split("::")
    found = resource_pb2.RegisterResourceRequest(type=kind, name=name, parent=STACK, custom=True)
    found.dependencies.extend(depends_on)
    found.propertyDependencies["network"].urns.extend(depends_on)
    return found


def monitor(engine: Engine, known: dict[str, KnownResource]) -> PartialMonitor:
    return PartialMonitor(engine, frozenset({SUBNET}), known)


def test_what_the_state_has_of_the_other_region_is_answered_from_it() -> None:
    engine = Engine()
    known = {NETWORK: KnownResource("projects/p/global/networks/n", {"name": "n", "tags": ["a"], "size": 3})}
    answer = monitor(engine, known).RegisterResource(request(NETWORK))
    assert engine.requests == []
    assert answer.id == "projects/p/global/networks/n"
    outputs = decode(answer.object)
    assert (outputs["name"], outputs["tags"], outputs["size"]) == ("n", ["a"], 3)


def test_a_target_is_registered_without_dependencies_that_the_engine_does_not_know() -> None:
    engine = Engine()
    partial = monitor(engine, {NETWORK: KnownResource("n", {})})
    partial.RegisterResource(request(SUBNET))
    partial.RegisterResource(request(SUBNET, NETWORK, "from the engine", SUBNET))
    registered = engine.requests[1]
    assert list(registered.dependencies) == ["from the engine", SUBNET]
    assert list(registered.propertyDependencies["network"].urns) == ["from the engine", SUBNET]


def test_an_update_that_knows_everything_keeps_every_dependency() -> None:
    engine = Engine()
    monitor(engine, {}).RegisterResource(request(SUBNET, NETWORK))
    assert list(engine.requests[0].dependencies) == [NETWORK]


def test_every_provider_of_a_region_is_left_out_with_it() -> None:
    regions: dict[str, dict[str, object]] = {
        "prod-a": {"region": "a"}, "prod-services": {"region": "a"}, "prod-b": {"region": "b"}, "prod-random": {},
        "prod-c": {"location": "c"}, "prod-group": {"location": "c"}, "prod-d": {"location": "d"},
    }  # fmt: skip
    state: list[StateResource] = [
        {"urn": f"urn:pulumi:{TYPES}pulumi:providers:gcp::{name}", "inputs": inputs} for name, inputs in regions.items()
    ]
    assert providers_beside(state, "prod-a") == {"prod-a", "prod-services"}
    assert providers_beside(state, "prod-c") == {"prod-c", "prod-group"}
    assert providers_beside(state, "prod-random") == {"prod-random"}
    assert providers_beside(state, "prod-unknown") == {"prod-unknown"}


@pytest.mark.parametrize("secret", [SECRET, {"inner": SECRET}, [SECRET], [{"inner": [SECRET]}]])
def test_no_secret_output_is_taken_from_the_state(secret: object) -> None:
    found = KnownResource.of({"urn": NETWORK, "id": "n", "outputs": {"name": "n", "password": secret}})
    assert found == KnownResource("n", {"name": "n"})


def test_the_project_of_the_update_names_what_it_does_not_register(tmp_path: Path) -> None:
    write_stack_file(tmp_path, "prod", production(cloud="gcp"))
    known = {NETWORK: KnownResource("n", {"name": "n"})}
    deployment = Deployment("prod", tmp_path)
    folder = write_partial_project(deployment.workdir, [SUBNET], [], known)
    registered = json.loads((folder / "targets.json").read_text(encoding="utf-8"))
    assert registered == {
        "targets": [SUBNET], "existing": [], "known": {NETWORK: {"id": "n", "outputs": {"name": "n"}}}
    }  # fmt: skip


BASE, MIDDLE, LATER, REMOVED = (
    f"urn:pulumi:{TYPES}t:m:{name.title()}::{name}" for name in ("base", "middle", "later", "removed")
)
PROVIDER = f"urn:pulumi:{TYPES}pulumi:providers:gcp::prod-b"


def program(**needs: Sequence[str]) -> Inventory:
    """Return a plan with resources by the name of a constant, and what each refers to."""
    urns = {"base": BASE, "middle": MIDDLE, "later": LATER}
    return Inventory("prod", tuple(declared(urns[name], of) for name, of in needs.items()), {})


def declared(urn: str, needs: Sequence[str]) -> Declared:
    *_, kind, name = urn.split("::")
    return Declared(Urn(urn), kind, name, STACK, "", custom=True, inputs={}, depends_on=tuple(needs))


def stored(urn: str, *needs: str, provider: str = "") -> StateResource:
    by_property = {"one": list(needs[:1]), "two": list(needs[1:])}
    return {"urn": urn, "provider": provider, "dependencies": list(needs), "propertyDependencies": by_property}


class State:
    """Engine with a state."""

    def __init__(self, *resources: StateResource) -> None:
        self.exported: ExportedState = {"version": 3, "deployment": {"resources": list(resources)}}
        self.imports = 0

    def export_state(self) -> ExportedState:
        return self.exported

    def import_state(self, exported: ExportedState) -> None:
        self.exported, self.imports = exported, self.imports + 1


def prepared(state: State, inventory: Inventory, *targets: str, without: str = "") -> list[StateResource]:
    return prepare_state(cast("ProjectStack", state), inventory, tuple(map(Urn, targets)), without)


def test_what_a_program_registers_before_a_resource_is_all_that_it_needs_also_through_others() -> None:
    before = registered_before(program(base=[], middle=[BASE], later=[MIDDLE, "urn of no resource"]))
    assert before == {BASE: frozenset(), MIDDLE: {BASE}, LATER: {BASE, MIDDLE}}


def test_a_dependency_that_the_program_has_no_more_is_removed_from_the_state() -> None:
    """The engine takes it for registered, and the later registration by the program for a duplicate."""
    state = State(stored(BASE), stored(REMOVED), stored(LATER), stored(MIDDLE, BASE, LATER, REMOVED))
    inventory = program(base=[], middle=[BASE], later=[])
    kept = [
        stored(BASE),
        stored(REMOVED),
        stored(LATER),
        {**stored(MIDDLE, BASE), "propertyDependencies": {"one": [BASE], "two": []}},
    ]
    assert prepared(state, inventory, BASE) == kept
    assert state.exported == {"version": 3, "deployment": {"resources": kept}}
    assert (prepared(state, inventory, BASE), state.imports) == (kept, 1)


def test_a_state_whose_dependencies_the_program_has_is_not_written() -> None:
    resources = [stored(BASE), stored(REMOVED), stored(MIDDLE, BASE), stored(LATER, BASE, MIDDLE)]
    state = State(*resources)
    assert prepared(state, program(base=[], middle=[BASE], later=[MIDDLE]), MIDDLE) == resources
    assert state.imports == 0


def test_dependencies_of_a_target_are_those_of_the_program_by_the_update() -> None:
    resources = [stored(BASE), stored(LATER), stored(MIDDLE, LATER)]
    state = State(*resources)
    assert prepared(state, program(base=[], middle=[], later=[]), MIDDLE) == resources
    assert state.imports == 0


def test_a_dependent_of_a_target_in_the_region_that_is_left_out_is_kept_by_a_state_without_the_dependency() -> None:
    """The engine deletes a dependent of a target that the program does not declare."""
    copying = stored(LATER, BASE, MIDDLE, provider=f"{PROVIDER}::1a2b")
    state = State(stored(BASE), stored(MIDDLE), copying)
    inventory = program(base=[], middle=[], later=[BASE, MIDDLE])
    assert prepared(state, inventory, BASE)[2] == copying
    assert (prepared(state, inventory, BASE, without="prod-b")[2], state.imports) == (
        {**copying, "dependencies": [MIDDLE], "propertyDependencies": {"one": [], "two": [MIDDLE]}}, 1
    )  # fmt: skip
