"""Rules of the entry that decide whether a request is forwarded: their lines, and HAProxy's answers to requests."""

import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from providers.contract.haproxy.admission import WAF_RULES, admission, closing_rules, rate_tables
from providers.contract.prometheus import ENTRY_FRONTEND, ENTRY_METRICS
from providers.contract.spec import Waf
from providers.docker.entry.haproxy import configuration
from providers.docker.entry.limits import entry_refusals
from tests.docker.specs import context_of
from tests.docker.test_entry import answered, section
from tests.waf.replay import request
from tests.waf.traffic import RUNS, attacks_outside_bodies, prompts, send


def test_a_client_address_is_counted_over_a_minute() -> None:
    assert section("backend clients") == ["stick-table type ip size 100000 expire 120s store http_req_rate(60s)"]
    limited = section("frontend https", ingress__rate_limit={"per_address": 77})
    assert f"{TOO_MANY} {{ sc_http_req_rate(0) gt 77 }}" in limited
    assert "table keys" not in " ".join(limited) and "table paths" not in " ".join(limited)


TOO_MANY = 'http-request return status 429 hdr Retry-After "60" if'
LIMITS: dict[str, object] = {
    "per_address": 300,
    "per_key": 120,
    "paths": [{"prefix": "/agents", "per_address": 30}, {"prefix": "/teams", "per_address": 60}],
}


def test_keys_and_paths_are_counted_beside_addresses() -> None:
    limited = section("frontend https", ingress__rate_limit=LIMITS)
    counters = ("track-sc0", "track-sc1", "track-sc2", "return status 429")
    assert [line for line in limited if any(each in line for each in counters)] == [
        "http-request track-sc0 src table clients",
        f"{TOO_MANY} {{ sc_http_req_rate(0) gt 300 }}",
        "http-request track-sc1 req.hdr(authorization),sha2(256),hex table keys if { req.hdr(authorization) -m found }",
        f"{TOO_MANY} {{ sc_http_req_rate(1) gt 120 }}",
        "http-request track-sc2 src,concat(/,txn.limit) table paths if { var(txn.limit) -m found }",
        f"{TOO_MANY} {{ var(txn.limit) -m int 0 }} {{ sc_http_req_rate(2) gt 30 }}",
        f"{TOO_MANY} {{ var(txn.limit) -m int 1 }} {{ sc_http_req_rate(2) gt 60 }}",
    ]
    table = ["stick-table type string len 64 size 100000 expire 120s store http_req_rate(60s)"]
    assert [section(f"backend {name}", ingress__rate_limit=LIMITS) for name in ("keys", "paths")] == [table, table]


class Requests:
    """Requests to a HAProxy with the rules of admission, which answers 200 to what these let through."""

    def __init__(self, port: int, metrics_port: int) -> None:
        self.port, self.metrics_port = port, metrics_port

    def series(self, name: str) -> float:
        """Value of a series of the frontend that has the rules, as Prometheus scrapes it."""
        connection = answered(self.metrics_port)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        (value,) = [line.rpartition(" ")[2] for line in lines if line.startswith(f'{name}{{proxy="https"}}')]
        return float(value)

    def statuses(self, count: int, path: str = "/", **headers: str) -> list[int]:
        """Statuses of `count` equal requests from one address; a rejected one says how long to wait."""
        found: list[int] = []
        for _ in range(count):
            connection = answered(self.port)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            assert answer.headers["retry-after"] == ("60" if answer.status == 429 else None)
            found.append(answer.status)
            connection.close()
        return found


@contextmanager
def admitting(folder: Path, changes: dict[str, object]) -> Generator[Requests]:
    """HAProxy with the rules of admission and the tables of a specification."""
    with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as other:
        port, metrics_port = free.getsockname()[1], other.getsockname()[1]
    spec = context_of(changes).spec
    rules = [*admission(spec), *closing_rules(spec), "http-request return status 200"]
    tables = [line for table in rate_tables(spec) for line in table]
    lines = ["defaults", "mode http", "timeout client 5s", "timeout server 5s", "timeout connect 1s", *tables]
    file = folder / "haproxy.cfg"
    frontend = ["frontend https", f"bind 127.0.0.1:{port}", *rules]
    exporter = ["frontend metrics", f"bind 127.0.0.1:{metrics_port}", "http-request use-service prometheus-exporter"]
    file.write_text("\n".join([*lines, *frontend, *exporter, ""]), encoding="utf-8")
    with subprocess.Popen(["haproxy", "-db", "-f", file], stderr=subprocess.DEVNULL) as process:
        try:
            yield Requests(port, metrics_port)
        finally:
            process.terminate()


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
def test_each_limit_rejects_what_exceeds_it_and_nothing_else(tmp_path: Path) -> None:
    paths = [{"prefix": "/agents", "per_address": 11}, {"prefix": "/teams", "per_address": 12}]
    limits: dict[str, object] = {"per_address": 80, "per_key": 10, "paths": paths}
    with admitting(tmp_path, {"ingress.rate_limit": limits}) as requests:
        assert requests.statuses(11, "/", authorization="Bearer a") == [200] * 10 + [429]
        assert requests.statuses(11, "/", authorization="Bearer b") == [200] * 10 + [429]
        assert requests.statuses(12, "/agents/x") == [200] * 11 + [429]
        assert requests.statuses(13, "//%74eams") == [200] * 12 + [429]
        assert requests.statuses(2, "/agentsmith") == [200] * 2
        assert requests.statuses(32) == [200] * 31 + [429], "11 + 11 + 12 + 13 + 2 requests came before"


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
def test_closed_paths_are_not_found_in_any_spelling(tmp_path: Path) -> None:
    with admitting(tmp_path, {}) as requests:
        for path in ("/docs", "/docs/", "//docs", "/%64ocs", "/docs/oauth2-redirect", "/openapi.json", "/metrics?x"):
            assert requests.statuses(1, path) == [404], path
        for path in ("/docsearch", "/v1/docs", "/health", "/?next=/docs"):
            assert requests.statuses(1, path) == [200], path


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
def test_the_alarm_on_blocked_requests_counts_denied_ones_and_no_other_answer(tmp_path: Path) -> None:
    denied, requested = ENTRY_METRICS
    assert 'proxy="https"' in ENTRY_FRONTEND
    with admitting(tmp_path, {"ingress.rate_limit": {"per_address": 12}}) as requests:
        assert requests.statuses(3, "/?q=union+select") == [403] * 3
        assert requests.statuses(1, **{"user-agent": "sqlmap/1.8"}) == [403]
        assert requests.statuses(2, "/docs") == [404] * 2
        assert requests.statuses(8) == [200] * 6 + [429] * 2
        assert (requests.series(denied), requests.series(requested)) == (4, 14)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
def test_attacks_outside_of_bodies_are_denied_and_prompts_are_not(tmp_path: Path) -> None:
    with admitting(tmp_path, {"ingress.rate_limit": {"per_address": 10_000}}) as requests:
        attacks = [(sent.target, send(answered(requests.port), sent)) for sent in attacks_outside_bodies()]
        assert [target for target, status in attacks if status != 403] == []
        found = {send(answered(requests.port), sent) for sent in prompts(RUNS)}
        assert found == {200}
        ordinary = (
            "/?q=cats+and+dogs",
            "/search?q=select+a+union",
            "/?a=1;b=2&or=1",
            "/?path=a/../b",
            "/?q=on=1",
            "/?t=%3Cb%3E",
        )
        assert [send(answered(requests.port), request(target)) for target in ordinary] == [200] * len(ordinary)


def test_addresses_outside_the_allowed_ranges_are_denied_before_they_are_counted() -> None:
    frontend = section("frontend https", ingress__allowed_cidrs=["198.51.100.0/24", "203.0.113.0/24"])
    denial = "http-request deny deny_status 403 unless { src 198.51.100.0/24 203.0.113.0/24 }"
    assert frontend.index(denial) < frontend.index("http-request track-sc0 src table clients")
    assert "unless { src" not in " ".join(section("frontend https"))


def test_without_the_waf_there_are_no_waf_rules() -> None:
    assert all(condition in " ".join(section("frontend https")) for _, condition in WAF_RULES)
    keys = ("ingress.waf", "database.high_availability", "cache.high_availability")
    accepted = dict.fromkeys(keys, "one host in a private network")
    text = configuration(context_of({"ingress.waf": False, "accept_risk": accepted}))
    assert not [name for name, condition in WAF_RULES if condition in text]


def test_rules_are_counted_in_the_log_or_left_out() -> None:
    waf = {"mode": "count", "exclude_rules": ["path-traversal"]}
    keys = ("ingress.waf.mode", "database.high_availability", "cache.high_availability")
    accepted = dict.fromkeys(keys, "one host in a private network")
    frontend = section("frontend https", ingress__waf=waf, accept_risk=accepted)
    counted = [line for line in frontend if line.startswith("http-request capture str(waf:")]
    assert len(counted) == len(WAF_RULES) - 1 and not any("path-traversal" in line for line in counted)
    assert not any("deny_status 403" in line for line in frontend)


def test_a_rule_that_the_entry_does_not_have_cannot_be_excluded() -> None:
    spec = context_of({"ingress.waf": {"exclude_rules": ["path-traversal"]}}).spec
    assert entry_refusals(spec, "prod") == []
    other = spec.ingress.model_copy(update={"waf": Waf(exclude_rules=("SQLi_BODY",))})
    (refusal,) = entry_refusals(spec.model_copy(update={"ingress": other}), "prod")
    assert refusal.key == "ingress.waf.exclude_rules" and "path-traversal" in refusal.fix
