"""Rollouts in steps on real containers under load: a faulty image is aborted, and a good one loses no request."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from providers.docker.entry.split import CONTROL_PORT
from tests.engine.project import EngineProject
from tests.local import images
from tests.local.host_stack import docker
from tests.local.load import Report, RequestSpec, load
from tests.local.poll import eventually
from tests.local.requirements import require_docker
from tests.local.test_bad_input import PORT, STACK, CommandResult, SmallStack

pytestmark = pytest.mark.xdist_group("local-bad-input")
REQUESTS_PER_SECOND = 50
SHARE_PERCENT, FAILING_SHARE = 20, 0.3
REACHED_SECONDS = 600
"""Time to a point of a rollout, on a machine that runs other tests too."""
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
        # an update may remove one after it was listed; the exit code is then 1
        command = ["docker", "inspect", "--format", "{{.Id}} {{.Image}}", *listed]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout if listed else ""
        return dict(line.split() for line in found.splitlines())

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

    def router(self) -> str:
        """Name of the running router of the entry."""
        (name,) = docker("ps", "--filter", f"name=^/{STACK}-entry-router-", "--format", "{{.Names}}").split()
        return name

    def share(self) -> int:
        """Percent of the requests that the router gives to the new revision; 0 while it does not answer."""
        url = f"http://127.0.0.1:{CONTROL_PORT}/web"
        command = ["docker", "exec", self.router(), "wget", "-q", "-O", "-", url]
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        return int(answer or 0)

    @contextmanager
    def started_up(self) -> "Generator[subprocess.Popen[str]]":
        """Start `up` in a separate process group, which a test that fails does not leave."""
        process = subprocess.Popen(
            [sys.executable, "-m", "automation", "up", STACK, "--yes"],
            cwd=self.small.project.folder, env=dict(self.small.project.environment), text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()


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
        # releases the lock of an update that a failed test has ended
        stack.command("recover", STACK)
        destroy = stack.command("destroy", STACK, "--yes", "--volumes")
        assert destroy.code == 0, destroy.err


def ask(number: int) -> RequestSpec:
    """Request the service."""
    return f"/?{number}", None


def image_id(name: str) -> str:
    """Id of an image."""
    return docker("image", "inspect", "--format", "{{.Id}}", name).strip()


def up_under_load(stack: RolloutStack, *options: str) -> tuple[CommandResult, Report]:
    """Run `up` while clients send requests, without which each bake time is doubled."""
    with load(stack, REQUESTS_PER_SECOND, ask) as report:
        result = stack.command("up", STACK, "--yes", *options)
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


def test_a_new_revision_behind_the_stable_one_takes_every_request_at_once(stack: RolloutStack) -> None:
    stack.write(image("3"), "blue_green")
    result, report = up_under_load(stack)
    assert result.code == 0, result.err
    assert report.failed == []
    assert set(stack.replicas().values()) == {image_id(image("3"))}
    stack.settled()


def test_a_restart_of_the_entry_in_the_middle_aborts_and_leaves_the_stable_revision(stack: RolloutStack) -> None:
    stack.write(image("4"))
    stable = stack.replicas()
    with stack.started_up() as process:
        eventually(lambda: stack.share() == SHARE_PERCENT, REACHED_SECONDS)
        docker("restart", stack.router())
        _, err = process.communicate(timeout=REACHED_SECONDS)
    assert process.returncode == 1
    assert "the rollout of web was aborted (the entry restarted or was reset" in err
    assert stack.replicas() == stable
    retried, report = up_under_load(stack, "--retry", "web")
    assert retried.code == 0, retried.err
    assert report.failed == []
    assert set(stack.replicas().values()) == {image_id(image("4"))}
    stack.settled()


def test_an_interrupt_at_a_step_leaves_the_rollout_there_and_the_next_update_continues(stack: RolloutStack) -> None:
    stack.write(image("5"))
    stable = stack.replicas()
    with load(stack, REQUESTS_PER_SECOND, ask) as report, stack.started_up() as process:
        eventually(lambda: stack.share() == SHARE_PERCENT, REACHED_SECONDS)
        # Ctrl-C reaches every process of the terminal
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=REACHED_SECONDS)
    assert process.returncode == 1
    assert err.splitlines()[-1] == (
        f"{STACK}: the rollout of web stays at its step. Run `agent-platform up {STACK}` to continue, or `agent-platform "
        f"rollout abort {STACK} web`."
    )
    assert (stack.share(), stable.items() <= stack.replicas().items()) == (SHARE_PERCENT, True)
    continued, second = up_under_load(stack)
    assert continued.code == 0, continued.err
    assert report.failed + second.failed == []
    assert set(stack.replicas().values()) == {image_id(image("5"))}
    stack.settled()


def _has_begun(stack: RolloutStack, _stable: set[str]) -> bool:
    return len(stack.replicas()) > 1


def _has_a_share(stack: RolloutStack, _stable: set[str]) -> bool:
    return stack.share() == SHARE_PERCENT


def _replaces_the_stable_replica(stack: RolloutStack, stable: set[str]) -> bool:
    return stable.isdisjoint(stack.replicas())


POINTS: Mapping[str, Callable[[RolloutStack, set[str]], bool]] = {
    "begin": _has_begun,
    "step": _has_a_share,
    "end": _replaces_the_stable_replica,
}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_rollout_is_finished_by_the_next_update(stack: RolloutStack, point: str) -> None:
    stable = set(stack.replicas())
    stack.write(image(f"killed-{point}"))
    with load(stack, REQUESTS_PER_SECOND, ask) as report:
        with stack.started_up():
            eventually(lambda: POINTS[point](stack, stable), REACHED_SECONDS)
        recover = stack.command("recover", STACK)
        assert recover.code == 0, recover.err
        up = stack.command("up", STACK, "--yes")
    print(recover.out, up.out, up.err, report.summary(), sep="\n")
    assert up.code == 0, up.err
    assert report.failed == []
    assert len(stack.replicas()) == 1
    assert set(stack.replicas().values()) == {image_id(image(f"killed-{point}"))}
    assert stack.records() == []
    stack.settled()
