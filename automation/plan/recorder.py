"""Recorder of the resources that a program declares, on the SDK's mock monitor.

Two modes. `unknown` behaves as a preview: every computed value is unknown, so a decision that depends on one shows.
`symbolic` gives every computed output a readable placeholder of its annotated type, so that a policy or a container
definition can be read in full. In both, inputs are returned as a provider's preview would return them.
"""

import asyncio
import contextvars
import runpy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.resource import ResourceTransformationArgs, ResourceTransformationResult
from pulumi.runtime import mocks, stack
from pulumi.runtime.proto import alias_pb2, resource_pb2

from automation.plan import existing_networks
from automation.plan.inventory import Declared, Inventory
from automation.plan.placeholders import Outputs, answer, placeholder
from automation.plan.sdk_internals import (
    TransformCallbacks,
    configure_runtime,
    decode,
    encode,
    is_type_alias,
    wait_for_tasks,
    without_stack_traces,
)
from automation.plan.sdk_shortcuts import CallingLoop, deferred_response, shortcuts
from automation.urn import PROVIDER_PREFIX, STACK_TYPE, Urn
from providers.contract.spec import Platform

Mode = Literal["symbolic", "unknown"]
PROJECT = "agent-platform"


class Recorder(mocks.MockMonitor):
    """Mock monitor that keeps every registration and answers as a preview would."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(_NoMocks())
        existing_networks.declared.clear()
        self.mode = mode
        self.classes: dict[str, type[pulumi.Resource]] = {}
        self.requests: dict[str, resource_pb2.RegisterResourceRequest] = {}
        self.outputs: dict[str, struct_pb2.Struct] = {}
        self.callbacks = TransformCallbacks()
        self.transforms: dict[str, tuple[str, ...]] = {}
        """Tokens of the transforms that apply to each URN and its children, the nearest first."""

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Record the request; answer with its inputs and, in symbolic mode, a placeholder for each other output."""
        urn = self.make_urn(request.parent, request.type, request.name)
        self._transform(urn, request)
        if urn in self.requests:
            raise ValueError(f"two resources share the URN {urn}")
        if request.type != STACK_TYPE:
            self.requests[urn] = request
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        subject, resource_class = placeholder(request.type, request.name), self.classes.get(request.type)
        unknown = self.mode == "unknown" and not request.type.startswith(PROVIDER_PREFIX)
        return self.answer(
            urn, "" if unknown else f"{subject}.id", Outputs(request.object, resource_class, subject, unknown)
        )

    def answer(self, urn: str, identity: str, outputs: Outputs) -> resource_pb2.RegisterResourceResponse:
        """Return the response of a provider."""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=outputs.part(outputs.names))

    def _transform(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> None:
        """Apply the transforms of a resource and of its parents to its inputs, and to the options that an inventory has."""
        own = tuple(transform.token for transform in request.transforms)
        self.transforms[urn] = tokens = (*own, *self.transforms.get(request.parent, ()))
        for token in tokens:
            options = resource_pb2.TransformResourceOptions(
                protect=request.protect,
                ignore_changes=request.ignoreChanges,
                depends_on=request.dependencies,
                retain_on_delete=request.retainOnDelete,
                delete_before_replace=request.deleteBeforeReplace,
                additional_secret_outputs=request.additionalSecretOutputs,
            )
            asked = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=request.object,
                options=options,
            )
            answered = self.callbacks.call(token, asked)
            request.object.CopyFrom(answered.properties)
            request.protect = answered.options.protect
            request.ignoreChanges[:] = answered.options.ignore_changes

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Record the outputs of a component or of the stack."""
        self.outputs[request.urn] = request.outputs
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        """Answer a provider function from the table of `automation.plan.placeholders`."""
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(encode(answer(request.tok, decode(request.args))))
        return response

    def remember(self, args: ResourceTransformationArgs) -> None:
        """Keep what answers depend on: the SDK class of a type token, whose annotations give the types of computed outputs, and the
        platform, which names zones and networks."""
        self.classes.setdefault(args.type_, type(args.resource))
        spec = getattr(args.resource, "spec", None)
        if isinstance(spec, Platform):
            existing_networks.declared.append(spec)

    def prepare(self, args: ResourceTransformationArgs) -> ResourceTransformationResult:
        """Remember a resource, and leave out the former types that its SDK lists as aliases.

        These are up to 60; the program did not choose them, and they are slow.
        """
        self.remember(args)
        args.opts.aliases = [alias for alias in args.opts.aliases or () if not is_type_alias(alias)]
        return ResourceTransformationResult(args.props, args.opts)


class DeferringRecorder(Recorder):
    """Recorder for a program that runs with the shortcuts through the SDK, which take the outputs that are read."""

    def answer(self, urn: str, identity: str, outputs: Outputs) -> resource_pb2.RegisterResourceResponse:
        """Return a response whose outputs have no value yet."""
        return deferred_response(urn, identity, outputs)


class MonitorWithPlaceholders(Recorder):
    """Monitor for tests with Pulumi's mocks, which fills in what the mocks do not answer.

    A platform reads computed outputs of many resources, and Pulumi's own `Output.concat` fails for an output that is None.
    """

    def __init__(self, user: mocks.Mocks) -> None:
        super().__init__("symbolic")
        self.mocks = user

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Answer with the placeholders, the inputs and what the mocks add to these."""
        response = super().RegisterResource(request)
        if not request.custom:
            return response
        inputs = decode(request.object)
        args = mocks.MockResourceArgs(
            typ=request.type, name=request.name, inputs=dict(inputs), provider=request.provider,
            resource_id=request.importId, custom=True,
        )  # fmt: skip
        identity, state = self.mocks.new_resource(args)
        added = {
            str(key): value
            for key, value in cast("Mapping[str, object]", state).items()
            if inputs.get(str(key)) != value
        }
        response.object.MergeFrom(encode(added))
        return resource_pb2.RegisterResourceResponse(
            urn=response.urn, id=identity or response.id, object=response.object
        )

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        """Answer with the mocks' result; without one, with that of the plan, if it has any."""
        arguments = decode(request.args)
        called = self.mocks.call(mocks.MockCallArgs(token=request.tok, args=dict(arguments), provider=request.provider))
        result = cast("Mapping[str, object]", called[0] if isinstance(called, tuple) else called)
        if not result:
            result = answer(request.tok, arguments)
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(encode(result))
        return response


class _NoMocks(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[object, object]]:
        raise NotImplementedError(f"the recorder itself answers {args.typ}")

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[object, object], list[tuple[str, str]] | None]:
        raise NotImplementedError(f"the recorder itself answers {args.token}")


def record(
    program: Callable[[], object] | Path,
    stack_name: str,
    config: Mapping[str, str] | None = None,
    secret_keys: tuple[str, ...] = (),
    mode: Mode = "symbolic",
    *,
    project: str = PROJECT,
) -> Inventory:
    """Return the inventory of `program`, a callable or the path of a `__main__.py`, with this configuration.

    Raises the program's own exceptions. Each call has its own context, so calls do not affect each other.
    """
    return contextvars.Context().run(_record, program, (project, stack_name), dict(config or {}), secret_keys, mode)


def _record(
    program: Callable[[], object] | Path,
    names: tuple[str, str],
    config: dict[str, str],
    secrets: tuple[str, ...],
    mode: Mode,
) -> Inventory:
    project, stack_name = names
    monitor = DeferringRecorder(mode)
    configure_runtime(
        monitor, project, stack_name, config, list(secrets), dry_run=mode == "unknown", callbacks=monitor.callbacks
    )

    async def run() -> None:
        pulumi.runtime.register_stack_transformation(monitor.prepare)
        if isinstance(program, Path):
            runpy.run_path(str(program), run_name="__main__")
        else:
            program()
        await wait_for_tasks()

    with without_stack_traces(), shortcuts(), asyncio.Runner(loop_factory=CallingLoop) as runner:
        runner.run(stack.run_in_stack(run))
    return _inventory(project, stack_name, monitor)


def _inventory(project: str, stack_name: str, monitor: Recorder) -> Inventory:
    resources = [_declared(urn, request) for urn, request in monitor.requests.items()]
    root = monitor.make_urn("", STACK_TYPE, f"{project}-{stack_name}")
    outputs = monitor.outputs.get(root, struct_pb2.Struct())
    return Inventory(stack_name, tuple(sorted(resources, key=lambda r: r.urn)), decode(outputs))


def _declared(urn: str, request: resource_pb2.RegisterResourceRequest) -> Declared:
    return Declared(
        urn=Urn(urn),
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
    # the stub's import of alias_pb2 fails, so the field has no type
    aliases = cast("Sequence[alias_pb2.Alias]", request.aliases)
    return tuple(alias.spec.name or alias.urn for alias in aliases)


def _options(request: resource_pb2.RegisterResourceRequest) -> dict[str, object]:
    options: dict[str, object] = {
        "deleteBeforeReplace": request.deleteBeforeReplace,
        "retainOnDelete": request.retainOnDelete,
        "additionalSecretOutputs": list(request.additionalSecretOutputs),
        "replacementTrigger": request.replacement_trigger.string_value,
    }
    return {name: value for name, value in options.items() if value}
