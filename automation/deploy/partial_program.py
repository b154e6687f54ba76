"""Program of an update that deploys targets alone: runs the stack's program, and no other new resource reaches the engine.

With `--target`, the engine answers the registration of every other new resource with its inputs. A program cannot work
with these: an output that is no input is missing, and an input whose type differs from the output's cannot be read by
the SDK. Here every other new resource gets the placeholders of the plan, with which the whole program runs. No placeholder
reaches a target, because everything that a target refers to is a target (docs/adr/0015-deploy-an-empty-account-in-phases.md).
A resource that is in the state is registered: the engine leaves it as it is, and would otherwise take it for one to delete.
Those of a region that does not answer are not registered. What others read of them, such as the ID of a network that both regions
use, is their output in the state. A target that refers to one is registered without that dependency, which the engine would miss;
the next update of the whole stack adds it again.
"""

import json
import os
import runpy
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pulumi
from google.protobuf import empty_pb2
from pulumi.resource import ResourceTransformationArgs
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

from automation.deploy.deployment import Deployment
from automation.deploy.events import OnEvent
from automation.deploy.results import Outcome, update_message
from automation.deploy.state import (
    StateResource,
    belongs_to,
    providers_beside,
    state_resources,
    without_dependencies,
    without_undeclared,
)
from automation.deploy.targets import registered_before
from automation.deploy.workspace import PARALLEL_OPERATIONS, ProjectStack, open_stack
from automation.plan.inventory import Inventory, Value
from automation.plan.recorder import Recorder
from automation.plan.sdk_internals import SIGNATURE, encode, replace_monitor
from automation.processes import ROOT
from automation.stack.document import stack_file
from automation.stack.workdir import PROGRAM, PROJECT_FILE, Workdir, program_path
from automation.stack.yaml_reader import dump, read_mapping
from automation.urn import STACK_TYPE, Urn
from providers.contract.json_data import is_list, is_mapping

TARGETS_FILE = "targets.json"
MOVED_PROGRAM = "stack_program.py"
PARTIAL_PROGRAM = """\
from pathlib import Path

from automation.deploy.partial_program import run

run(Path({program!r}), Path({targets!r}))
"""


@dataclass(frozen=True)
class KnownResource:
    """Resource in the state that is not registered: its ID, and its outputs without secrets."""

    id: str
    outputs: Mapping[str, Value]

    @classmethod
    def of(cls, resource: StateResource) -> "KnownResource":
        """Return what the state has of a resource."""
        outputs = resource.get("outputs")
        values: Mapping[str, object] = outputs if is_mapping(outputs) else {}
        plain = {key: each for key, each in values.items() if not _is_marked(each)}
        return cls(str(resource.get("id") or ""), cast("Mapping[str, Value]", plain))


def _is_marked(value: object) -> bool:
    """Return whether a value in the state is or contains a secret or another value with a mark of the engine."""
    if is_mapping(value):
        return SIGNATURE in value or any(_is_marked(each) for each in value.values())
    return is_list(value) and any(_is_marked(each) for each in value)


def write_partial_project(
    workdir: Workdir, targets: Collection[str], existing: Collection[str], known: Mapping[str, KnownResource]
) -> Path:
    """Return a new folder with the stack's file and a program that registers the targets and what exists.

    `known` are the resources in the state that the program does not register, by URN.
    """
    folder = workdir.own_folder()
    program = program_path(folder)
    if program is None:
        raise ValueError("the project has no program")
    if program.parent == folder:  # the packaged program
        program = program.rename(folder / MOVED_PROGRAM)
    project = read_mapping(folder / PROJECT_FILE)
    project["main"] = str(folder)
    project.pop("stackConfigDir", None)
    (folder / PROJECT_FILE).write_text(dump(project), encoding="utf-8")
    others = {urn: {"id": each.id, "outputs": each.outputs} for urn, each in known.items()}
    registered = {"targets": sorted(targets), "existing": sorted(existing), "known": others}
    (folder / TARGETS_FILE).write_text(json.dumps(registered), encoding="utf-8")
    text = PARTIAL_PROGRAM.format(program=str(program), targets=str(folder / TARGETS_FILE))
    (folder / PROGRAM).write_text(text, encoding="utf-8")
    file = stack_file(workdir.stack_folder, workdir.name)
    (folder / file.name).write_text(dump(read_mapping(file)), encoding="utf-8")
    return folder


def deploy_targets(
    deployment: Deployment,
    inventory: Inventory,
    targets: tuple[Urn, ...],
    message: str,
    on_event: OnEvent | None = None,
    *,
    without: str = "",
) -> Outcome:
    """Deploy targets that contain what they need; the rest of the stack stays as it is. Raises DeploymentFailed.

    `inventory` is the plan of the program. It does not register the provider with the name `without`, others of its region, and
    their resources, so that a region that does not answer is not called. A target may read their outputs, but no secret ones.
    `message` is one of `PARTIAL_MESSAGES`, by which the history is known to have no deployment of the whole stack.
    """
    with deployment.engine_errors():
        resources = prepare_state(deployment.engine, inventory, targets, without)
    providers = providers_beside(resources, without) if without else frozenset[str]()
    lost = {
        str(resource["urn"]): KnownResource.of(resource)
        for resource in resources
        if any(belongs_to(resource, provider) for provider in providers)
    }
    existing = {str(resource["urn"]) for resource in resources} - lost.keys()
    folder = write_partial_project(deployment.workdir, targets, existing, lost)
    environment = {**deployment.environment, "PYTHONPATH": os.pathsep.join(_search_path(deployment.environment))}
    engine = open_stack(folder, deployment.name, environment, deployment.secrets_provider, deployment.folder)
    text = update_message(message, {**os.environ, **deployment.environment})
    return deployment.outcome(
        deployment.run_patiently(
            on_event,
            lambda add: engine.up(
                on_event=add, message=text, target=[str(urn) for urn in targets], parallel=PARALLEL_OPERATIONS
            ),
            engine=engine,
        )
    )


def prepare_state(
    engine: ProjectStack, inventory: Inventory, targets: tuple[Urn, ...], without: str
) -> list[StateResource]:
    """Remove dependencies from the state with which an update of targets would fail or delete, and return its resources.

    Those that the program does not have are removed, and those of the region of the provider `without` on targets: the engine deletes a dependent of a target that the program does not register (pulumi/pkg, step_generator.go,
    `determineAllowedResourcesToDeleteFromTargets`), such as the copying of a database's backups from another region.
    """
    exported = engine.export_state()
    prepared = without_undeclared(exported, registered_before(inventory), targets)
    if without:
        prepared = without_dependencies(prepared, providers_beside(state_resources(exported), without), targets)
    if prepared != exported:
        engine.import_state(prepared)
    return state_resources(prepared)


def _search_path(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the folders in which the program's environment finds this package, which may not be installed there."""
    yield str(ROOT)
    present = environment.get("PYTHONPATH") or os.environ.get("PYTHONPATH")
    if present:
        yield present


def run(program: Path, targets: Path) -> None:
    """Run the program at a path with the engine's monitor replaced; called by the program of the partial project."""
    registered = json.loads(targets.read_text(encoding="utf-8"))
    urns = frozenset([*registered["targets"], *registered["existing"]])
    known = {urn: KnownResource(each["id"], each["outputs"]) for urn, each in registered["known"].items()}
    partial: list[PartialMonitor] = []

    def wrap(monitor: resource_pb2_grpc.ResourceMonitorStub) -> "PartialMonitor":
        partial.append(PartialMonitor(monitor, urns, known))
        return partial[0]

    replace_monitor(wrap)
    pulumi.runtime.register_stack_transformation(partial[0].remember)
    sys.path.insert(0, str(program.parent))
    runpy.run_path(str(program), run_name="__main__")


class PartialMonitor:
    """Resource monitor that registers some URNs with the engine and answers every other request as the plan does."""

    def __init__(
        self, engine: Any, registered: frozenset[str], known: Mapping[str, KnownResource] | None = None
    ) -> None:  # the stubs do not type the methods of the monitor
        self._engine, self._registered, self._known = engine, registered, known or {}
        self._answered = set(registered)
        self._recorder = Recorder("symbolic")

    def __getattr__(self, name: str) -> Callable[..., Any]:  # every request that is not about one resource
        return getattr(self._engine, name)

    def remember(self, args: ResourceTransformationArgs) -> None:
        """Keep what answers of the plan depend on."""
        self._recorder.remember(args)

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Register a target or a resource in the state, also under an earlier name; answer others with placeholders."""
        if request.type == STACK_TYPE or not self._registered.isdisjoint(_urns(request)):
            if self._known:
                self._drop_dependencies(request)
            response = self._engine.RegisterResource(request)
            self._answered.add(response.urn)
            return response
        response = self._recorder.RegisterResource(request)
        found = next((self._known[urn] for urn in _urns(request) if urn in self._known), None)
        if found is not None:
            response.id = found.id
            response.object.MergeFrom(encode(found.outputs))
        return response

    def _drop_dependencies(self, request: resource_pb2.RegisterResourceRequest) -> None:
        """Remove dependencies on resources that are not registered: the engine refuses their URNs."""
        kept = [urn for urn in request.dependencies if urn in self._answered]
        del request.dependencies[:]
        request.dependencies.extend(kept)
        for of_property in request.propertyDependencies.values():
            kept = [urn for urn in of_property.urns if urn in self._answered]
            del of_property.urns[:]
            of_property.urns.extend(kept)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Leave the outputs of components and of the stack as they are: they would contain placeholders."""
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        """Call a function of a registered provider; answer any other as the plan does."""
        if not request.provider or Urn.of_provider(request.provider) in self._registered:
            return self._engine.Invoke(request)
        return self._recorder.Invoke(request)


def _urns(request: Any) -> Iterator[Urn]:  # the stubs do not type the aliases of a request
    """Yield the URN of a resource, and those that it had under earlier names and types."""
    stack, project, parents, _ = request.parent.split("::", 3)
    prefix = "" if parents == STACK_TYPE else f"{parents}$"
    yield Urn("::".join((stack, project, f"{prefix}{request.type}", request.name)))
    for alias in request.aliases:
        types, name = f"{prefix}{alias.spec.type or request.type}", alias.spec.name or request.name
        yield Urn(alias.urn or "::".join((stack, project, types, name)))
