"""Serve the language host: `python -m tests.engine.language_host <address of the engine>`. Prints the port first."""

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from tests.engine.language_host.host import LanguageHost

MAX_CONCURRENT_CALLS = 8
POLL_SECONDS = 0.5


def serve() -> None:
    """Serve on a free local port until the engine ends, also when it is killed."""
    host = LanguageHost(next(iter(sys.argv[1:]), ""))
    server = grpc.server(ThreadPoolExecutor(MAX_CONCURRENT_CALLS))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.stop(grace=None)

    # the engine interrupts its plugins at the end
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_end_with_parent, args=(os.getppid(), host), daemon=True).start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _end_with_parent(parent: int, host: LanguageHost) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    host.interrupt_program()
    os._exit(1)


serve()
