"""Faults under load: automatic recovery within a time limit, without loss of acknowledged notes."""

import time

from tests.local.faults import FaultResult, crash, lost_notes, restarted_and_healthy, under_load
from tests.local.host_stack import HostStack, docker
from tests.local.load import RequestSpec
from tests.local.poll import eventually
from tests.local.reliability import record

REPLICA_SECONDS, DATABASE_SECONDS, CACHE_SECONDS, PROMETHEUS_SECONDS = 60, 60, 60, 60
IN_FLIGHT = 5
"""Requests that a replica may be processing when it crashes; they were sent, so they are not retried."""
FILL = "for i = 1, 10 do redis.call('set', 'fill:' .. ARGV[1] .. ':' .. i, string.rep('x', 1000000)) end"
EMPTY = "for i = 1, 10 do redis.call('unlink', 'fill:' .. ARGV[1] .. ':' .. i) end"
FILLS = 130
"""More than the example's GiB in steps of 10 MB, because Redis does not stop a running script when memory is full."""


def test_a_replica_crashes(stack: HostStack) -> None:
    replica = stack.replicas("gateway")[0]
    measured = under_load(stack, lambda: crash(replica), restarted_and_healthy(replica), REPLICA_SECONDS)
    _record("one of three replicas crashes", measured)
    assert len(measured.report.failed) <= IN_FLIGHT, measured.report.summary()
    assert not lost_notes(stack, measured.report)


def test_the_database_crashes(stack: HostStack) -> None:
    server = stack.container("database-server")
    measured = under_load(stack, lambda: crash(server), restarted_and_healthy(server), DATABASE_SECONDS)
    _record("the database crashes", measured)
    assert {sent.status for sent in measured.report.failed} <= {0, 502, 503, 504}, measured.report.summary()
    assert measured.answering_after_seconds < DATABASE_SECONDS
    assert not lost_notes(stack, measured.report)


def test_the_cache_is_full(stack: HostStack) -> None:
    server = stack.container("cache-server")

    def fill() -> None:
        assert "OOM" in _cache(server, FILL)

    def empty() -> bool:
        return not _cache(server, EMPTY).replace("\n", "")

    def empty_after_ten_seconds() -> bool:
        time.sleep(10)
        return empty()

    try:
        measured = under_load(stack, fill, empty_after_ten_seconds, CACHE_SECONDS)
    finally:
        empty()
    _record("the cache is full for ten seconds", measured)
    assert not measured.report.failed, measured.report.summary()
    assert not lost_notes(stack, measured.report)
    digested = [body["id"] for body in measured.report.acknowledged() if "id" in body][-1]
    eventually(lambda: stack.ask(f"/notes/{digested}").body["digested_at"], 90)


def test_prometheus_crashes(stack: HostStack) -> None:
    server = stack.container("monitoring-prometheus")
    measured = under_load(stack, lambda: crash(server), restarted_and_healthy(server), PROMETHEUS_SECONDS)
    _record("Prometheus crashes", measured)
    assert not measured.report.failed, measured.report.summary()
    assert stack.prometheus('count_over_time(up{job="gateway"}[10m])'), "its data is lost"


def test_the_network_of_a_service_is_disconnected(stack: HostStack) -> None:
    tools = stack.container("compute-tools-1")
    network = docker("network", "ls", "--format", "{{.Name}}", "--filter", "name=gateway-calls-tools").split()[0]

    def reconnect_after_ten_seconds() -> bool:
        time.sleep(10)
        docker("network", "connect", "--alias", "tools", network, tools)
        return True

    def ask(number: int) -> RequestSpec:
        if number % 15:
            return "/notes", {"text": f"note {number}"}
        return "/chat", {"message": "What is 17 * 23?", "session_id": f"disconnected-{number}"}

    def disconnect() -> None:
        docker("network", "disconnect", network, tools)

    measured = under_load(stack, disconnect, reconnect_after_ten_seconds, 60, ask)
    _record("the network of one service is disconnected for ten seconds", measured)
    assert not [sent for sent in measured.report.sent if sent.body and "id" in sent.body and not sent.succeeded]
    assert measured.answering_after_seconds < 30
    answer = stack.ask("/chat", {"message": "What is 17 * 23?", "session_id": "after"})
    assert "391" in answer.body["answer"]
    assert not lost_notes(stack, measured.report)


def _record(event: str, measured: FaultResult) -> None:
    record(event, measured.report.summary(), measured.answering_after_seconds, measured.healthy_after_seconds)


def _cache(server: str, script: str) -> str:
    """Output, with errors, of a script that runs FILLS times in the cache."""
    loop = (
        'export REDISCLI_AUTH="$(cat /etc/agent-platform/password)"; '
        f"for n in $(seq {FILLS}); do "
        'redis-cli --tls --cacert /etc/agent-platform/ca.pem -h cache EVAL "$1" 0 "$n" 2>&1 || true; done'
    )
    return docker("exec", server, "sh", "-c", loop, "sh", script)
