"""Undocumented parts of the Pulumi SDK: wire format, type annotations, aliases, event loop, transforms.

The others are in `sdk_shortcuts` and, for the names of inputs, in `components/sdk_inputs.py`.

Verified with `VERIFIED_VERSION`. tests/automation/test_sdk_internals.py fails for another version of the SDK, so that
each part is compared with the new version's source before the pin in pyproject.toml moves.
"""

import asyncio
import contextvars
import gc
import logging
from collections.abc import Callable, Coroutine, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import cast

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.message import Message
from pulumi import _types  # reads the annotations of generated classes
from pulumi.runtime import _callbacks, mocks, resource, rpc, settings
from pulumi.runtime import config as runtime_config
from pulumi.runtime.proto import callback_pb2, resource_pb2, resource_pb2_grpc, source_pb2

from automation.plan.inventory import Secret, Unknown, Value

VERIFIED_VERSION = "3.272.0"
UNKNOWN = Unknown()
UNKNOWN_TEXT = rpc.UNKNOWN
SIGNATURE = rpc._special_sig_key  # noqa: SLF001
SECRET_SIGNATURE = rpc._special_secret_sig  # noqa: SLF001
RESOURCE_SIGNATURE = rpc._special_resource_sig  # noqa: SLF001
MONITOR = "monitor"
"""Attribute of the SDK's settings, a descriptor without a type for assignments."""
CALLBACKS = "callbacks"
"""Attribute of the SDK's settings, as `MONITOR`."""
STACK_TRACE_FUNCTION = "_get_stack_trace"
"""Function of `pulumi.runtime.resource` that reads the source lines leading to each resource."""


def decode(struct: struct_pb2.Struct) -> dict[str, Value]:
    """Return the fields of a protobuf struct as plain data; secrets and unknown values keep their mark."""
    return {key: _value(value) for key, value in sorted(struct.fields.items())}


def encode(values: Mapping[str, Value]) -> struct_pb2.Struct:
    """Return plain data without secrets as a protobuf struct."""
    struct = struct_pb2.Struct()
    struct.update(cast("dict[str, str]", values))  # the stub excludes nested data, which the method accepts
    return struct


def _value(value: struct_pb2.Value) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _object(value.struct_value)
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _object(struct: struct_pb2.Struct) -> Value:
    signature = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else None
    if signature == SECRET_SIGNATURE:
        return Secret(_value(struct.fields["value"]))
    if signature == RESOURCE_SIGNATURE:
        return struct.fields["urn"].string_value
    return decode(struct)


def output_types(resource_class: type[pulumi.Resource]) -> Mapping[str, object]:
    """Return the annotated type of each output of a generated resource class, by wire name."""
    return _types.resource_types(resource_class)


def is_output_type(kind: type) -> bool:
    """True for a generated class of nested outputs."""
    return _types.is_output_type(kind)


def nested_output_types(kind: type) -> Mapping[str, object]:
    """Return the annotated type of each property of a nested output class, by wire name."""
    return _types.output_type_types(kind)


def python_names(resource_class: type[pulumi.Resource]) -> Mapping[str, str]:
    """Return the constructor's keyword for each output of a generated resource class, by wire name."""
    return _types.resource_pulumi_to_py_names(resource_class)


def is_type_alias(alias: pulumi.Input[str | pulumi.Alias]) -> bool:
    """True for an alias with a type and no name; the SDK writes `...` for what an alias leaves out."""
    parts: dict[str, object] = vars(alias) if isinstance(alias, pulumi.Alias) else {}
    return bool(parts) and parts["name"] is ... and parts["type_"] is not ...


def configure_runtime(
    monitor: mocks.MockMonitor,
    project: str,
    stack_name: str,
    config: dict[str, str],
    secret_keys: list[str],
    *,
    dry_run: bool,
    callbacks: "TransformCallbacks",
) -> None:
    """Point the SDK of this context at a mock monitor, without state of an earlier run in the same process."""
    deployment = monitor.GetDeploymentInfo(empty_pb2.Empty())
    settings.configure(
        mocks.MockSettings(
            monitor=monitor, monitor_features=set(deployment.supportedFeatures),
            engine=mocks.MockEngine(logging.getLogger("pulumi")),
            project=project, stack=stack_name, dry_run=dry_run, organization=None, callbacks=callbacks,
            # the default collections are shared by all MockSettings: a failed run would leave its tasks to the next one
            outputs=set(), package_refs={}, base_providers_by_ref={},
        )
    )  # fmt: skip
    # the context variable's default is the first root resource that is set, so a second run would find the first one's
    settings.set_root_resource(cast("pulumi.Resource", None))
    runtime_config.set_all_config(config, secret_keys)


class TransformCallbacks(_callbacks._CallbackServicer):  # noqa: SLF001  # builds the callback of a transform
    """Transforms of a program (`ResourceOptions.transforms`), which a recorder calls itself; the engine calls a server."""

    def __init__(self) -> None:
        # the base class would start the server
        self._callbacks, self._transforms, self._state_migrations, self._target = {}, {}, {}, ""

    def register_transform(self, transform: pulumi.ResourceTransform) -> callback_pb2.Callback:
        """Keep a transform with the context of its program; returns its token."""
        self._context = contextvars.copy_context()
        return super().register_transform(transform)

    def call(self, token: str, request: resource_pb2.TransformRequest) -> resource_pb2.TransformResponse:
        """Return the answer of a transform; raises its exception.

        It has its own event loop in another thread: a recorder is called by that of the program, which waits.
        """
        answer = self._callbacks[token](request.SerializeToString())
        run: Callable[[], Message] = partial(
            self._context.copy().run, asyncio.run, cast("Coroutine[object, object, Message]", answer)
        )
        with ThreadPoolExecutor(1) as thread:
            return cast("resource_pb2.TransformResponse", thread.submit(run).result())


def use_callbacks(callbacks: TransformCallbacks) -> None:
    """Let the current settings of the SDK register transforms with `callbacks`."""
    setattr(settings.SETTINGS, CALLBACKS, callbacks)


async def wait_for_tasks() -> None:
    """Return when no task is pending, or at the first failure, which the SDK raises itself.

    The SDK's own loop waits for all tasks again whenever one of them ends, which is quadratic.
    """
    current = asyncio.current_task()
    while pending := {task for task in asyncio.all_tasks() if task is not current}:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return


@contextmanager
def without_stack_traces() -> Generator[None]:
    """Skip source positions, which no inventory contains, and garbage collection while the heap grows.

    Together with `wait_for_tasks` this reduces the recording of production on AWS from 5.3 to 1.8 s of CPU time.
    """
    was_enabled, function = gc.isenabled(), getattr(resource, STACK_TRACE_FUNCTION)
    gc.disable()
    setattr(resource, STACK_TRACE_FUNCTION, source_pb2.StackTrace)
    try:
        yield
    finally:
        setattr(resource, STACK_TRACE_FUNCTION, function)
        if was_enabled:
            _freeze_once()
            gc.enable()


@cache
def _freeze_once() -> None:
    """Leave the SDK's classes, which live as long as the process, out of all collections, here and at exit.

    Once only, because cyclic garbage of later plans could never be freed.
    """
    gc.freeze()


def replace_monitor(wrap: Callable[[resource_pb2_grpc.ResourceMonitorStub], object]) -> None:
    """Replace the engine's resource monitor of a running program with `wrap` of it."""
    monitor = settings.get_monitor()
    if monitor is None:
        raise RuntimeError("the program does not run under the engine")
    setattr(settings.SETTINGS, MONITOR, wrap(monitor))
