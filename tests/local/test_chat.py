"""The example through its entry, for real: answers, memory over restarts, what is measured, what is refused."""

import ssl
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

from tests.local.machine import Machine, docker
from tests.local.waiting import eventually

RESTART_SECONDS, SCRAPED_SECONDS = 120, 60


def test_a_chat_is_answered_and_remembered_after_every_container_is_restarted(machine: Machine) -> None:
    session = uuid4().hex
    assert machine.said("My name is Ada", session) == "Nice to meet you, Ada."
    docker("restart", "--time=10", *machine.containers())
    eventually(lambda: machine.ask("/health").status == 200, RESTART_SECONDS)
    assert machine.said("What is my name?", session) == "Your name is Ada."


def test_its_tokens_stand_in_prometheus(machine: Machine) -> None:
    answer = machine.ask("/chat", {"message": "What is 17 * 23?", "session_id": uuid4().hex})
    assert (answer.status, answer.body["tools"]) == (200, ["calculate"])
    tokens = 'sum(agent_tokens_total{job="gateway",kind="output"})'
    eventually(lambda: any(value > 0 for _, value in machine.prometheus(tokens)), SCRAPED_SECONDS)


def test_everything_that_is_watched_shows_its_metrics(machine: Machine) -> None:
    watched = {"cache", "containers", "database", "gateway", "host", "page", "proxy", "tools"}
    eventually(lambda: {labels["job"] for labels, value in machine.prometheus("up") if value == 1} == watched, 60)
    assert not [labels for labels, value in machine.prometheus("up") if value == 0]


def test_every_rule_can_be_reckoned(machine: Machine) -> None:
    groups = machine.asked_prometheus("rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 20
    assert not [rule["name"] for rule in rules if rule["health"] != "ok" or rule.get("lastError")]


def test_what_services_measure_is_not_told_outside(machine: Machine) -> None:
    assert machine.ask("/metrics").status == 404
    assert machine.ask("/page/_stcore/metrics").status == 404


def test_the_page_stands_below_its_path(machine: Machine) -> None:
    assert machine.ask("/page/").status == 200
    assert machine.ask("/page/_stcore/health").status == 200


def test_the_certificate_is_the_platforms_own(machine: Machine, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(docker("exec", machine.container("cache-server"), "cat", "/etc/agent-platform/ca.pem"))
    context = ssl.create_default_context(cafile=str(authority))
    with urllib.request.urlopen(f"https://localhost:{machine.port}/health", context=context) as answer:
        assert answer.status == 200


def test_plain_http_is_sent_to_https(machine: Machine) -> None:
    connection = HTTPConnection("localhost", machine.port, timeout=10)
    connection.request("GET", "/health?a=1")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["location"]) == (308, f"https://localhost:{machine.port}/health?a=1")


def test_an_unchanged_stack_is_left_alone(machine: Machine) -> None:
    before = set(machine.containers(everything=True))
    assert set(machine.deployment.up().counts) == {"same"}
    assert set(machine.containers(everything=True)) == before
