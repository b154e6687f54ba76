"""The health command of a Celery worker, run by a shell against real connections."""

import os
import resource
import socket
import subprocess
from collections.abc import Iterator

import pytest

from providers.contract.spec import PRESETS

MAX_CPU_SECONDS = 0.2
"""Twenty times what the command takes, for a machine under load."""
SHELL, LINE = PRESETS["celery"].health_command


def is_healthy(**environment: str) -> bool:
    done = subprocess.run(["sh", "-c", LINE], env={"PATH": os.environ["PATH"], **environment}, check=False)
    return done.returncode == 0


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A broker that accepts connections."""
    host = "127.0.0.1" if request.param == socket.AF_INET else "::1"
    try:
        server = socket.create_server((host, 0), family=request.param)
    except OSError:
        pytest.skip("this machine has no such address")
    with server:
        yield server


def test_the_command_is_run_by_a_shell() -> None:
    assert SHELL == "CMD-SHELL"


@pytest.mark.parametrize(
    "url",
    [
        "redis://:secret@cache:{port}/0",
        "rediss://:secret@cache:{port}/0?ssl_cert_reqs=required&ssl_ca_certs=%2Fetc%2Fca.pem",
        "amqp://user:secret@broker:{port}/agents",
        "redis://cache:{port}",
    ],
)
def test_a_worker_is_healthy_while_it_is_connected_to_its_broker(listener: socket.socket, url: str) -> None:
    port = listener.getsockname()[1]
    broker = url.format(port=port)
    assert not is_healthy(REDIS_URL=broker)
    with socket.create_connection(listener.getsockname()[:2]) as client:
        accepted, _ = listener.accept()
        with accepted:
            assert is_healthy(REDIS_URL=broker)
            assert is_healthy(REDIS_URL="redis://:secret@cache:1/0", CELERY_BROKER_URL=broker)
            assert not is_healthy(REDIS_URL=broker, CELERY_BROKER_URL="amqp://broker:1/")
        client.shutdown(socket.SHUT_RDWR)
    assert not is_healthy(REDIS_URL=broker)


def test_without_a_port_any_connection_counts(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert is_healthy()
            assert is_healthy(REDIS_URL="redis://cache/0")


def test_the_command_is_cheap() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    is_healthy(REDIS_URL="redis://cache:1/0")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MAX_CPU_SECONDS
