"""Calls of the engine to the component provider, over gRPC to a monitor that records what the provider declares."""

import asyncio
import contextvars
import json
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2_grpc, status_pb2
from pulumi.runtime.proto.errors_pb2 import InputPropertiesError

from automation.plan import recorder
from automation.plan.inventory import Declared, Inventory
from automation.plan.recorder import Mode, Recorder
from automation.plan.sdk_internals import SECRET_SIGNATURE, SIGNATURE, UNKNOWN_TEXT, decode
from components.package.names import fields_by_property
from components.package.provider import TOKEN, PackageProvider
from components.package.server import PackageServicer
from components.validation.schema import inner_type, model_of, value_type
from providers.contract.spec import Platform
from tests.planning import ROOT

SCHEMA = (ROOT / "plugin" / "schema.json").read_text(encoding="utf-8")
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
PROJECT, STACK = "shop", "prod"
ROOT_URN = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"


def in_package(value: object, annotation: object = Platform) -> object:
    """Return a part of a stack file with the names of properties."""
    kind = inner_type(annotation)
    model = model_of(kind)
    if isinstance(value, dict):
        if model is not None:
            names = {field: name for name, field in fields_by_property(model).items()}
            return {names[k]: in_package(v, model.model_fields[k].annotation) for k, v in value.items()}
        return {key: in_package(each, value_type(kind)) for key, each in value.items()}
    return [in_package(each, value_type(kind)) for each in value] if isinstance(value, list) else value


def output(value: object = None, *, secret: bool = False, of: str | None = None) -> dict[str, object]:
    """Return an Output as a language sends it: unknown without a value; `of` is the URN of the resource that has it."""
    parts: dict[str, object] = {SIGNATURE: OUTPUT_SIGNATURE, "secret": secret}
    parts |= {} if value is None else {"value": value}
    return parts | ({} if of is None else {"dependencies": [of]})


def secret(value: object) -> dict[str, object]:
    """Return a secret value as a language without Outputs in requests sends it."""
    return {SIGNATURE: SECRET_SIGNATURE, "value": value}


UNKNOWN = UNKNOWN_TEXT


class Refused(Exception):
    """Error of a call with its properties."""

    def __init__(self, message: str, reasons: Mapping[str, str]) -> None:
        super().__init__(f"{message}: {dict(reasons)}")
        self.reasons = reasons


class Engine(engine_pb2_grpc.EngineServicer):
    """Messages of the provider to the engine."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def Log(self, request: engine_pb2.LogRequest, context: object) -> empty_pb2.Empty:
        """Keep a message."""
        self.messages.append(request.message)
        return empty_pb2.Empty()


class RemoteRecorder(Recorder):
    """Recorder whose URNs have a fixed project and stack, as its calls come from threads of a server."""

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN of a resource below its parent, as the mock monitor of the SDK does."""
        above = f"{parent.split('::')[2].rpartition('$')[2]}$" if parent else ""
        return f"urn:pulumi:{STACK}::{PROJECT}::{above}{type_}::{name}"


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Resource monitor over gRPC, which answers as the recorder does."""

    def __init__(self, recorded: Recorder) -> None:
        for name in ("GetDeploymentInfo", "Invoke", "RegisterResource", "RegisterResourceOutputs", "SupportsFeature"):
            setattr(self, name, self._answer(getattr(recorded, name)))

    @staticmethod
    def _answer(method: Callable[[Any], Any]) -> Callable[[Any, object], Any]:
        def answer(request: Any, _context: object) -> Any:
            return method(request)

        return answer


@dataclass
class Host:
    """Provider with the monitor and the engine that it calls."""

    address: str
    recorded: RemoteRecorder
    engine: Engine
    classes: dict[str, Any] = field(default_factory=dict[str, Any])
    sdk_version: str = ""
    """Version with which the engine configures the provider: that of the caller's SDK."""

    def construct(self, *requests: provider_pb2.ConstructRequest) -> list[provider_pb2.ConstructResponse]:
        """Return the answers to calls that are made at once; raises Refused."""

        async def run() -> list[provider_pb2.ConstructResponse]:
            servicer = PackageServicer(PackageProvider(SCHEMA), [], self.address)
            arguments = struct_pb2.Struct()
            arguments.update({"version": self.sdk_version} if self.sdk_version else {})
            await servicer.Configure(provider_pb2.ConfigureRequest(args=arguments), Aborting())
            calls = [asyncio.ensure_future(servicer.Construct(request, Aborting())) for request in requests]
            return list(await asyncio.gather(*calls))

        # a run of the SDK ends the event loop of its thread and changes the settings of its context
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(contextvars.Context().run, asyncio.run, run()).result()

    def request(
        self, inputs: Mapping[str, object], name: str = "search", **fields: Any
    ) -> provider_pb2.ConstructRequest:
        """Return a call of a program; `fields` are other fields of the request."""
        values = struct_pb2.Struct()
        values.update(json.loads(json.dumps(inputs)))
        parts: dict[str, Any] = {
            "project": PROJECT, "stack": STACK, "monitorEndpoint": self.address, "type": TOKEN, "name": name,
            "parent": ROOT_URN, "inputs": values, "dryRun": self.recorded.mode == "unknown", **fields,
        }  # fmt: skip
        return provider_pb2.ConstructRequest(**parts)

    @property
    def inventory(self) -> Inventory:
        """Declared resources."""
        found = [recorder._declared(urn, request) for urn, request in self.recorded.requests.items()]  # noqa: SLF001
        return Inventory(STACK, tuple(sorted(found, key=lambda each: each.urn)), {})


class Aborting:
    """Context of a call that ends with an error."""

    async def abort_with_status(self, status: grpc.Status) -> None:
        """Raise the error with its properties."""
        details = status_pb2.Status()
        metadata: dict[str, Any] = dict(status.trailing_metadata)
        details.ParseFromString(metadata["grpc-status-details-bin"])
        errors = InputPropertiesError()
        details.details[0].Unpack(errors)
        raise Refused(status.details, {each.property_path: each.reason for each in errors.errors})


@contextmanager
def host(classes: Mapping[str, Any], mode: Mode = "symbolic") -> Generator[Host]:
    """Serve a monitor and an engine; `classes` are those of the SDK by type, which give the types of outputs."""
    recorded, engine = RemoteRecorder(mode), Engine()
    recorded.classes.update(classes)
    server = grpc.server(ThreadPoolExecutor(8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(recorded), server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield Host(f"127.0.0.1:{port}", recorded, engine)
    finally:
        server.stop(grace=None)


def state_of(response: provider_pb2.ConstructResponse) -> dict[str, object]:
    """Return the outputs of a component."""
    return decode(response.state)


def comparable(resource: Declared) -> dict[str, object]:
    """Return what a program declares of a resource; the recorder of programs leaves out aliases of former types."""
    return {name: value for name, value in vars(resource).items() if name != "aliases"}
