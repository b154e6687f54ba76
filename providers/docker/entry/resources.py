"""Public entry: HAProxy on one port of the host, which accepts HTTPS and redirects HTTP to it.

Docker attaches a container to a network only when it creates the container, and publishes a port for one container only.
A new service therefore replaces the router, which is in a network of each public service, beside the old one; the proxy,
which publishes the port, stays (docs/adr/0018-docker-entry-is-a-proxy-and-a-router.md).

HAProxy was chosen because its health checks take the spec's numbers (rise, fall, interval), it counts requests by client
address, and it retries a request only when none of it was sent. Debian packages it, for hosts without access to a
registry. The router is attached to a network of each public service and reaches nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pulumi

from providers.contract.authentication import guarded_services, key_variable
from providers.contract.component import Scope
from providers.contract.haproxy.admission import key_files, key_map, key_map_file
from providers.contract.haproxy.sections import MAP_FILE, drain_seconds
from providers.contract.results import Entry, Origin
from providers.docker.base.containers import (
    STOP_SECONDS,
    ContainerSpec,
    PublishedPort,
    create_container,
    script,
    script_path,
)
from providers.docker.base.platform_images import PROXY
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import DockerProbe, platform_probe
from providers.docker.context import HTTP_PORT, HTTPS_PORT, DockerContext
from providers.docker.entry.haproxy import (
    HTTP_CONTAINER_PORT,
    HTTPS_CONTAINER_PORT,
    METRICS_PORT,
    READY_PATH,
    ROUTER,
    configuration,
    proxy_configuration,
)
from providers.docker.entry.split import map_text, split_services
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import ENTRY, MONITORING, internal_network, prometheus_address, proxy_address
from providers.docker.observability import log_delivery

ROUTER_LOG = f"{log_delivery.ENTRY}/{ROUTER}"
ROUTER_MEMORY_MIB, PROXY_MEMORY_MIB = 512, 128
VCPU = 2
CONFIGURATION_FILE = f"{CONFIG_FOLDER}/haproxy.cfg"
SOFT_STOP = "SIGUSR1"
"""Signal at which HAProxy accepts no new connection and ends after the last one
(https://docs.haproxy.org/3.2/management.html#4)."""


@dataclass(frozen=True)
class DockerOrigin(Origin):
    """Origin of the host; `base` has networks, image and certificate of the entry."""

    base: DockerBaseResources


def regional_origin(base: DockerBaseResources) -> DockerOrigin | None:
    """Origin of the public services; None when no service has a path."""
    if not base.spec.public:
        return None
    return DockerOrigin(host=pulumi.Output.from_input(base.context.host), base=base)


def create_entry(scope: Scope, context: DockerContext, origins: Mapping[str, Origin]) -> Entry:
    """Proxy and router in front of the services of `origins`, which has this host as its only origin."""
    for origin in origins.values():
        if isinstance(origin, DockerOrigin):
            _router(scope, context, origin.base)
            _proxy(scope, context, origin.base)
    return Entry(url=pulumi.Output.from_input(context.url))


def _router(scope: Scope, context: DockerContext, base: DockerBaseResources) -> None:
    split = split_services(context)
    container = ContainerSpec(
        image=base.image(PROXY),
        memory_mib=ROUTER_MEMORY_MIB,
        vcpu=VCPU,
        networks=[
            base.attachment(ENTRY, ROUTER),
            base.attachment(MONITORING, "proxy"),
            *(base.attachment(internal_network(name)) for name in context.spec.public),
        ],
        entrypoint=["/bin/sh", script_path("entry")],
        environment={"PROMETHEUS_ADDRESS": prometheus_address(context), "PROXY_ADDRESS": proxy_address(context)},
        files={
            script_path("entry"): script("entry"),
            CONFIGURATION_FILE: configuration(context),
            f"{CONFIG_FOLDER}/entry.pem": base.keys.entry.bundle,
            **({MAP_FILE: map_text(split)} if split else {}),
            **_authentication_files(context),
        },
        probe=_probe(READY_PATH),
        stop_signal=SOFT_STOP,
        # HAProxy ends by itself before that
        stop_seconds=drain_seconds(context.spec, context.spec.public.values()) + STOP_SECONDS,
        log_name=ROUTER_LOG,
    )
    create_container(scope, context, "router", container)


def _authentication_files(context: DockerContext) -> Mapping[str, pulumi.Input[str]]:
    """Files of what the router compares: digests of keys, which are in the services only, or an issuer's public keys."""
    auth, guarded = context.spec.ingress.auth, guarded_services(context.spec)
    if auth is None or not guarded:
        return {}
    if auth.mode == "jwt":
        return key_files(auth)
    return {
        key_map_file(name): pulumi.Output.secret(context.values.secret(name).apply(partial(key_map, name)))
        for name in dict.fromkeys(key_variable(service) for service in guarded.values())
    }


def _proxy(scope: Scope, context: DockerContext, base: DockerBaseResources) -> None:
    container = ContainerSpec(
        image=base.image(PROXY),
        memory_mib=PROXY_MEMORY_MIB,
        vcpu=VCPU,
        networks=[base.attachment(ENTRY, address=proxy_address(context))],
        command=["haproxy", "-W", "-db", "-f", CONFIGURATION_FILE],
        files={CONFIGURATION_FILE: proxy_configuration(context)},
        probe=_probe("/"),
        ports=_ports(context),
    )
    create_container(scope, context, "proxy", container, delete_before_replace=True)


def _probe(path: str) -> DockerProbe:
    return platform_probe("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{METRICS_PORT}{path}")


def _ports(context: DockerContext) -> list[PublishedPort]:
    """The entry's port, and port 80 beside 443; on any other port HTTP and HTTPS share the entry's."""
    bind = context.block.bind
    ports = [PublishedPort(HTTPS_CONTAINER_PORT, context.block.entry_port, bind)]
    if context.block.entry_port == HTTPS_PORT:
        ports.append(PublishedPort(HTTP_CONTAINER_PORT, HTTP_PORT, bind))
    return ports
