"""Faults under load: what recovers by itself, in what time, and that no acknowledged message is lost."""

import time

from tests.local.faults import Measured, back, crash, lost, under_load
from tests.local.load import Asked
from tests.local.machine import Machine, docker
from tests.local.reliability import note
from tests.local.waiting import eventually

COPY_SECONDS, DATABASE_SECONDS, CACHE_SECONDS, PROMETHEUS_SECONDS = 60, 60, 60, 60
IN_FLIGHT = 5
"""Requests that a copy may hold when it dies: sent, so never sent again, and not answered."""
FILL = "for i = 1, 10 do redis.call('set', 'fill:' .. ARGV[1] .. ':' .. i, string.rep('x', 1000000)) end"
EMPTY = "for i = 1, 10 do redis.call('unlink', 'fill:' .. ARGV[1] .. ':' .. i) end"
FILLS = 130
"""More than the example's GiB in steps of ten MB: a script that has begun to write is not stopped by a full memory."""


def test_a_copy_dies(machine: Machine) -> None:
    copy = machine.copies("gateway")[0]
    measured = under_load(machine, lambda: crash(copy), back(copy), COPY_SECONDS)
    _note("one of three copies dies", measured)
    assert len(measured.report.failed) <= IN_FLIGHT, measured.report.told()
    assert not lost(machine, measured.report)


def test_the_database_dies(machine: Machine) -> None:
    server = machine.container("database-server")
    measured = under_load(machine, lambda: crash(server), back(server), DATABASE_SECONDS)
    _note("the database dies", measured)
    assert {one.status for one in measured.report.failed} <= {0, 502, 503, 504}, measured.report.told()
    assert measured.answered_seconds < DATABASE_SECONDS
    assert not lost(machine, measured.report)


def test_the_cache_is_full(machine: Machine) -> None:
    server = machine.container("cache-server")

    def fill() -> None:
        assert "OOM" in _cache(server, FILL)

    def emptied() -> bool:
        return not _cache(server, EMPTY).replace("\n", "")

    def full_for_a_while() -> bool:
        time.sleep(10)
        return emptied()

    try:
        measured = under_load(machine, fill, full_for_a_while, CACHE_SECONDS)
    finally:
        emptied()
    _note("the cache is full for ten seconds", measured)
    assert not measured.report.failed, measured.report.told()
    assert not lost(machine, measured.report)
    digested = [body["id"] for body in measured.report.acknowledged() if "id" in body][-1]
    eventually(lambda: machine.ask(f"/notes/{digested}").body["digested_at"], 90)


def test_prometheus_dies(machine: Machine) -> None:
    server = machine.container("monitoring-prometheus")
    measured = under_load(machine, lambda: crash(server), back(server), PROMETHEUS_SECONDS)
    _note("Prometheus dies", measured)
    assert not measured.report.failed, measured.report.told()
    assert machine.prometheus('count_over_time(up{job="gateway"}[10m])'), "what it had measured is gone"


def test_a_services_network_is_pulled(machine: Machine) -> None:
    tools = machine.container("compute-tools-1")
    network = docker("network", "ls", "--format", "{{.Name}}", "--filter", "name=gateway-calls-tools").split()[0]

    def without_for_a_while() -> bool:
        time.sleep(10)
        docker("network", "connect", "--alias", "tools", network, tools)
        return True

    def ask(number: int) -> Asked:
        if number % 15:
            return "/notes", {"text": f"note {number}"}
        return "/chat", {"message": "What is 17 * 23?", "session_id": f"pulled-{number}"}

    def pull() -> None:
        docker("network", "disconnect", network, tools)

    measured = under_load(machine, pull, without_for_a_while, 60, ask)
    _note("the network of one service is pulled for ten seconds", measured)
    assert not [one for one in measured.report.sent if one.body and "id" in one.body and not one.good]
    assert measured.answered_seconds < 30
    answer = machine.ask("/chat", {"message": "What is 17 * 23?", "session_id": "after"})
    assert "391" in answer.body["answer"]
    assert not lost(machine, measured.report)


def _note(what: str, measured: Measured) -> None:
    note(what, measured.report.told(), measured.answered_seconds, measured.whole_seconds)


def _cache(server: str, script: str) -> str:
    """What the cache says to a script that is run FILLS times, by its own password; errors included."""
    loop = (
        'export REDISCLI_AUTH="$(cat /etc/agent-platform/password)"; '
        f"for n in $(seq {FILLS}); do "
        'redis-cli --tls --cacert /etc/agent-platform/ca.pem -h cache EVAL "$1" 0 "$n" 2>&1 || true; done'
    )
    return docker("exec", server, "sh", "-c", loop, "sh", script)
