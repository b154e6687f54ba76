"""Serve the fake provider of one package: `python -m tests.engine.fake_cloud aws`. Prints the port first."""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.engine.fake_cloud.cloud import FakeCloud
from tests.engine.fake_cloud.provider import Provider

MAX_CONCURRENT_CALLS = 512
"""A slow creation occupies a thread, and the engine starts all of them at once."""
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
GRPC_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]


def serve(package: str) -> None:
    """Serve a package on a free local port."""
    server = grpc.server(ThreadPoolExecutor(MAX_CONCURRENT_CALLS), options=GRPC_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(package, FakeCloud.from_environment()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    serve(sys.argv[1])
