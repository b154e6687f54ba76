"""gRPC server of the package: the server of the SDK, which also passes the version of the caller's SDK to the provider."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import grpc
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components.package.provider import PackageProvider, installed_schema
from components.program import collect_garbage_rarely
from providers.contract.diagnostics import listed

SDKS = (
    "pulumi_aws",
    "pulumi_azure_native",
    "pulumi_docker",
    "pulumi_gcp",
    "pulumi_kubernetes",
    "pulumi_random",
    "pulumi_tls",
)
"""Modules of the requirements that are imported with the first platform of a target."""
MAX_MESSAGE_BYTES = 400 << 20
"""Longest message that the engine and the SDKs accept."""


class PackageServicer(ProviderServicer):
    """Calls of the engine; `Configure` has the version of the caller's SDK, which is that of the default provider."""

    def __init__(self, package: PackageProvider, arguments: Sequence[str], address: str) -> None:
        super().__init__(package, list(arguments), engine_address=address)
        self._package = package

    async def Configure(
        self, request: provider_pb2.ConfigureRequest, context: object
    ) -> provider_pb2.ConfigureResponse:
        """Take the version from the arguments of the provider."""
        self._package.sdk_version = request.args.fields["version"].string_value
        return await super().Configure(request, context)


def _run(provider: PackageProvider, arguments: Sequence[str]) -> None:
    """Serve until the engine ends; the first argument of the process that is no option is the engine's address."""
    address = next((each for each in arguments if not each.startswith("-")), "")

    async def serve() -> None:
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)])
        servicer = PackageServicer(provider, arguments, address)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        print(port, file=sys.stdout, flush=True)
        await server.wait_for_termination()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())


def serve(folder: Path) -> None:
    """Serve the package of a folder until the engine ends; the first argument of the process is the engine's address.

    Exits with one sentence where the environment of the package lacks an SDK.
    """
    missing = [name for name in SDKS if find_spec(name) is None]
    if missing:
        names, verb = listed(missing, "and"), "is" if len(missing) == 1 else "are"
        fix = f"run `pulumi install` in {folder}"
        sys.exit(f"agent-platform: {names} {verb} not installed for {sys.executable}; {fix}")
    collect_garbage_rarely()
    _run(PackageProvider(installed_schema(folder)), sys.argv[1:])
