"""Proxies of listed hosts: who reaches them, at which address, and which connections HAProxy passes on."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory
from providers.docker.network.flows import dynamic_range, hosts_of_service, subnets
from providers.docker.network.host_proxies import proxy_file
from providers.docker.preflight.capacity import platform_memory_gib
from tests.docker.plans import container, containers, files, networks, settings
from tests.docker.specs import refusals, spec_of
from tests.planning import plan, production
from tests.ports import free_port

INTERFACE, DATABASE = {"host": "api.example.com"}, {"host": "db.example.com", "port": 5432}
NAMES: Mapping[str, object] = {
    "network.egress_control": "names",
    "services.gateway.egress": [INTERFACE, DATABASE],
    "services.worker.egress": [DATABASE],
}
NEEDS_HAPROXY = pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")


@cache
def named() -> Inventory:
    return plan(production(NAMES, cloud="docker"))


def hosts(name: str) -> dict[str, str]:
    """Lines of a container's /etc/hosts that the platform adds."""
    return {str(line["host"]): str(line["ip"]) for line in settings(container(named(), name), "hosts")}


def test_only_the_proxies_have_outbound_access() -> None:
    outside = {
        part.inputs["internal"]: part.name for part in named().of_type("docker:Network") if "outside" in part.name
    }
    assert not outside
    reaching = {each.name for each in containers(named()) if "hosts" in networks(each)}
    assert reaching == {"prod-compute-host-api.example.com", "prod-compute-host-db.example.com"}
    assert named().one("prod-network-hosts").inputs["internal"] is False


def test_a_service_reaches_the_proxies_of_its_hosts_alone() -> None:
    assert networks(container(named(), "compute-host-api.example.com")) == {"hosts", "gateway-inside"}
    assert networks(container(named(), "compute-host-db.example.com")) == {"hosts", "gateway-inside", "worker-inside"}
    assert set(hosts("compute-gateway-1")) == {"api.example.com", "db.example.com"}
    assert set(hosts("compute-worker-1")) == {"db.example.com"}
    assert not hosts("compute-chat-1")


def test_the_name_of_a_host_has_the_address_of_its_proxy() -> None:
    proxy = container(named(), "compute-host-db.example.com")
    addresses = {
        str(each["name"]).removeprefix("<docker:Network prod-network-").removesuffix(">.name"): each.get("ipv4Address")
        for each in settings(proxy, "networksAdvanced")
    }
    assert addresses["gateway-inside"] == hosts("compute-gateway-1")["db.example.com"]
    assert addresses["worker-inside"] == hosts("compute-worker-1")["db.example.com"]
    block = subnets(spec_of(NAMES))["gateway-inside"]
    assert all(
        IPv4Address(address) in block and IPv4Address(address) not in dynamic_range(block)
        for address in hosts("compute-gateway-1").values()
    )


def test_a_host_at_the_end_of_a_list_changes_no_other_address() -> None:
    before = hosts_of_service(spec_of(NAMES), "worker")
    after = hosts_of_service(spec_of({**NAMES, "services.worker.egress": [DATABASE, INTERFACE]}), "worker")
    assert {host: after[host] for host in before} == dict(before)


def test_a_replica_starts_after_the_proxies_of_its_hosts() -> None:
    depends_on = container(named(), "compute-worker-1").depends_on
    assert container(named(), "compute-host-db.example.com").urn in depends_on
    assert container(named(), "compute-host-api.example.com").urn not in depends_on


def test_without_names_nothing_is_added() -> None:
    before = plan(production(cloud="docker"))
    assert not [
        each.name for each in before.resources if "-compute-host-" in each.name or each.name == "prod-network-hosts"
    ]
    assert all("hosts" not in each.inputs for each in containers(before))


def test_the_proxies_count_in_the_memory_of_the_platform() -> None:
    assert platform_memory_gib(spec_of(NAMES)) - platform_memory_gib(spec_of()) == 2 * 0.0625


def test_more_hosts_than_addresses_are_refused() -> None:
    many = [{"host": f"h{number}.example.com"} for number in range(49)]
    (refusal,) = refusals({**NAMES, "services.worker.egress": many})
    assert refusal.key == "services.worker.egress" and refusal.problem.startswith("49 hosts exceed 48")
    assert not refusals({**NAMES, "services.worker.egress": many[:48]})


def test_the_file_is_that_of_the_container() -> None:
    assert files(named(), "compute-host-db.example.com")["haproxy.cfg"] == proxy_file(spec_of(NAMES), "db.example.com")


@NEEDS_HAPROXY
@pytest.mark.parametrize("host", ["api.example.com", "db.example.com"])
def test_haproxy_accepts_the_file_without_a_warning(tmp_path: Path, host: str) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(proxy_file(spec_of(NAMES), host), encoding="utf-8")
    checked = subprocess.run(["haproxy", "-c", "-f", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "WARNING" not in checked.stderr, checked.stderr


def answer_once(server: socket.socket) -> None:
    """Answer `passed` to what the first connection sends."""
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"passed")


@contextmanager
def relay(folder: Path, host: str, port: int) -> Generator[int]:
    """Run the proxy of a host on loopback, in front of a server that answers once; yields the port of the proxy."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=answer_once, args=(server,), daemon=True).start()
        listening, target = free_port(), server.getsockname()[1]
        text = proxy_file(spec_of(NAMES), host).replace(f"bind :{port}\n", f"bind 127.0.0.1:{listening}\n")
        text = text.replace(":8404\n", f":{free_port()}\n")
        text = re.sub(r"server host \S+ .*", f"server host 127.0.0.1:{target}", text)
        (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
        with subprocess.Popen(
            ["haproxy", "-db", "-f", folder / "haproxy.cfg"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                wait_for(listening)
                yield listening
            finally:
                process.kill()


def wait_for(port: int) -> None:
    """Wait until the kernel lists a listener at a port; a connection would be the one that is answered."""
    listener = f"0100007F:{port:04X} 00000000:0000 0A"
    for _ in range(200):
        if listener in Path("/proc/net/tcp").read_text(encoding="utf-8"):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens at {port}")


def hello(name: str) -> bytes:
    """First bytes of a TLS connection to a host with this name."""
    outgoing = ssl.MemoryBIO()
    connection = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


def answer_to(port: int, data: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as client:
        client.sendall(data)
        try:
            return client.recv(100)
        except ConnectionResetError:
            return b""


@NEEDS_HAPROXY
@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (hello("api.example.com"), b"passed"),
        (hello("API.example.com"), b"passed"),
        (hello("other.example.com"), b""),
        (hello("api.example.com.evil.example"), b""),
        (b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n", b""),
    ],
    ids=["the host", "in upper case", "another host", "a longer name", "without TLS"],
)
def test_port_443_passes_connections_with_the_name_of_the_host_alone(
    tmp_path: Path, data: bytes, answer: bytes
) -> None:
    with relay(tmp_path, "api.example.com", 443) as port:
        assert answer_to(port, data) == answer


@NEEDS_HAPROXY
def test_another_port_passes_what_begins_without_tls(tmp_path: Path) -> None:
    ssl_request = bytes([0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F])  # first message of a PostgreSQL client
    with relay(tmp_path, "db.example.com", 5432) as port:
        assert answer_to(port, ssl_request) == b"passed"
