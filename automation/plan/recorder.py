"""Runs a program on the SDK's own mock monitor and records what it declares.

Two modes. `unknown` is a preview: what a cloud would compute is unknown, so a decision that hangs on it is found.
`symbolic` gives every computed output a readable placeholder of the right type, taken from the SDK's annotations,
so that a policy or a container definition can be read whole. In both, inputs echo back as a provider's preview would.
"""

import asyncio
import contextvars
import logging
import runpy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.resource import ResourceTransformationArgs, ResourceTransformationResult
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, settings, stack
from pulumi.runtime.proto import alias_pb2, resource_pb2

from automation.plan.inventory import Declared, Inventory
from automation.plan.invokes import answer
from automation.plan.placeholders import echo, fill_outputs, placeholder
from automation.plan.recorder_speedups import all_done, nothing_superfluous
from automation.plan.wire import decode, encode

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
        subject, known_class = placeholder(request.type, request.name), self.classes.get(request.type)
        if self.mode == "unknown" and not request.type.startswith("pulumi:providers:"):
            answered = echo(request.object, known_class, subject, unknown=True)
            return resource_pb2.RegisterResourceResponse(urn=urn, id="", object=answered)
        answered = fill_outputs(request.object, known_class, subject)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{subject}.id", object=answered)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Record a component's or the stack's outputs."""
        self.outputs[request.urn] = request.outputs
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        """Answer a provider function from the table of `automation.plan.invokes`."""
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(encode(answer(request.tok, decode(request.args))))
        return response

    def prepare(self, args: ResourceTransformationArgs) -> ResourceTransformationResult:
        """Keep the SDK class behind a type token, whose annotations tell the types of computed outputs.

        An SDK lists up to 60 former types of a resource as aliases: they are no choice of the program, and cost time.
        """
        self.classes.setdefault(args.type_, type(args.resource))
        args.opts.aliases = [alias for alias in args.opts.aliases or () if not _former_type(alias)]
        return ResourceTransformationResult(args.props, args.opts)


def _former_type(alias: pulumi.Input[str | pulumi.Alias]) -> bool:
    """True for an alias that tells a type and no name; `...` stands for what an alias does not tell."""
    told: dict[str, object] = vars(alias) if isinstance(alias, pulumi.Alias) else {}
    return bool(told) and told["name"] is ... and told["type_"] is not ...


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
    deployment = monitor.GetDeploymentInfo(empty_pb2.Empty())  # pyright: ignore[reportUnknownMemberType]  # no types there
    settings.configure(
        mocks.MockSettings(
            monitor=monitor, monitor_features=set(deployment.supportedFeatures), engine=mocks.MockEngine(logging.getLogger("pulumi")),
            project=PROJECT, stack=stack_name, dry_run=mode == "unknown", organization=None, callbacks=None,
            # what is under way is the SDK's own list, and a recording that failed would leave its rest to the next one
            outputs=set(), package_refs={}, base_providers_by_ref={},
        )
    )  # fmt: skip
    # the SDK takes the first value it is given for its default, so a second recording would find the first one's root
    settings.set_root_resource(cast("pulumi.Resource", None))
    runtime_config.set_all_config(config, list(secrets))

    async def run() -> None:
        pulumi.runtime.register_stack_transformation(monitor.prepare)
        if isinstance(program, Path):
            runpy.run_path(str(program), run_name="__main__")
        else:
            program()
        await all_done()

    with nothing_superfluous():
        asyncio.run(stack.run_in_stack(run))
    return _inventory(stack_name, monitor)


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
        aliases=_aliases(request),
        options=_options(request),
    )


def _aliases(request: resource_pb2.RegisterResourceRequest) -> tuple[str, ...]:
    given = cast("Sequence[alias_pb2.Alias]", request.aliases)  # pyright: ignore[reportUnknownMemberType]  # stub's import fails
    return tuple(alias.spec.name or alias.urn for alias in given)


def _options(request: resource_pb2.RegisterResourceRequest) -> dict[str, object]:
    options: dict[str, object] = {
        "deleteBeforeReplace": request.deleteBeforeReplace,
        "retainOnDelete": request.retainOnDelete,
        "additionalSecretOutputs": list(request.additionalSecretOutputs),
    }
    return {name: value for name, value in options.items() if value}
