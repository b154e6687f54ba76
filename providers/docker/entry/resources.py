"""Public entry: HAProxy on one port of the host, which accepts HTTPS and redirects HTTP to it.

HAProxy was chosen because its health checks take the spec's numbers (rise, fall, interval), it counts requests by client
address, and it retries a request only when none of it was sent. Debian packages it, for hosts without access to a
registry. The proxy is attached to a network of each public service and reaches nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Entry, Origin
from providers.docker.base.containers import ContainerSpec, PublishedPort, create_container
from providers.docker.base.platform_images import PROXY
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import platform_probe
from providers.docker.context import HTTP_PORT, HTTPS_PORT, DockerContext
from providers.docker.entry.haproxy import HTTP_CONTAINER_PORT, HTTPS_CONTAINER_PORT, METRICS_PORT, configuration
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import ENTRY, MONITORING, internal_network, proxy_address

MEMORY_MIB = 512
VCPU = 2


@dataclass(frozen=True)
class DockerOrigin(Origin):
    """Origin of the host; `base` has the networks, image and certificate of the proxy."""

    base: DockerBaseResources


def regional_origin(base: DockerBaseResources) -> DockerOrigin | None:
    """Origin of the public services; None when no service has a path."""
    if not base.spec.public:
        return None
    return DockerOrigin(host=pulumi.Output.from_input(base.context.host), base=base)


def create_entry(scope: Scope, context: DockerContext, origins: Mapping[str, Origin]) -> Entry:
    """Proxy in front of the services of `origins`, which has this host as its only origin."""
    for origin in origins.values():
        if isinstance(origin, DockerOrigin):
            _proxy(scope, context, origin.base)
    return Entry(url=pulumi.Output.from_input(context.url))


def _proxy(scope: Scope, context: DockerContext, base: DockerBaseResources) -> None:
    address = proxy_address(context)
    container = ContainerSpec(
        image=base.image(PROXY),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        networks=[
            base.attachment(ENTRY),
            base.attachment(MONITORING, "proxy", address=address),
            *(base.attachment(internal_network(name)) for name in context.spec.public),
        ],
        command=["haproxy", "-W", "-db", "-f", f"{CONFIG_FOLDER}/haproxy.cfg"],
        files={
            f"{CONFIG_FOLDER}/haproxy.cfg": configuration(context),
            f"{CONFIG_FOLDER}/entry.pem": base.keys.entry.bundle,
        },
        probe=platform_probe("wget", "-q", "-O", "/dev/null", f"http://{address}:{METRICS_PORT}/healthz"),
        ports=_ports(context),
    )
    create_container(scope, context, "proxy", container, delete_before_replace=True)


def _ports(context: DockerContext) -> list[PublishedPort]:
    """The entry's port, and port 80 beside 443; on any other port HTTP and HTTPS share the entry's."""
    ports = [PublishedPort(HTTPS_CONTAINER_PORT, context.block.entry_port)]
    if context.block.entry_port == HTTPS_PORT:
        ports.append(PublishedPort(HTTP_CONTAINER_PORT, HTTP_PORT))
    return ports
