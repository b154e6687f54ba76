"""Deployed example through its entry: answers, memory across restarts, metrics and refusals."""

import ssl
import urllib.request
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

from tests.local.host_stack import TLS_WITHOUT_VERIFICATION, HostStack, docker, request_through_entry
from tests.local.poll import eventually

RESTART_SECONDS, SCRAPE_SECONDS = 120, 60


def test_a_request_without_the_key_is_refused(stack: HostStack) -> None:
    message = {"message": "What is 17 * 23?", "session_id": uuid4().hex}
    assert request_through_entry(stack.port, "/chat", message, headers={}).status == 401
    assert request_through_entry(stack.port, "/health", headers={}).status == 200


def test_a_chat_is_answered_and_remembered_after_every_container_is_restarted(stack: HostStack) -> None:
    session = uuid4().hex
    assert stack.answer_text("My name is Ada", session) == "Nice to meet you, Ada."
    docker("restart", "--time=10", *stack.containers())
    eventually(lambda: stack.ask("/health").status == 200, RESTART_SECONDS)
    assert stack.answer_text("What is my name?", session) == "Your name is Ada."


def test_tokens_are_counted_in_prometheus(stack: HostStack) -> None:
    answer = stack.ask("/chat", {"message": "What is 17 * 23?", "session_id": uuid4().hex})
    assert (answer.status, answer.body["tools"]) == (200, ["calculate"])
    tokens = 'sum(agent_tokens_total{job="gateway",kind="output"})'
    eventually(lambda: any(value > 0 for _, value in stack.prometheus(tokens)), SCRAPE_SECONDS)


def test_every_job_has_metrics(stack: HostStack) -> None:
    jobs = {"cache", "containers", "database", "gateway", "host", "page", "proxy", "tools"}
    eventually(lambda: {labels["job"] for labels, value in stack.prometheus("up") if value == 1} == jobs, 60)
    assert not [labels for labels, value in stack.prometheus("up") if value == 0]


def test_every_rule_can_be_evaluated(stack: HostStack) -> None:
    def rules() -> list[dict[str, Any]]:
        return [rule for group in stack.prometheus_api("rules")["data"]["groups"] for rule in group["rules"]]

    assert len(rules()) > 20
    # a Prometheus that has just started has not evaluated each of them yet
    eventually(lambda: not [rule for rule in rules() if rule["health"] == "unknown"], SCRAPE_SECONDS)
    assert not [rule["name"] for rule in rules() if rule["health"] != "ok" or rule.get("lastError")]


def test_metrics_are_not_public(stack: HostStack) -> None:
    assert stack.ask("/metrics").status == 404
    assert stack.ask("/page/_stcore/metrics").status == 404


def test_the_page_is_served_below_its_path(stack: HostStack) -> None:
    assert stack.ask("/page/").status == 200
    assert stack.ask("/page/_stcore/health").status == 200


def test_the_certificate_is_the_platforms_own(stack: HostStack, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(docker("exec", stack.container("cache-server"), "cat", "/etc/agent-platform/ca.pem"))
    context = ssl.create_default_context(cafile=str(authority))
    with urllib.request.urlopen(f"https://localhost:{stack.port}/health", context=context) as answer:
        assert answer.status == 200


def test_a_redirect_of_the_page_keeps_https(stack: HostStack) -> None:
    connection = HTTPSConnection("localhost", stack.port, timeout=10, context=TLS_WITHOUT_VERIFICATION)
    connection.request("GET", "/page")
    answer = connection.getresponse()
    location = urljoin(f"https://localhost:{stack.port}/page", answer.headers["location"])
    assert (answer.status // 100, location) == (3, f"https://localhost:{stack.port}/page/")


def test_http_is_redirected_to_https(stack: HostStack) -> None:
    connection = HTTPConnection("localhost", stack.port, timeout=10)
    connection.request("GET", "/health?a=1")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["location"]) == (308, f"https://localhost:{stack.port}/health?a=1")


def test_an_unchanged_stack_keeps_its_containers(stack: HostStack) -> None:
    before = set(stack.containers(include_stopped=True))
    assert set(stack.deployment.up().counts) == {"same"}
    assert set(stack.containers(include_stopped=True)) == before
