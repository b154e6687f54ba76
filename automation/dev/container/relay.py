"""Connection of a debugger client: standard input and output of `docker exec` to a port of the container.

The port listens on the loopback address of the container only, so no other container reaches it.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time

WAIT_SECONDS = 10.0
CHUNK_BYTES = 65536


def main() -> int:
    """Relay until either side ends."""
    connection = _connect(int(sys.argv[1]))
    if connection is None:
        return 1
    threading.Thread(target=_send, args=(connection,), daemon=True).start()
    while True:
        data = connection.recv(CHUNK_BYTES)
        if not data:
            return 0
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _connect(port: int) -> socket.socket | None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.1)
    return None


def _send(connection: socket.socket) -> None:
    while True:
        data = os.read(0, CHUNK_BYTES)
        if not data:
            connection.shutdown(socket.SHUT_WR)
            return
        connection.sendall(data)


if __name__ == "__main__":
    sys.exit(main())
