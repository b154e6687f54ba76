"""Configuration of the entry: the lines that users rely on, and HAProxy's own check of the file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory, Secret
from providers.docker.entry.haproxy import DECODED_PATH, WAF_RULES, configuration
from tests.docker.plans import command, container, files, secret_file, settings
from tests.docker.specs import context_of
from tests.planning import DROP


def section(head: str, **changes: object) -> list[str]:
    """Lines of one section of the file; two underscores in the name of a change are a dot."""
    text = configuration(context_of({path.replace("__", "."): value for path, value in changes.items()}))
    (body,) = [part for part in text.split("\n\n") if part.splitlines()[0] == head]
    return [line.strip() for line in body.splitlines()[1:]]


def test_one_port_accepts_https_and_http() -> None:
    frontend = section("frontend door")
    assert "use_backend to-https if { req.ssl_hello_type 1 }" in frontend
    assert frontend[-1] == "default_backend to-plain"


def test_http_is_redirected_to_https_on_the_port_of_the_entry() -> None:
    frontend = section("frontend plain", docker={"entry_port": 8443})
    assert "http-request redirect code 308 location https://%[hdr(host),field(1,:)]:8443%[capture.req.uri]" in frontend


def test_an_entry_on_port_443_also_publishes_port_80(prod: Inventory) -> None:
    assert "bind :8080" in section("frontend plain")
    ports = {(port["internal"], port["external"]) for port in settings(container(prod, "entry-proxy"), "ports")}
    assert ports == {(8443, 443), (8080, 80)}


def test_health_checks_have_the_numbers_of_the_spec() -> None:
    health = {
        "path": "/ready",
        "interval_seconds": 7,
        "timeout_seconds": 3,
        "healthy_threshold": 4,
        "unhealthy_threshold": 5,
    }
    backend = section("backend gateway", services__gateway__health=health)
    assert "http-check send meth GET uri /ready hdr Host gateway" in backend
    assert "timeout check 3s" in backend
    assert "check inter 7s fall 5 rise 4" in backend[-1]


def test_a_replica_that_refuses_a_connection_is_marked_down_at_once() -> None:
    backend = section("backend gateway", services__gateway__replicas={"min": 5, "max": 5})
    assert "observe layer4 error-limit 1 on-error mark-down" in backend[-1]
    assert "fastinter 1s downinter 1s" in backend[-1]
    assert "retries 5" in backend


def test_there_is_a_slot_for_a_new_replica_beside_each_old_one() -> None:
    assert section("backend gateway")[-1].startswith("server-template gateway- 6 gateway:7777 ")


def test_replicas_are_discovered_by_dns_and_dropped_within_a_second() -> None:
    assert "nameserver dns 127.0.0.11:53" in section("resolvers docker")
    assert "hold obsolete 1s" in section("resolvers docker")


def test_a_request_is_retried_only_when_none_of_it_was_sent() -> None:
    defaults = section("defaults")
    assert [line for line in defaults if line.startswith("retry-on")] == ["retry-on conn-failure"]
    assert "option redispatch 1" in defaults


def test_connections_to_replicas_are_not_reused() -> None:
    assert "http-reuse never" in section("defaults")


def test_an_idle_connection_is_closed_after_the_time_of_the_spec() -> None:
    defaults = section("defaults", ingress__idle_timeout_seconds=300)
    assert {f"timeout {side} 300s" for side in ("client", "server", "tunnel")} <= set(defaults)


def test_answers_are_streamed() -> None:
    assert "option http-no-delay" in section("backend gateway")
    assert "http-buffer" not in configuration(context_of())


def test_a_client_address_is_counted_over_a_minute() -> None:
    assert section("backend clients") == ["stick-table type ip size 100000 expire 120s store http_req_rate(60s)"]
    limited = section("frontend https", ingress__rate_limit_per_minute=77)
    assert 'http-request return status 429 hdr Retry-After "60" if { sc_http_req_rate(0) gt 77 }' in limited


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


def test_the_longest_path_is_matched_first() -> None:
    routes = section(
        "frontend https",
        profile="staging",
        services__chat__path="/api/chat",
        services__worker__app="fastapi",
        services__worker__path="/api",
    )
    rules = [line for line in routes if line.startswith(("use_backend", "default_backend"))]
    assert rules == [
        "use_backend chat if { path /api/chat } or { path_beg /api/chat/ }",
        "use_backend worker if { path /api } or { path_beg /api/ }",
        "default_backend gateway",
    ]


def test_a_path_without_a_service_is_answered_with_404() -> None:
    routes = section("frontend https", services__gateway__path="/agents")
    assert routes[-2] == "http-request return status 404 unless { path /agents } or { path_beg /agents/ }"


def closed(**changes: object) -> list[str]:
    """Paths that the entry answers with 404, with everything below them."""
    prefix = f"http-request return status 404 if {{ {DECODED_PATH} -m str "
    lines = [line for line in section("frontend https", **changes) if line.startswith(prefix)]
    paths = [line.removeprefix(prefix).partition(" ")[0] for line in lines]
    assert lines == [f"{prefix}{path} }} or {{ {DECODED_PATH} -m beg {path}/ }}" for path in paths]
    return paths


def test_metrics_of_services_are_not_public() -> None:
    assert closed() == ["/metrics"]
    assert closed(services__gateway__metrics={"path": "/internal/m#1"}) == [r"/internal/m\#1"]


def test_a_path_is_open_when_no_metrics_are_at_the_port_of_the_service() -> None:
    assert closed(services__gateway__metrics="none") == []
    assert closed(services__gateway__metrics={"port": 9100}) == []


def test_streamlit_has_session_affinity() -> None:
    changes = {"services__gateway__app": "streamlit", "services__gateway__port": DROP, "profile": "staging"}
    backend = section("backend gateway", **changes)
    assert "cookie COPY insert indirect nocache httponly secure dynamic" in backend
    assert "dynamic-cookie-key copy" not in section("backend gateway")


def test_the_proxy_reads_its_configuration_and_certificate(prod: Inventory) -> None:
    proxy = container(prod, "entry-proxy")
    assert command(proxy)[-2:] == ["-f", "/etc/agent-platform/haproxy.cfg"]
    assert "LocallySignedCert prod-keys-entry-certificate" in files(prod, "entry-proxy")["entry.pem"]


def test_the_private_key_is_a_secret_file(prod: Inventory) -> None:
    assert isinstance(secret_file(prod, "entry-proxy", "entry.pem"), Secret)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"docker.entry_port": 8443},
        {"ingress.allowed_cidrs": ["198.51.100.0/24"]},
        {"services.gateway.path": "/agents"},
    ],
    ids=str,
)
def test_haproxy_accepts_the_file_without_a_warning(tmp_path: Path, changes: dict[str, object]) -> None:
    text = configuration(context_of(changes)).replace("/etc/agent-platform", str(tmp_path))
    # generated here, because the repository contains no private keys
    arguments = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost")
    subprocess.run(
        ["openssl", *arguments, "-keyout", tmp_path / "k", "-out", tmp_path / "c"], check=True, capture_output=True
    )
    (tmp_path / "entry.pem").write_text((tmp_path / "c").read_text() + (tmp_path / "k").read_text(), encoding="utf-8")
    (tmp_path / "haproxy.cfg").write_text(text, encoding="utf-8")
    result = subprocess.run(
        ["haproxy", "-c", "-f", tmp_path / "haproxy.cfg"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert not re.search("warning", result.stderr, re.IGNORECASE), result.stderr
