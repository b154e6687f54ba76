"""Shortcuts through the Pulumi SDK while a plan is recorded: the same inventory for less CPU time.

For each of the 20 to 60 properties of a resource the SDK makes an output of four futures and a task, serializes its
input, and converts the value that the provider returns to the types of the class. A program reads two or three of them.
Here, an output is converted when something awaits it, inputs without a value are not serialized, and the monitor is
called in the thread of the program. tests/automation/test_sdk_shortcuts.py compares plans with those of the SDK alone.
One case differs: an output that does not have the type of its class is an error only for a program that reads it.

Undocumented parts of the SDK, as in `automation.plan.sdk_internals`, which names the verified version.
"""

import asyncio
from collections.abc import Callable, Collection, Container, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from types import ModuleType
from typing import Any, Protocol, cast

import pulumi
from google.protobuf import struct_pb2
from pulumi import _types
from pulumi.output import _OutputData
from pulumi.runtime import _context, rpc
from pulumi.runtime import resource as registration
from pulumi.runtime.proto import resource_pb2

Data = _OutputData[Any]
SUCCESS = resource_pb2.Result.SUCCESS
Convert = Callable[[dict[str, rpc.Resolver]], None]
"""Function that resolves outputs, by their Python names, with what the provider returned."""

_transfer, _resolve, _fail = rpc.transfer_properties, rpc.resolve_outputs, rpc.resolve_outputs_due_to_exception
_serialize, _create_urn, _unwrap = rpc.serialize_properties, registration.create_urn, _types.unwrap_type
_unwrapped: dict[int, tuple[type, type]] = {}
"""Types and what the SDK unwraps from them, by identity: unions of another order are equal and unwrapped differently."""


class DeferredStruct(Protocol):
    """Outputs of a resource, from which the SDK takes those that a program reads; they contain the inputs."""

    @property
    def names(self) -> set[str]:
        """Names of all outputs."""
        ...

    def part(self, names: Iterable[str]) -> struct_pb2.Struct:
        """Return the outputs of these names, as far as the resource has them."""
        ...


def deferred_response(urn: str, identity: str, outputs: DeferredStruct) -> resource_pb2.RegisterResourceResponse:
    """Return the response of a monitor whose outputs are taken when they are read, as `resolve_outputs` does below."""
    response = registration.RegisterResponse(urn, identity, cast("struct_pb2.Struct", outputs), None, SUCCESS)
    return cast("resource_pb2.RegisterResourceResponse", response)


class DeferredOutput(pulumi.Output[Any]):
    """Output of one property, without a value until something awaits it."""

    def __init__(self, properties: "Properties", name: str) -> None:
        self._properties, self._name = properties, name

    @cached_property
    def _data(self) -> "asyncio.Future[Data]":
        return self._properties.read(self._name)


class Properties(dict[str, rpc.Resolver]):
    """Resolvers of the properties of a resource that are read before the provider answers.

    It is passed from `transfer_properties` to `resolve_outputs`, as the SDK passes its resolvers of all properties.
    """

    def __init__(self, resource: pulumi.Resource) -> None:
        super().__init__()
        self.resource = resource
        self.convert: Convert | None = None

    def read(self, name: str) -> "asyncio.Future[Data]":
        """Return a future of the property, resolved at once if the provider has answered."""
        future: asyncio.Future[Data] = asyncio.Future()
        resolver = partial(_settle, self.resource, future)
        if self.convert is None:
            self[name] = resolver
            return future
        try:
            self.convert({name: resolver})
        except Exception as error:
            resolver(None, False, False, None, error)
        return future

    def answer(self, convert: Convert) -> None:
        """Convert what was read before with `convert`, and later what is read after this."""
        convert(self)
        self.convert = convert


def _settle(
    resource: pulumi.Resource,
    future: "asyncio.Future[Data]",
    value: object,
    is_known: bool,
    is_secret: bool,
    dependencies: set[pulumi.Resource] | None,
    failed: Exception | None,
) -> None:
    """Resolve the future of a property, as the SDK's own resolvers do."""
    if future.done():
        return
    if failed is None:
        future.set_result(_OutputData({resource, *(dependencies or ())}, value, is_known, is_secret))
    else:
        future.set_exception(failed)
        future.exception()  # the registration raises it; asyncio prints one that has no reader


def transfer_properties(resource: pulumi.Resource, inputs: Mapping[str, Any], custom: bool) -> dict[str, rpc.Resolver]:
    """Give a resource of a provider a deferred output for each property."""
    if not custom:
        return _transfer(resource, inputs, custom)
    properties = Properties(resource)
    for name in inputs:
        if name not in ("urn", "id"):
            vars(resource)[name] = DeferredOutput(properties, name)
    return properties


def resolve_outputs(
    resource: pulumi.Resource,
    inputs: struct_pb2.Struct,
    outputs: "struct_pb2.Struct | DeferredStruct",
    dependencies: Mapping[str, set[pulumi.Resource]],
    resolvers: dict[str, rpc.Resolver],
    custom: bool,
    by_type: bool = False,
    *missing: bool,
    **options: bool,
) -> None:
    """Let the SDK convert the properties that are read, each from what the provider returned for it."""
    if not isinstance(resolvers, Properties):
        whole = _part(outputs, outputs.fields if isinstance(outputs, struct_pb2.Struct) else outputs.names)
        _resolve(resource, inputs, whole, dependencies, resolvers, custom, by_type, *missing, **options)
        return

    def convert(some: dict[str, rpc.Resolver]) -> None:
        names = _wire_names(resource, some, inputs, outputs) if not by_type else _typed_names(type(resource), some)
        part = _part(inputs, names), _part(outputs, names)
        _resolve(resource, *part, dependencies, some, custom, by_type, *missing, **options)

    resolvers.answer(convert)


def _typed_names(resource: type[pulumi.Resource], names: Iterable[str]) -> Collection[str]:
    """Return the names that a provider uses for some names in Python, for a class that states both."""
    wire_names = _types.resource_py_to_pulumi_names(resource)
    return [wire_names.get(name) or name for name in names]


def _wire_names(
    resource: pulumi.Resource,
    names: Container[str],
    inputs: struct_pb2.Struct,
    outputs: "struct_pb2.Struct | DeferredStruct",
) -> Collection[str]:
    """Return the names that a provider uses for some names in Python, for a class that translates the former."""
    known = {*inputs.fields, *(outputs.fields if isinstance(outputs, struct_pb2.Struct) else outputs.names)}
    return [name for name in known if resource.translate_output_property(name) in names]


def _part(struct: "struct_pb2.Struct | DeferredStruct", names: Iterable[str]) -> struct_pb2.Struct:
    if not isinstance(struct, struct_pb2.Struct):
        return struct.part(names)
    part = struct_pb2.Struct()
    for name in names:
        if name in struct.fields:
            part.fields[name].CopyFrom(struct.fields[name])
    return part


def resolve_outputs_due_to_exception(resolvers: dict[str, rpc.Resolver], failure: Exception) -> None:
    """Let the properties of a resource that could not be registered fail, also those that are read later."""
    _fail(resolvers, failure)
    if isinstance(resolvers, Properties):
        resolvers.convert = lambda some: _fail(some, failure)


async def serialize_properties(inputs: Mapping[str, Any], *args: Any, **options: Any) -> struct_pb2.Struct:
    """Serialize the inputs that have a value; the SDK serializes all and omits those without."""
    return await _serialize({key: inputs[key] for key in inputs if inputs[key] is not None}, *args, **options)


def create_urn(
    name: pulumi.Input[str], type_: pulumi.Input[str], parent: Any = None, *args: Any, **options: Any
) -> pulumi.Output[str]:
    """Compute a URN without ten tasks where all parts are known: the SDK makes one per resource for its own tests."""
    if isinstance(name, str) and isinstance(type_, str) and isinstance(parent, str):
        return pulumi.Output.from_input(f"{parent[: parent.rfind('::')]}${type_}::{name}")
    return _create_urn(name, type_, parent, *args, **options)


def unwrap_type(val: type) -> type:
    """Return the type in an input or an optional value; the SDK examines the same few thousand for each value."""
    known = _unwrapped.get(id(val))
    if known is None:
        known = _unwrapped[id(val)] = val, _unwrap(val)  # with the type, so that no other one gets its identity
    return known[1]


class CallingLoop(asyncio.SelectorEventLoop):
    """Event loop that calls the monitor itself, which never waits, instead of in another thread."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """Call a function of the SDK that calls the monitor; any other function runs in its executor."""
        if func.__module__ != _context.__name__:
            return super().run_in_executor(executor, func, *args)
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


REPLACED: tuple[tuple[ModuleType, Callable[..., object]], ...] = (
    (rpc, transfer_properties),
    (rpc, resolve_outputs),
    (rpc, resolve_outputs_due_to_exception),
    (rpc, serialize_properties),
    (registration, create_urn),
    (_types, unwrap_type),
)
"""Functions with the name of those that they replace, by the module of the SDK that calls them."""


@contextmanager
def shortcuts() -> Generator[None]:
    """Replace functions of the SDK in the block, for all threads of the process."""
    kept = [(module, function.__name__, getattr(module, function.__name__)) for module, function in REPLACED]
    for module, function in REPLACED:
        setattr(module, function.__name__, function)
    try:
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)
