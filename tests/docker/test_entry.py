"""Configuration of the entry: the lines that users rely on, and HAProxy's own check of the file."""

import os
import re
import shutil
import socket
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory, Secret
from providers.contract.haproxy.admission import DECODED_PATH
from providers.docker.entry.haproxy import configuration, proxy_configuration
from providers.docker.entry.split import map_text
from tests.docker.plans import aliases, command, container, files, secret_file, settings, words
from tests.docker.specs import adjustments, context_of
from tests.planning import DROP, plan, production

ACCEPTED = ("ingress.waf.mode", "database.high_availability", "cache.high_availability")
ADDRESSES = {"ENTRY_ADDRESS": "127.0.0.1", "METRICS_ADDRESS": "127.0.0.2", "STARTED": "1"}
"""Variables that the script of the entry sets."""


def section(head: str, **changes: object) -> list[str]:
    """Lines of one section of the file; two underscores in the name of a change are a dot."""
    context = context_of({path.replace("__", "."): value for path, value in changes.items()})
    text = f"{configuration(context)}\n{proxy_configuration(context)}"
    # the proxy's file comes last and has sections of the same name
    body = next(part for part in text.split("\n\n") if part.strip().splitlines()[0] == head)
    return [line.strip() for line in body.strip().splitlines()[1:]]


def test_one_port_accepts_https_and_http() -> None:
    frontend = section("frontend connections")
    assert "use_backend to-https if { req.ssl_hello_type 1 }" in frontend
    assert frontend[-1] == "default_backend to-plain"


def test_http_is_redirected_to_https_on_the_port_of_the_entry() -> None:
    frontend = section("frontend plain", docker={"entry_port": 8443})
    assert "http-request redirect code 308 location https://%[hdr(host),field(1,:)]:8443%[capture.req.uri]" in frontend


def test_an_entry_on_port_443_also_publishes_port_80(prod: Inventory) -> None:
    assert {"bind :8443", "bind :8080"} <= set(section("frontend port", docker={"entry_port": 443}))
    assert "bind :8080" not in section("frontend port", docker={"entry_port": 8443})
    ports = {(port["internal"], port["external"]) for port in settings(container(prod, "entry-proxy"), "ports")}
    assert ports == {(8443, 443), (8080, 80)}


@pytest.mark.parametrize(("block", "address"), [({}, "127.0.0.1"), ({"bind": "192.0.2.7"}, "192.0.2.7")])
def test_the_entry_listens_on_the_loopback_address_or_the_one_of_the_spec(
    block: dict[str, object], address: str
) -> None:
    entry = container(plan(production({"docker": block}, cloud="docker")), "entry-proxy")
    assert {port["ip"] for port in settings(entry, "ports")} == {address}


def test_a_domain_name_on_the_loopback_address_is_recorded() -> None:
    (closed_entry,) = adjustments()["ingress.domain"]
    assert "on 127.0.0.1 only; docker.bind: 0.0.0.0 opens it" in closed_entry.reason
    (open_entry,) = adjustments({"docker": {"bind": "0.0.0.0"}})["ingress.domain"]  # noqa: S104  # a setting
    assert "127.0.0.1" not in open_entry.reason


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


def test_closed_paths_are_not_found() -> None:
    assert closed() == ["/docs", "/metrics", "/openapi.json", "/redoc"]
    changes = {"services__gateway__closed_paths": ["/internal"], "services__gateway__metrics": {"path": "/m#1"}}
    assert closed(**changes) == ["/internal", r"/m\#1"]
    assert closed(services__gateway__closed_paths=[]) == []


def test_streamlit_has_session_affinity() -> None:
    changes = {"services__gateway__app": "streamlit", "services__gateway__port": DROP, "profile": "staging"}
    backend = section("backend gateway", **changes)
    assert "cookie COPY insert indirect nocache httponly secure dynamic" in backend
    assert "dynamic-cookie-key copy" not in section("backend gateway")


def test_the_proxy_reads_its_configuration_and_certificate(prod: Inventory) -> None:
    proxy = container(prod, "entry-proxy")
    assert command(proxy)[-2:] == ["-f", "/etc/agent-platform/haproxy.cfg"]
    assert words(container(prod, "entry-router"), "entrypoints") == ["/bin/sh", "/etc/agent-platform/entry.sh"]
    assert "LocallySignedCert prod-keys-entry-certificate" in files(prod, "entry-router")["entry.pem"]


def test_a_new_service_changes_the_router_and_not_the_proxy(prod: Inventory) -> None:
    image = "extra@sha256:" + "7" * 64
    more = {"services.extra": {"app": "fastapi", "image": image, "path": "/x", "replicas": {"min": 2, "max": 2}}}
    keys = ("ingress.auth", "database.high_availability", "cache.high_availability")
    accepted = {"accept_risk": dict.fromkeys(keys, "one host in a private network")}
    extended = plan(production({**more, **accepted}, cloud="docker"))
    parts = ("entry-proxy", "entry-proxy-files", "entry-router", "entry-router-files", "compute-gateway-1")
    changed = {part for part in parts if container(prod, part).inputs != container(extended, part).inputs}
    assert changed == {"entry-router", "entry-router-files"}


def test_a_new_router_is_ready_before_the_old_one_ends(prod: Inventory) -> None:
    router, proxy = container(prod, "entry-router"), container(prod, "entry-proxy")
    assert (router.inputs["wait"], router.inputs["stopSignal"]) == (True, "SIGUSR1")
    assert not router.inputs.get("ports")
    assert not [one for one in settings(router, "networksAdvanced") if one.get("ipv4Address")]
    assert "router" in aliases(router) and "router" not in aliases(proxy)


def test_a_router_is_ready_when_every_public_service_has_a_replica_or_after_a_minute() -> None:
    metrics = section("frontend metrics")
    assert {'acl starting "date,sub(${STARTED})" lt 60', "acl without_replica nbsrv(gateway) lt 1"} < set(metrics)
    assert "http-request return status 503 if { path /ready } starting without_replica" in metrics


def test_the_router_listens_in_the_networks_of_proxy_and_prometheus_only() -> None:
    binds = [line for line in configuration(context_of()).splitlines() if line.strip().startswith("bind")]
    addresses = {re.sub(r'^ *bind "?([^:" ]+).*', r"\1", line) for line in binds}
    assert addresses == {"${ENTRY_ADDRESS}", "${METRICS_ADDRESS}", "127.0.0.1", "abns@plain", "abns@https"}


def test_the_proxy_states_the_address_of_the_client() -> None:
    assert "send-proxy-v2" in section("backend routers")[-1]
    assert section("frontend connections")[0].endswith("accept-proxy")


def test_the_proxy_tries_a_router_when_none_has_passed_its_check() -> None:
    """On a busy host checks of a router that works are too late."""
    assert section("frontend port")[-2:] == [
        "use_backend routers-unchecked if { nbsrv(routers) lt 1 }",
        "default_backend routers",
    ]
    (unchecked,) = section("backend routers-unchecked")
    assert " check " not in unchecked and "send-proxy-v2" in unchecked


def test_the_private_key_is_a_secret_file(prod: Inventory) -> None:
    assert isinstance(secret_file(prod, "entry-router", "entry.pem"), Secret)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"docker.entry_port": 8443},
        {"ingress.allowed_cidrs": ["198.51.100.0/24"]},
        {"services.gateway.path": "/agents"},
        {"ingress.rate_limit": {"per_key": 120, "paths": [{"prefix": "/agents", "per_address": 30}]}},
        {"ingress.waf": {"mode": "count"}, "accept_risk": {**dict.fromkeys(ACCEPTED, "one host in a private network")}},
        {"services.gateway.rollout": {"strategy": "canary"}},
        {"services.gateway.path": "/agents", "services.gateway.rollout": {"strategy": "blue_green"}},
    ],
    ids=str,
)
def test_haproxy_accepts_the_file_without_a_warning(tmp_path: Path, changes: dict[str, object]) -> None:
    context = context_of(changes)
    # generated here, because the repository contains no private keys
    arguments = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost")
    subprocess.run(
        ["openssl", *arguments, "-keyout", tmp_path / "k", "-out", tmp_path / "c"], check=True, capture_output=True
    )
    (tmp_path / "entry.pem").write_text((tmp_path / "c").read_text() + (tmp_path / "k").read_text(), encoding="utf-8")
    (tmp_path / "rollout.map").write_text(map_text(["gateway"]), encoding="utf-8")
    for text in (configuration(context), proxy_configuration(context)):
        file = tmp_path / "haproxy.cfg"
        file.write_text(text.replace("/etc/agent-platform", str(tmp_path)), encoding="utf-8")
        result = subprocess.run(
            ["haproxy", "-c", "-f", file], capture_output=True, text=True, check=False, env={**os.environ, **ADDRESSES}
        )
        assert result.returncode == 0, result.stderr
        assert not re.search("warning", result.stderr, re.IGNORECASE), result.stderr


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://agents.test:8443/page/", "https://agents.test:8443/page/"),
        ("http://other.test/page/", "http://other.test/page/"),
        ("/page/", "/page/"),
        ("https://agents.test:8443/", "https://agents.test:8443/"),
    ],
)
def test_a_redirect_of_a_service_to_its_own_host_keeps_https(tmp_path: Path, location: str, expected: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    rules = "\n".join(line for line in section("frontend https") if "location" in line.lower() or "txn.host" in line)
    backend = f"http-request return status 307 hdr Location {location}"
    listen = f"defaults\nmode http\ntimeout client 5s\ntimeout server 5s\ntimeout connect 1s\nfrontend of\nbind 127.0.0.1:{port}\n"
    answer = f"backend app\nserver own abns@app{port}\nfrontend app\nbind abns@app{port}\n{backend}\n"
    (tmp_path / "haproxy.cfg").write_text(f"{listen}{rules}\ndefault_backend app\n{answer}", encoding="utf-8")
    with subprocess.Popen(["haproxy", "-db", "-f", tmp_path / "haproxy.cfg"], stderr=subprocess.DEVNULL) as process:
        try:
            connection = answered(port)
            connection.request("GET", "/page", headers={"Host": "agents.test:8443"})
            assert connection.getresponse().headers["location"] == expected
        finally:
            process.terminate()


def answered(port: int) -> HTTPConnection:
    """Connection to a server that is just starting."""
    deadline = time.monotonic() + 10
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.connect()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return connection
