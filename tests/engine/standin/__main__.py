"""`python -m tests.engine.standin aws`: serves one package until the engine is done with it; prints its port first."""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.engine.standin.cloud import Cloud
from tests.engine.standin.provider import Provider

WAITING = 512
"""Calls at a time: a creation that takes its time holds a thread, and the engine asks for all at once."""
LARGEST_BYTES = 400 * 1024 * 1024


def serve(package: str) -> None:
    """Serve `package` on a free port of this machine."""
    sizes = [("grpc.max_receive_message_length", LARGEST_BYTES), ("grpc.max_send_message_length", LARGEST_BYTES)]
    server = grpc.server(ThreadPoolExecutor(WAITING), options=sizes)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(package, Cloud.of_environment()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


serve(sys.argv[1])
