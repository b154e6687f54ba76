"""Entry of a Docker host between clients and agents: keys, limits, prompts and attacks, streams, and the cost of tokens.

A stream through an update takes EDGE_STREAM_SECONDS, 110 without it.
"""

import asyncio
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPSConnection

import aiohttp
import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from tests.docker.test_authentication import GUARDED, KEY, MATRIX, OTHER
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.local import images
from tests.local.edge_service import METRICS_PORT, MODEL, PROGRAM
from tests.local.host_stack import TLS_WITHOUT_VERIFICATION, docker
from tests.local.poll import eventually
from tests.local.requirements import require_docker
from tests.local.test_bad_input import CommandResult, SmallStack
from tests.ports import free_port
from tests.waf.traffic import RUNS, attacks_outside_bodies, prompts, send

STACK = "edge"
pytestmark = [pytest.mark.xdist_group("local-edge"), pytest.mark.long(reason="needs Docker")]
STREAM_SECONDS = int(os.environ.get("EDGE_STREAM_SECONDS", "110"))
DRAIN_SECONDS = max(120, STREAM_SECONDS)
PER_KEY = 600
"""Requests per minute of one key: more than the prompts send, and fewer than a client sends in a minute."""
TOKENS = 20_000_000
"""20 US dollars at a price of one for a million, above the limit of 10 an hour."""
ALERT_SECONDS = 300
CHECK: Mapping[str, object] = {
    "path": "/health", "interval_seconds": 5, "timeout_seconds": 3, "start_period_seconds": 10
}  # fmt: skip


@cache
def image(revision: str) -> str:
    """Image whose services answer with its revision."""
    name = f"agent-platform-test/edge:{revision}"
    lines = f"FROM {images.service_images()['tools']}\nENV REVISION={revision}"
    docker("build", "--quiet", "--tag", name, "-", stdin=lines)
    return name


@dataclass
class EdgeStack:
    """Stack with an AgentOS at `/` and another service at `/chat`, each with a separate key."""

    small: SmallStack
    port: int = field(default_factory=free_port)

    def write(self, revision: str = "1", **changes: object) -> None:
        """Write the stack file with the images of a revision; two underscores in the name of a change are a dot."""
        common = {
            "image": image(revision),
            "command": ["python3", "-c", PROGRAM],
            "health": dict(CHECK),
            "size": {"vcpu": 0.5, "memory_gib": 0.25},
            "replicas": {"min": 1, "max": 1},
        }
        gateway = {**common, "app": "agentos", "path": "/", "port": 9000, "secrets": ["OS_SECURITY_KEY"]}
        chat = {**common, "app": "fastapi", "path": "/chat", "port": 9001, "secrets": ["API_KEY"], "metrics": "none"}
        settings = {
            "cloud": "docker",
            "docker": {"entry_port": self.port, "images": dict(images.role_images())},
            "network.cidr": "10.91.0.0/16",
            "services": {"gateway": {**gateway, "metrics": {"port": METRICS_PORT}}, "chat": chat},
            "ingress.auth": GUARDED["ingress.auth"],
            "services.gateway.public_paths": GUARDED["services.gateway.public_paths"],
            "services.chat.public_paths": GUARDED["services.chat.public_paths"],
            "ingress.rate_limit": {"per_address": 100_000, "per_key": PER_KEY},
            "ingress.idle_timeout_seconds": DRAIN_SECONDS,
            "monitoring.dashboards": False,
            "cost": {"prices_as_of": "2026-11-28", "models": {MODEL: {"input": 1, "output": 1}}},
        }
        named = {path.replace("__", "."): value for path, value in changes.items()}
        self.small.project.write(with_values(BASE, {**settings, **named}), STACK)

    def up(self) -> CommandResult:
        """Run `up`, which must succeed."""
        result = self.small.command("up", STACK, "--yes")
        assert result.code == 0, result.err
        return result

    def connection(self) -> HTTPSConnection:
        """Connection to the entry."""
        return HTTPSConnection("localhost", self.port, timeout=20, context=TLS_WITHOUT_VERIFICATION)

    def answer(self, path: str, *authorization: str, method: str = "GET") -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of an answer."""
        connection = self.connection()
        connection.putrequest(method, path)
        for value in authorization:
            connection.putheader("Authorization", value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def container(self, part: str) -> str:
        """Id of the one running container of a part."""
        (found,) = docker("ps", "--quiet", "--filter", f"name=^/{STACK}-{part}-[0-9a-f]{{7}}$").split()
        return found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeStack]:
    """Deployed stack, destroyed after the module."""
    require_docker()
    small = SmallStack(EngineProject.create(tmp_path_factory.mktemp("edge"), ()), TIMEOUT_SECONDS + STREAM_SECONDS)
    stack = EdgeStack(small)
    small.project.run("stack", "init", STACK, stack=None)
    stack.write()
    for name, key in (("OS_SECURITY_KEY", KEY), ("API_KEY", OTHER)):
        small.project.run("config", "set", "--secret", f"agent-platform:{name}", stdin=key, stack=STACK)
    try:
        stack.up()
        yield stack
    finally:
        stack.write()
        destroy = small.command("destroy", STACK, "--yes", "--volumes")
        assert destroy.code == 0, destroy.err


def bearer(key: str = KEY) -> str:
    """Header `Authorization` of a client."""
    return f"Bearer {key}"


def expected(status: int, path: str) -> int:
    """Status of the matrix, or 403 where the rules of the WAF refuse the path before authentication."""
    return 403 if "/../" in path.replace("%2e", ".") else status


def test_each_request_is_answered_as_the_matrix_of_authentication_states(stack: EdgeStack) -> None:
    found = {name: stack.answer(path, *keys, method=method)[0] for name, _, path, keys, method in MATRIX}
    assert found == {name: expected(status, path) for name, status, path, *_ in MATRIX}


def test_no_prompt_is_blocked_in_any_form(stack: EdgeStack) -> None:
    sent = prompts(RUNS)
    statuses = [send(stack.connection(), each, Authorization=bearer()) for each in sent]
    assert len(sent) >= 300 and set(statuses) == {200}


def test_every_attack_outside_of_bodies_is_blocked(stack: EdgeStack) -> None:
    attacks = attacks_outside_bodies()
    passed = [each.target for each in attacks if send(stack.connection(), each, Authorization=bearer()) != 403]
    assert (len(attacks) >= 30, passed) == (True, [])


def test_a_websocket_carries_messages_both_ways_and_needs_the_key(stack: EdgeStack) -> None:
    async def talk() -> list[str]:
        url = f"wss://localhost:{stack.port}/echo"
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=TLS_WITHOUT_VERIFICATION)) as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url)
            assert refused.value.status == 401
            async with session.ws_connect(url, headers={"Authorization": bearer()}) as socket:
                for text in ("one", "two", "x" * 60_000):
                    await socket.send_str(text)
                return [await socket.receive_str() for _ in range(3)]

    assert asyncio.run(talk()) == ["one", "two", "x" * 60_000]


class Stream(threading.Thread):
    """Client that reads a stream to its end."""

    def __init__(self, stack: EdgeStack) -> None:
        super().__init__(daemon=True)
        self.stack, self.numbers, self.times = stack, list[int](), list[float]()

    def run(self) -> None:
        connection = self.stack.connection()
        connection.request("GET", f"/stream/{STREAM_SECONDS}", headers={"Authorization": bearer()})
        answer = connection.getresponse()
        while line := answer.readline():
            if line.startswith(b"data: "):
                self.numbers.append(int(line.removeprefix(b"data: ")))
                self.times.append(time.monotonic())

    def complete(self) -> bool:
        """True when every number came, none of them late."""
        self.join(STREAM_SECONDS + DRAIN_SECONDS)
        pauses = [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]
        print(
            f"{len(self.numbers)} events in {self.times[-1] - self.times[0]:.0f} s, longest pause {max(pauses):.1f} s"
        )
        return self.numbers == list(range(1, STREAM_SECONDS + 1))


@pytest.mark.parametrize("part", ["replica", "router"])
def test_a_stream_goes_on_through_an_update_that_replaces_its(stack: EdgeStack, part: str) -> None:
    name = "compute-gateway-1" if part == "replica" else "entry-router"
    before = stack.container(name)
    stream = Stream(stack)
    stream.start()
    eventually(lambda: len(stream.numbers) > 2)
    if part == "replica":
        stack.write("2")
    else:
        stack.write("2", ingress__rate_limit={"per_address": 90_000, "per_key": PER_KEY})
    began = time.monotonic()
    stack.up()
    print(f"up took {time.monotonic() - began:.0f} s")
    assert stream.complete()
    assert stack.container(name) != before
    assert b'"revision":"2"' in stack.answer("/", bearer())[2]


def test_the_alert_on_the_cost_of_tokens_reaches_alertmanager(stack: EdgeStack) -> None:
    def api(part: str, url: str) -> str:
        return docker("exec", stack.container(part), "wget", "-qO-", url)

    scraped = "http://127.0.0.1:9090/api/v1/query?query=gen_ai_client_inference_usage_output_tokens_total"
    eventually(lambda: MODEL in api("monitoring-scraper", scraped), ALERT_SECONDS)
    alerts = "http://127.0.0.1:9093/api/v2/alerts"
    assert "cost-usd-per-hour" not in api("monitoring-alertmanager", alerts)
    began = time.monotonic()
    assert stack.answer(f"/spend/{TOKENS}", bearer(), method="POST")[0] == 200
    eventually(lambda: "cost-usd-per-hour" in api("monitoring-alertmanager", alerts), ALERT_SECONDS)
    print(f"the alert took {time.monotonic() - began:.0f} s")


def test_one_key_above_its_limit_is_answered_429_and_another_key_is_not(stack: EdgeStack) -> None:
    connection, statuses = stack.connection(), list[int]()
    while 429 not in statuses and len(statuses) <= 2 * PER_KEY:
        connection.request("GET", "/chat/messages", headers={"Authorization": bearer(OTHER)})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    assert set(statuses[:-1]) == {200} and len(statuses) >= PER_KEY - len(MATRIX)
    status, headers, _ = stack.answer("/chat/messages", bearer(OTHER))
    assert (status, headers["retry-after"]) == (429, "60")
    assert stack.answer("/agents", bearer())[0] == 200
