"""Rollouts in steps on real containers under load: a faulty image is aborted, and a good one loses no request."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from tests.engine.project import EngineProject
from tests.local import images
from tests.local.host_stack import docker
from tests.local.load import Report, RequestSpec, load
from tests.local.requirements import require_docker
from tests.local.test_bad_input import PORT, STACK, CommandResult, SmallStack

pytestmark = pytest.mark.xdist_group("local-bad-input")
REQUESTS_PER_SECOND = 50
SHARE_PERCENT, FAILING_SHARE = 20, 0.3
SERVER = """
import os, random, signal, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        fails = self.path != "/health" and random.random() < float(os.environ["FAILING_SHARE"])
        body = os.environ["REVISION"].encode()
        self.send_response(500 if fails else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 128

server = Server(("", 9000), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
"""


@cache
def image(revision: str, failing_share: float = 0.0) -> str:
    """Image that differs from another by the revision it answers with, and the share of requests that fail."""
    name = f"agent-platform-test/rollout:{revision}"
    lines = (f"FROM {images.service_images()['tools']}", f"ENV REVISION={revision} FAILING_SHARE={failing_share}")
    docker("build", "--quiet", "--tag", name, "-", stdin="\n".join(lines))
    return name


@dataclass(frozen=True)
class RolloutStack:
    """Stack with one public service that is rolled out in steps."""

    small: SmallStack
    port: int = PORT

    def write(self, of: str, strategy: str = "canary", **rollout: object) -> None:
        """Write the stack file with the image `of`."""
        service = {
            "app": "custom",
            "image": of,
            "path": "/",
            "port": 9000,
            "command": ["python3", "-c", SERVER],
            "health": {"path": "/health", "interval_seconds": 5, "timeout_seconds": 2, "start_period_seconds": 2},
            "size": {"vcpu": 0.5, "memory_gib": 0.25},
            "rollout": {
                "strategy": strategy,
                **({"steps": [SHARE_PERCENT, 100]} if strategy == "canary" else {}),
                "bake_minutes": 1,
                "smoke": {"path": "/health"},
                **rollout,
            },
        }
        settings = {
            "cloud": "docker",
            "docker": {"entry_port": PORT, "images": dict(images.role_images())},
            "network.cidr": "10.87.0.0/16",
            "ingress.rate_limit_per_minute": 1_000_000,
            "services": {"web": service},
        }
        self.small.project.write(with_values(BASE, settings), STACK)

    def command(self, *arguments: str) -> CommandResult:
        """Run a command of the product."""
        return self.small.command(*arguments)

    def replicas(self) -> Mapping[str, str]:
        """Name of the image by id of the container, of the running replicas of both revisions."""
        listed = docker("ps", "--no-trunc", "--filter", f"name=^/{STACK}-compute-web-", "--format", "{{.ID}}").split()
        return {each: docker("inspect", "--format", "{{.Image}}", each).strip() for each in listed}

    def records(self) -> list[Mapping[str, object]]:
        """Records of rollouts."""
        shown = self.command("rollout", "status", STACK, "--json")
        assert shown.code == 0, shown.err
        return json.loads(shown.out)

    def settled(self) -> None:
        """Fail unless a preview shows no change and nothing has drifted."""
        preview = self.command("preview", STACK)
        assert (preview.code, re.fullmatch(rf"{STACK}  \d+ unchanged\s*", preview.out) is not None) == (0, True), (
            preview.out + preview.err
        )
        drift = self.command("drift", STACK)
        assert (drift.code, "no drift" in drift.out) == (0, True), drift.out + drift.err


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolloutStack]:
    """Deployed stack with the first revision, destroyed after the module."""
    require_docker()
    kept = os.environ.get("KEPT_MACHINE")
    home = Path(kept) if kept else tmp_path_factory.mktemp("rollout")
    stack = RolloutStack(SmallStack(EngineProject.create(home, ())))
    stack.write(image("1"))
    try:
        up = stack.command("up", STACK, "--yes", "--create")
        assert up.code == 0, up.err
        yield stack
    finally:
        destroy = stack.command("destroy", STACK, "--yes", "--volumes")
        assert destroy.code == 0, destroy.err


def ask(number: int) -> RequestSpec:
    """Request the service."""
    return f"/?{number}", None


def image_id(name: str) -> str:
    """Id of an image."""
    return docker("image", "inspect", "--format", "{{.Id}}", name).strip()


def up_under_load(stack: RolloutStack) -> tuple[CommandResult, Report]:
    """Run `up` while clients send requests."""
    with load(stack, REQUESTS_PER_SECOND, ask) as report:
        result = stack.command("up", STACK, "--yes")
    print(result.out, result.err, report.summary(), sep="\n")
    return result, report


def test_a_faulty_image_is_aborted_within_one_bake_and_the_stable_revision_is_untouched(stack: RolloutStack) -> None:
    stable = stack.replicas()
    stack.write(image("faulty", FAILING_SHARE))
    result, report = up_under_load(stack)
    assert result.code == 1
    assert "the rollout of web was aborted (error_percent" in result.err
    assert stack.replicas() == stable
    assert {one.status for one in report.failed} == {500}
    sent_in_step = max(one.at for one in report.failed) - min(one.at for one in report.failed)
    assert sent_in_step < 60
    # three standard deviations above the share of a fault of 30 % at 20 %
    expected = sent_in_step * REQUESTS_PER_SECOND * SHARE_PERCENT / 100 * FAILING_SHARE
    assert len(report.failed) < expected + 3 * expected**0.5 + 1

    assert [each["phase"] for each in stack.records()] == ["held"]
    refused = stack.command("up", STACK, "--yes")
    assert refused.code != 0
    assert "was aborted (error_percent" in refused.err
    assert f"up {STACK} --retry web" in refused.err


def test_a_good_image_loses_no_request_and_leaves_no_change(stack: RolloutStack) -> None:
    stack.write(image("2"))
    result, report = up_under_load(stack)
    assert result.code == 0, result.err
    assert report.failed == []
    assert set(stack.replicas().values()) == {image_id(image("2"))}
    assert len(stack.replicas()) == 1
    assert stack.records() == []
    stack.settled()
