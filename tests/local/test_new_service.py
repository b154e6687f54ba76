"""Service that is added to the running example under load: no request is lost, and only what it needs is replaced."""

import pytest

from tests.local.host_stack import STACK, HostStack, docker
from tests.local.images import service_images
from tests.local.load import RequestSpec, load

KEPT = (
    "entry-proxy", "database-server", "cache-server", "compute-gateway-1", "compute-page-1", "compute-worker-1",
    "monitoring-prometheus", "monitoring-alertmanager",
)  # fmt: skip
TIMEOUT_SECONDS = 60
"""On a busy machine an answer takes long; an interruption is an error of the connection or of the status."""


def service() -> dict[str, object]:
    """Second instance of the example's tools, with a public path."""
    return {
        "app": "fastapi",
        "image": service_images()["tools"],
        "path": "/extra",
        "port": 8001,
        "size": {"vcpu": 0.5, "memory_gib": 0.5},
        "replicas": {"min": 1, "max": 1},
        "health": {"path": "/health"},
    }


def ask(number: int) -> RequestSpec:
    """Request the health of the gateway."""
    return f"/health?{number}", None


@pytest.mark.parametrize("requests_per_second", [5, 50])
def test_a_new_service_interrupts_no_request_and_replaces_nothing_else(
    stack: HostStack, requests_per_second: float
) -> None:
    before = {part: stack.container(part) for part in KEPT}
    try:
        stack.write({"services.extra": service()})
        with load(stack, requests_per_second, ask, timeout_seconds=TIMEOUT_SECONDS) as report:
            stack.deployment.up()
        assert stack.ask("/extra/health").status != 503
        assert {part: stack.container(part) for part in KEPT} == before
    finally:
        stack.write({})
        with load(stack, requests_per_second, ask, timeout_seconds=TIMEOUT_SECONDS) as removal:
            stack.deployment.up()
    print(f"added: {report.summary()}; removed: {removal.summary()}")
    for measured in (report, removal):
        assert (measured.connection_errors, measured.timeouts, measured.failed) == ([], [], [])
    assert not docker("ps", "--quiet", "--filter", f"name=^/{STACK}-compute-extra-")
