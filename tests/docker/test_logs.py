"""Logs of a Docker host: which lines the store takes, the log of the router, and the searches in a real VictoriaLogs."""

import json
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from automation.plan.inventory import Inventory
from providers.contract.haproxy.admission import admission
from providers.contract.haproxy.request_log import log_format, recorded_values
from providers.contract.log_searches import PLACEHOLDER, LogSearch
from providers.docker.monitoring.log_searches import QUERIES
from providers.docker.observability.log_store import store_options
from tests.docker.plans import container, containers, files, settings
from tests.docker.specs import adjustments, spec_of
from tests.docker.test_entry import answered
from tests.planning import plan, production

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
STORED = {"services/gateway", "services/chat", "services/worker", "entry/router"}


def names(inventory: Inventory) -> set[str]:
    """Names in the log store of the containers whose lines it takes."""
    options = [found.inputs["logOpts"] for found in containers(inventory) if found.inputs["logDriver"] == "syslog"]
    return {str(each["tag"]).removesuffix("/{{.ID}}") for each in options if isinstance(each, Mapping)}


def test_the_store_takes_the_lines_of_services_and_entry(prod: Inventory) -> None:
    assert names(prod) == STORED


def test_the_store_takes_the_lines_of_jobs_and_release_commands() -> None:
    changes = {
        "jobs.nightly": {"service": "worker", "schedule": "0 3 * * *", "command": ["report"]},
        "services.gateway.release": {"command": ["migrate"]},
    }
    found = plan(production(changes, cloud="docker")).of_type("docker:Container")
    tags = {str(each.inputs["logOpts"]["tag"]) for each in found if each.inputs.get("logDriver") == "syslog"}  # type: ignore[index]
    assert {"jobs/nightly/{{.ID}}"} < tags
    assert len([tag for tag in tags if tag.startswith("jobs/")]) == 2


def test_lines_are_sent_to_the_store_and_to_no_other_address(prod: Inventory) -> None:
    store = container(prod, "monitoring-log-store")
    attached = {str(each["name"]): each.get("ipv4Address") for each in settings(store, "networksAdvanced")}
    (address,) = [ip for name, ip in attached.items() if "network-logs" in name]
    for found in containers(prod):
        if found.inputs["logDriver"] == "syslog":
            assert found.inputs["logOpts"]["syslog-address"] == f"udp://{address}:5514"  # type: ignore[index]
    assert store.inputs.get("ports") is None


def test_no_other_container_is_in_the_network_of_the_host_and_it_has_no_way_out(prod: Inventory) -> None:
    attached = [
        found.name
        for found in containers(prod)
        for each in settings(found, "networksAdvanced")
        if "prod-network-logs>" in str(each["name"])
    ]
    assert attached == ["prod-monitoring-log-store"]
    network = prod.one("prod-network-logs", "docker:Network")
    assert network.inputs["options"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}


@pytest.mark.parametrize("days", [7, 90, 731])
def test_the_store_keeps_lines_for_the_days_of_the_setting_and_a_fixed_size(days: int) -> None:
    options = store_options(spec_of({"monitoring.log_retention_days": days}), "10.0.0.4", "10.0.1.2")
    assert f"-retentionPeriod={days}d" in options
    assert "-retention.maxDiskSpaceUsageBytes=10GiB" in options
    assert "-storage.minFreeDiskSpaceBytes=1GiB" in options
    assert "-httpListenAddr=10.0.0.4:9428" in options


def test_without_dashboards_no_store_runs_and_the_plan_says_so() -> None:
    inventory = plan(production({"monitoring.dashboards": False}, cloud="docker"))
    assert names(inventory) == set()
    assert not [found for found in containers(inventory) if "log-store" in found.name]
    (adjustment,) = adjustments({"monitoring.dashboards": False})["monitoring.log_retention_days"]
    assert "no log store" in adjustment.reason


def test_grafana_leads_from_a_span_to_its_lines_and_from_a_line_to_its_trace() -> None:
    inventory = plan(production({"monitoring.tracing": {}}, cloud="docker"))
    document = json.loads(files(inventory, "monitoring-grafana")["prometheus.yaml"])
    sources = {each["name"]: each for each in document["datasources"]}
    to_trace = sources["Logs"]["jsonData"]["derivedFields"][0]
    assert re.findall(to_trace["matcherRegex"], json.dumps({"trace_id": TRACE})) == [TRACE]
    assert to_trace["datasourceUid"] == sources["Tempo"]["uid"]
    to_lines = sources["Tempo"]["jsonData"]["tracesToLogsV2"]
    assert (to_lines["datasourceUid"], to_lines["query"]) == (sources["Logs"]["uid"], '"$${__trace.traceId}"')


NEEDS_HAPROXY = pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")


@contextmanager
def routing(folder: Path, changes: Mapping[str, object]) -> Generator[tuple[int, Path]]:
    """HAProxy with the log and the admission of the router; its port, and the file of its log."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    rules = [*recorded_values(), log_format(), *admission(spec_of(changes)), "http-request return status 200"]
    tables = ["backend clients", "stick-table type ip size 1k expire 60s store http_req_rate(60s)"]
    lines = ["global", "log stdout format raw local0 info", "defaults", "mode http", "log global", "timeout client 5s",
             "timeout server 5s", "timeout connect 1s", "frontend https", f"bind 127.0.0.1:{port}", *rules, *tables, ""]  # fmt: skip
    file, log = folder / "haproxy.cfg", folder / "log"
    file.write_text("\n".join(lines), encoding="utf-8")
    checked = subprocess.run(["haproxy", "-c", "-f", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with log.open("w") as output, subprocess.Popen(["haproxy", "-db", "-f", file], stdout=output) as process:
        try:
            yield port, log
        finally:
            # a connection is logged at its end, for which only a soft stop waits
            process.send_signal(signal.SIGUSR1)


def logged(log: Path) -> list[dict[str, Any]]:
    """Requests in the log, without those that wait for the start; a soft stop adds a line about each proxy."""
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if not line.startswith("Proxy ")]
    return [line for line in map(json.loads, lines) if line["path"] != "/"]


def requested(port: int, path: str, headers: Mapping[str, str]) -> int:
    connection = answered(port)
    connection.request("GET", path, headers=dict(headers))
    status = connection.getresponse().status
    connection.close()
    return status


@NEEDS_HAPROXY
def test_the_router_logs_requests_as_json_without_queries_and_keys(tmp_path: Path) -> None:
    headers = {
        "Authorization": "Bearer of-a-client", "Cookie": "session=of-a-client", "X-Api-Key": "of-a-client",
        "X-Request-ID": 'req-1","status":"999', "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
    }  # fmt: skip
    risks = ("ingress.waf.mode", "database.high_availability", "cache.high_availability")
    counted = {"ingress.waf": {"mode": "count"}, "accept_risk": dict.fromkeys(risks, "a test")}
    with routing(tmp_path, counted) as (port, log):
        assert requested(port, "/agents/a%22b?api_key=of-a-client", headers) == 200
        assert requested(port, "/.git/config?token=of-a-client", {}) == 200
    assert "of-a-client" not in log.read_text(encoding="utf-8")
    first, second = logged(log)
    assert {key: first[key] for key in ("severity", "service", "method", "path", "status", "trace_id", "request_id")} == {
        "severity": "INFO", "service": "entry", "method": "GET", "path": "/agents/a%22b", "status": 200,
        "trace_id": TRACE, "request_id": headers["X-Request-ID"],
    }  # fmt: skip
    assert isinstance(first["duration_ms"], int)
    # HAProxy writes an absent value as a hyphen, and a column for each rule that may be captured
    assert (second["rules"].strip("{|}"), second["trace_id"], len(second["request_id"])) == (
        "waf:hidden-files",
        "-",
        36,
    )


@NEEDS_HAPROXY
def test_a_denied_request_is_in_the_log_with_its_state(tmp_path: Path) -> None:
    with routing(tmp_path, {"ingress.waf": {"mode": "block"}}) as (port, log):
        assert requested(port, "/.git/config", {}) == 403
    (line,) = logged(log)
    assert (line["status"], line["termination"][:2]) == (403, "PR")


@contextmanager
def log_store(folder: Path) -> Generator[tuple[int, int]]:
    """VictoriaLogs with the declared options; its ports of queries and of syslog."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = first.getsockname()[1], second.getsockname()[1]
    replaced = {"/victoria-logs-data": str(folder / "data"), "9428": str(ports[0]), "5514": str(ports[1])}
    options = store_options(spec_of(), "127.0.0.1", "127.0.0.1")
    for old, new in replaced.items():
        options = [option.replace(old, new) for option in options]
    options.append("-inmemoryDataFlushInterval=1s")
    with subprocess.Popen(["victoria-logs", *options], stderr=subprocess.DEVNULL) as process:
        try:
            yield ports
        finally:
            process.terminate()


def sent(port: int, tag: str, line: str) -> None:
    """Send a line as Docker's log driver does in the format rfc5424micro."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000001Z", time.gmtime())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(f"<30>1 {stamp} host {tag} 1 {tag} - {line}\n".encode(), ("127.0.0.1", port))


def found(port: int, search: LogSearch, value: str = "") -> list[str]:
    """Texts of the lines that a search finds; a query with an error has the status 400."""
    query = urllib.parse.urlencode({"query": QUERIES[search].replace(PLACEHOLDER, value or PLACEHOLDER)})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/select/logsql/query?{query}", timeout=10) as answer:
        return sorted(json.loads(line)["_msg"] for line in answer.read().decode().splitlines())


@pytest.mark.long(reason="starts a VictoriaLogs")
@pytest.mark.skipif(shutil.which("victoria-logs") is None, reason="victoria-logs is not on PATH")
def test_every_search_finds_its_lines(tmp_path: Path) -> None:
    failed = json.dumps({"severity": "ERROR", "service": "gateway", "message": "no", "trace_id": TRACE})
    quiet = json.dumps({"severity": "INFO", "service": "gateway", "message": "no ERROR", "request_id": "req-2"})
    served = json.dumps({"service": "entry", "path": "/", "status": 200, "termination": "----", "trace_id": TRACE})
    denied = json.dumps({"service": "entry", "path": "/.git", "status": 403, "termination": "PR--", "trace_id": ""})
    stack = "Traceback (most recent call last):"
    lines = {"services/gateway/1": [failed, quiet], "jobs/nightly/2": [stack], "entry/router/3": [served, denied]}
    expected = {
        LogSearch.ERRORS: [failed, stack],
        LogSearch.LINES: [failed, quiet, stack],
        LogSearch.ENTRY: [served, denied],
        LogSearch.BLOCKED: [denied],
    }
    with log_store(tmp_path) as (queries, syslog):
        answered(queries)
        for tag, texts in lines.items():
            for text in texts:
                sent(syslog, tag, text)
        deadline = time.monotonic() + 20
        while len(found(queries, LogSearch.LINES)) < 3 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert {search: found(queries, search) for search in expected} == {k: sorted(v) for k, v in expected.items()}
        assert found(queries, LogSearch.REQUEST, TRACE) == sorted([failed, served])
