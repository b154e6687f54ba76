"""Runs a program on the SDK's own mock monitor and records what it declares.

Two modes. `unknown` is a preview: what a cloud would compute is unknown, so a decision that hangs on it is found.
`symbolic` gives every computed output a readable placeholder of the right type, taken from the SDK's annotations,
so that a policy or a container definition can be read whole. In both, inputs echo back as a provider's preview would.
"""

import asyncio
import contextvars
import gc
import logging
import runpy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.resource import ResourceTransformationArgs
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, resource, settings, stack
from pulumi.runtime.proto import resource_pb2, source_pb2

from automation.inventory import Declared, Inventory
from automation.invokes import answer
from automation.placeholders import fill_outputs, placeholder
from automation.wire import decode

Mode = Literal["symbolic", "unknown"]
PROJECT = "agent-platform"
ROOT_TYPE = "pulumi:pulumi:Stack"


class Recorder(mocks.MockMonitor):
    """The SDK's mock monitor, keeping every registration whole and answering as a preview would."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(_NoMocks())
        self.mode = mode
        self.classes: dict[str, type[pulumi.Resource]] = {}
        self.requests: dict[str, resource_pb2.RegisterResourceRequest] = {}
        self.outputs: dict[str, struct_pb2.Struct] = {}

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Record the request; answer with its inputs and, in symbolic mode, a placeholder for each other output."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.requests:
            raise ValueError(f"two resources share the urn {urn}")
        if request.type != ROOT_TYPE:
            self.requests[urn] = request
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        if self.mode == "unknown" and not request.type.startswith("pulumi:providers:"):
            return resource_pb2.RegisterResourceResponse(urn=urn, id="", object=request.object)
        subject = placeholder(request.type, request.name)
        answered = fill_outputs(request.object, self.classes.get(request.type), subject)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{subject}.id", object=answered)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Record a component's or the stack's outputs."""
        self.outputs[request.urn] = request.outputs
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        """Answer a provider function from the table of `automation.invokes`."""
        answered = struct_pb2.Struct()
        answered.update(answer(request.tok, decode(request.args)))
        return resource_pb2.ResourceInvokeResponse(**{"return": answered})

    def remember_class(self, args: ResourceTransformationArgs) -> None:
        """Keep the SDK class behind a type token: its annotations tell the types of computed outputs."""
        self.classes.setdefault(args.type_, type(args.resource))


class _NoMocks(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[object, object]]:
        raise NotImplementedError(f"the recorder answers {args.typ} itself")

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[object, object], list[tuple[str, str]] | None]:
        raise NotImplementedError(f"the recorder answers {args.token} itself")


def record(
    program: Callable[[], object] | Path,
    stack_name: str,
    config: Mapping[str, str] | None = None,
    secret_keys: tuple[str, ...] = (),
    mode: Mode = "symbolic",
) -> Inventory:
    """What `program` (a callable or the path of a `__main__.py`) declares with this configuration.

    Raises whatever the program raises. Each call has a context of its own: calls do not see each other.
    """
    return contextvars.Context().run(_record, program, stack_name, dict(config or {}), secret_keys, mode)


def _record(
    program: Callable[[], object] | Path, stack_name: str, config: dict[str, str], secrets: tuple[str, ...], mode: Mode
) -> Inventory:
    monitor = Recorder(mode)
    features = set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)
    settings.configure(
        mocks.MockSettings(
            monitor=monitor, monitor_features=features, engine=mocks.MockEngine(logging.getLogger("pulumi")),
            project=PROJECT, stack=stack_name, dry_run=mode == "unknown", organization=None, callbacks=None,
        )
    )  # fmt: skip
    settings.set_root_resource(None)
    runtime_config.set_all_config(config, list(secrets))

    async def run() -> None:
        pulumi.runtime.register_stack_transformation(monitor.remember_class)
        if isinstance(program, Path):
            runpy.run_path(str(program), run_name="__main__")
        else:
            program()
        await _quiet()

    with _nothing_superfluous():
        asyncio.run(stack.run_in_stack(run))
    return _inventory(stack_name, monitor)


@contextmanager
def _nothing_superfluous() -> Iterator[None]:
    """Neither source positions, which no inventory holds, nor collections of a heap that is still growing.

    Reading a stack of source lines for every resource takes a quarter of a plan's time, looking for garbage a third.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with patch.object(resource, "_get_stack_trace", source_pb2.StackTrace):
            yield
    finally:
        if collecting:
            gc.enable()


async def _quiet() -> None:
    """Return when nothing is under way any more, or at the first failure, which the SDK raises itself.

    The SDK's own waiting begins anew for all tasks whenever one of them ends: quadratic, and half of a plan's time.
    """
    here = asyncio.current_task()
    while pending := {task for task in asyncio.all_tasks() if task is not here}:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return


def _inventory(stack_name: str, monitor: Recorder) -> Inventory:
    resources = [_declared(urn, request) for urn, request in monitor.requests.items()]
    root = monitor.make_urn("", ROOT_TYPE, f"{PROJECT}-{stack_name}")
    outputs = monitor.outputs.get(root, struct_pb2.Struct())
    return Inventory(stack_name, tuple(sorted(resources, key=lambda r: r.urn)), decode(outputs))


def _declared(urn: str, request: resource_pb2.RegisterResourceRequest) -> Declared:
    return Declared(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        provider=request.provider,
        custom=request.custom,
        inputs=decode(request.object),
        depends_on=tuple(sorted(set(request.dependencies))),
        protect=request.protect,
        ignore_changes=tuple(request.ignoreChanges),
        aliases=tuple(alias.spec.name or alias.urn for alias in request.aliases),
        options=_options(request),
    )


def _options(request: resource_pb2.RegisterResourceRequest) -> dict[str, object]:
    options: dict[str, object] = {
        "deleteBeforeReplace": request.deleteBeforeReplace,
        "retainOnDelete": request.retainOnDelete,
        "additionalSecretOutputs": list(request.additionalSecretOutputs),
    }
    return {name: value for name, value in options.items() if value}
