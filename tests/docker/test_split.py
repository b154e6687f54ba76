"""Split of requests in HAProxy: the lines of the file, and the share that a real HAProxy gives."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from providers.contract.haproxy.sections import MAP_FILE, dice, route_to_next
from providers.contract.rollout import RolloutPosition
from providers.docker.entry.haproxy import configuration
from providers.docker.entry.split import CONTROL_PORT, SERVICE_HEADER, control, map_text
from tests.docker.plans import container, files
from tests.docker.specs import context_of
from tests.docker.test_entry import answered, section
from tests.planning import plan, production

CANARY = {"strategy": "canary"}
REQUESTS = 3000
BOUNDS = {0: (0, 0), 10: (230, 370), 50: (1380, 1620), 100: (REQUESTS, REQUESTS)}
"""Minimum and maximum of 3000 requests at a share; more than four standard deviations of the binomial distribution."""
needs_haproxy = pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")


def test_the_share_of_the_new_revision_goes_first_on_every_path() -> None:
    routes = section(
        "frontend https", profile="staging", services__gateway__rollout=CANARY,
        services__chat__path="/api", services__chat__rollout=CANARY,
    )  # fmt: skip
    assert [line for line in routes if line.startswith(("use_backend", "default_backend"))] == [
        "use_backend chat-next if { path /api } next-chat ready-chat or { path_beg /api/ } next-chat ready-chat",
        "use_backend chat if { path /api } or { path_beg /api/ }",
        "use_backend gateway-next if next-gateway ready-gateway",
        "default_backend gateway",
    ]
    assert [line for line in routes if "txn.dice" in line] == [
        "http-request set-var(txn.dice) rand(100)",
        "acl next-chat str(chat),map_str_int(/etc/agent-platform/rollout.map,0),sub(txn.dice) gt 0",
        "acl next-gateway str(gateway),map_str_int(/etc/agent-platform/rollout.map,0),sub(txn.dice) gt 0",
    ]


def test_the_new_revision_has_the_health_checks_of_the_stable_one() -> None:
    stable = section("backend gateway", services__gateway__rollout=CANARY)
    new = section("backend gateway-next", services__gateway__rollout=CANARY)
    assert [line.replace("gateway-next", "gateway") for line in new] == stable
    assert "http-check send meth GET uri /health hdr Host gateway" in new


def test_the_map_gives_nothing_until_it_is_changed_in_memory() -> None:
    changed = plan(production({"services.gateway.rollout": CANARY}, cloud="docker"))
    assert files(changed, "entry-router")["rollout.map"] == "gateway 0\ngateway.requests 0\ngateway.errors 0\n"


def test_a_rolling_service_has_one_backend_and_no_map() -> None:
    text = configuration(context_of())
    assert "next" not in text and "rollout" not in text
    assert "rollout.map" not in files(plan(production(cloud="docker")), "entry-router")


def test_a_rollout_does_not_replace_the_router() -> None:
    raw = production({"services.gateway.rollout": CANARY}, cloud="docker")
    position = RolloutPosition(f"2 x sha256:{'1' * 64}", 10)
    before, during = plan(raw), plan(raw, positions={"gateway": position})
    for part in ("entry-router", "entry-router-files", "entry-proxy"):
        assert container(before, part).inputs == container(during, part).inputs


@dataclass
class Router:
    """HAProxy with a stable and a new revision, each a frontend that answers with its name."""

    port: int
    control_port: int

    def ask(self, path: str, service: str = "") -> tuple[int, str]:
        """Send a request to the loopback address of the router, as the driver does."""
        connection = HTTPConnection("127.0.0.1", self.control_port, timeout=5)
        connection.request("GET", path, headers={SERVICE_HEADER: service} if service else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()

    def new(self, count: int = REQUESTS) -> int:
        """Number of requests of users that the new revision answers."""
        connection = answered(self.port)
        found = 0
        for _ in range(count):
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert answer.status == 200
            found += answer.read() == b"new"
        return found


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Router]:
    """Running router with the rules of the service `gateway`."""
    with ExitStack() as held:
        ports = [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(3)]
    (tmp_path / "rollout.map").write_text(map_text(["gateway"]), encoding="utf-8")
    port, control_port, new_port = ports
    sections = {
        "global": ["stats socket " + str(tmp_path / "admin") + " level admin"],
        "defaults": ["mode http", "timeout client 5s", "timeout server 5s", "timeout connect 1s"],
        "frontend users": [
            f"bind 127.0.0.1:{port}",
            *dice(["gateway"]),
            route_to_next("gateway", ()),
            "default_backend gateway",
        ],
        "frontend rollout": control(["gateway"]),
        "backend gateway": [f"server one abns@stable-{port}"],
        "backend gateway-next": [
            f"server one 127.0.0.1:{new_port} check inter 100ms fall 1 rise 1 on-error mark-down observe layer4 error-limit 1"
        ],
        "frontend stable": [
            f"bind abns@stable-{port}",
            "http-request return status 200 content-type text/plain string stable",
        ],
        "frontend new": [
            f"bind 127.0.0.1:{new_port}",
            "http-request return status 418 if { path /teapot }",
            "http-request return status 200 content-type text/plain string new",
        ],
    }  # fmt: skip
    text = "\n".join("\n  ".join((head, *lines)) for head, lines in sections.items()) + "\n"
    text = text.replace(MAP_FILE, str(tmp_path / "rollout.map")).replace(f":{CONTROL_PORT}", f":{control_port}")
    (tmp_path / "haproxy.cfg").write_text(text, encoding="utf-8")
    with subprocess.Popen(["haproxy", "-db", "-f", tmp_path / "haproxy.cfg"], stderr=subprocess.DEVNULL) as process:
        try:
            answered(control_port).close()
            yield Router(port, control_port)
        finally:
            process.terminate()


@needs_haproxy
@pytest.mark.parametrize("percent", BOUNDS)
def test_the_new_revision_receives_its_share_of_3000_requests(router: Router, percent: int) -> None:
    assert router.ask(f"/gateway/{percent}") == (200, str(percent))
    minimum, maximum = BOUNDS[percent]
    assert minimum <= router.new() <= maximum


@needs_haproxy
def test_a_share_can_be_taken_back(router: Router) -> None:
    router.ask("/gateway/100")
    assert router.new(20) == 20
    assert router.ask("/gateway/0") == (200, "0")
    assert router.new(20) == 0


@needs_haproxy
@pytest.mark.parametrize(
    ("path", "answer"),
    [("/gateway", (200, "0")), ("/gateway.errors/12", (200, "12")), ("/gateway/-1", (200, "0")), ("/other/10", (404, ""))],
)  # fmt: skip
def test_only_values_of_the_map_are_changed(router: Router, path: str, answer: tuple[int, str]) -> None:
    status, text = router.ask(path)
    assert (status, text if status == 200 else "") == answer


@needs_haproxy
@pytest.mark.parametrize(("path", "status"), [("/", "200"), ("/teapot", "418")])
def test_a_smoke_test_reaches_the_new_revision_before_its_first_request(router: Router, path: str, status: str) -> None:
    assert router.ask(path, "gateway") == (200, status)
    assert router.new(20) == 0


@needs_haproxy
def test_a_new_revision_without_a_healthy_replica_receives_nothing(router: Router, tmp_path: Path) -> None:
    router.ask("/gateway/100")
    assert router.new(20) == 20
    with socket.socket(socket.AF_UNIX) as admin:
        admin.connect(str(tmp_path / "admin"))
        admin.sendall(b"disable server gateway-next/one\n")
        admin.recv(100)
    assert router.new(200) == 0
    assert router.ask("/", "gateway")[0] == 503


def test_the_frontend_of_the_driver_listens_on_the_loopback_address_only() -> None:
    (bind,) = [line for line in control(["gateway"]) if line.startswith("bind")]
    assert re.fullmatch(r"bind 127\.0\.0\.1:\d+", bind)
