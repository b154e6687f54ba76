"""Proxies of hosts outside: with `network.egress_control: names`, the only containers that services have a way out through.

A service then has no network with outbound access. Each listed host has one HAProxy, in the internal network of every
service that lists it, and in one network with outbound access. The service's /etc/hosts has the proxy's address for the
host's name, so programs need no setting and TLS is checked against the host itself. The proxy passes TCP connections on,
on the listed ports only, and on 443 only with the host's name in the TLS handshake.

Docker attaches a container to a network only when it creates the container, so another service that lists a host replaces
the host's proxy: open connections to that host end, and clients open new ones.
"""

from collections.abc import Mapping

import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.egress import HTTPS_PORT, checks_names, listed_hosts
from providers.contract.spec import Platform
from providers.docker.base.containers import ContainerSpec, create_container
from providers.docker.base.platform_images import PROXY
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import platform_probe
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import HOSTS, host_address, internal_network

CONFIGURATION_FILE = f"{CONFIG_FOLDER}/haproxy.cfg"
MEMORY_MIB, VCPU = 64, 0.25
HEALTH_PORT = 8404
HELLO_SECONDS = 5
"""Time in which a client sends the name in its TLS handshake."""


def create_host_proxies(scope: Scope, base: DockerBaseResources) -> Mapping[str, docker.Container]:
    """Return the proxy of each listed host, by its name; none unless names are checked."""
    hosts = listed_hosts(base.spec) if checks_names(base.spec) else ()
    return {host: _proxy(scope, base, host) for host in hosts}


def proxy_part(host: str) -> str:
    """`host-db.example.com`: logical name of a proxy; the dot makes it different from every service."""
    return f"host-{host}"


def _proxy(scope: Scope, base: DockerBaseResources, host: str) -> docker.Container:
    spec = base.spec
    users = [name for name, service in spec.services.items() if any(rule.host == host for rule in service.egress)]
    container = ContainerSpec(
        image=base.image(PROXY),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        networks=[
            base.attachment(HOSTS),
            *(base.attachment(internal_network(name), address=host_address(spec, name, host)) for name in users),
        ],
        command=["haproxy", "-W", "-db", "-f", CONFIGURATION_FILE],
        files={CONFIGURATION_FILE: proxy_file(spec, host)},
        probe=platform_probe("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{HEALTH_PORT}/"),
    )
    # its addresses are fixed, and two containers cannot have one
    return create_container(scope, base.context, proxy_part(host), container, delete_before_replace=True)


def proxy_file(spec: Platform, host: str) -> str:
    """File of the proxy of a host: one listener for each port that a service lists."""
    ports = sorted({rule.port for service in spec.services.values() for rule in service.egress if rule.host == host})
    idle_seconds = spec.ingress.idle_timeout_seconds
    lines = [
        "global", "    log stdout format raw local0 info", "    maxconn 4096", "",
        "resolvers docker", "    nameserver dns 127.0.0.11:53", "    accepted_payload_size 8192", "    hold valid 10s", "",
        "defaults", "    mode tcp", "    log global", "    timeout connect 10s",
        f"    timeout client {idle_seconds}s", f"    timeout server {idle_seconds}s", "",
        "frontend health", "    mode http", "    no log", f"    bind 127.0.0.1:{HEALTH_PORT}",
        "    http-request return status 200", "",
    ]  # fmt: skip
    for port in ports:
        lines += [f"listen port-{port}", "    option tcplog", f"    bind :{port}", *_name_check(host, port), f"    server host {host}:{port} "
                  "resolvers docker resolve-prefer ipv4 init-addr none", ""]  # fmt: skip
    return "\n".join(lines)


def _name_check(host: str, port: int) -> tuple[str, ...]:
    """Rules for the name in a TLS handshake; other ports may begin without TLS, as PostgreSQL and SMTP do."""
    if port != HTTPS_PORT:
        return ()
    return (
        f"    tcp-request inspect-delay {HELLO_SECONDS}s",
        f"    tcp-request content accept if {{ req.ssl_sni -i {host} }}",
        "    tcp-request content reject",
    )
