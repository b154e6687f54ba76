"""The public name: HAProxy on one port of this machine, which takes HTTPS and sends plain HTTP there.

HAProxy for three reasons: its checks have the spec's own numbers (rise, fall, interval), its counters are by client
address, and it sends a request again only where none of it was sent. Debian packages it, so a machine without a
registry has it too. It stands in a network of each public service and reaches nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Entry, Origin
from providers.docker.base.containers import ContainerSpec, PublishedPort, create_container
from providers.docker.base.platform_images import PROXY
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import own_probe
from providers.docker.context import HTTPS, DockerContext
from providers.docker.database.parameters import CONFIG
from providers.docker.entry.haproxy import METRICS_PORT, PLAIN_PORT, TLS_PORT, configuration
from providers.docker.network.plan import ENTRY, MONITORING, inside, proxy_address

HTTP = 80
MEMORY_MIB = 512
VCPU = 2


def create_entry(scope: Scope, context: DockerContext, origins: Mapping[str, Origin]) -> Entry:
    """One proxy before the services of `origins`, of which there is one: this machine's."""
    grounds = [origin.base for origin in origins.values() if isinstance(origin, DockerOrigin)]
    for base in grounds:
        _proxy(scope, context, base)
    return Entry(url=pulumi.Output.from_input(context.url))


def _proxy(scope: Scope, context: DockerContext, base: DockerBaseResources) -> None:
    address = proxy_address(context)
    box = ContainerSpec(
        image=base.image(PROXY),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        seats=[
            base.seat(ENTRY),
            base.seat(MONITORING, "proxy", address=address),
            *(base.seat(inside(name)) for name in context.spec.public),
        ],
        command=["haproxy", "-W", "-db", "-f", f"{CONFIG}/haproxy.cfg"],
        files={f"{CONFIG}/haproxy.cfg": configuration(context), f"{CONFIG}/entry.pem": base.keys.entry.bundle},
        probe=own_probe("wget", "-q", "-O", "/dev/null", f"http://{address}:{METRICS_PORT}/healthz"),
        ports=[PublishedPort(TLS_PORT, context.block.entry_port), *_usual(context)],
    )
    create_container(scope, context, "proxy", box, replace_first=True)


def _usual(context: DockerContext) -> list[PublishedPort]:
    """Browsers try port 80 for a name without a port; on any other port HTTP and HTTPS share the entry's."""
    return [PublishedPort(PLAIN_PORT, HTTP)] if context.block.entry_port == HTTPS else []


@dataclass(frozen=True)
class DockerOrigin(Origin):
    """`base` has the networks, the image and the certificate that the proxy is made of."""

    base: DockerBaseResources


@dataclass(frozen=True)
class DockerIngress:
    """What the machine shows to the entry."""

    origin: DockerOrigin


def regional_ingress(base: DockerBaseResources) -> DockerIngress | None:
    """The way to the public services; None when no service has a path."""
    if not base.spec.public:
        return None
    return DockerIngress(DockerOrigin(host=pulumi.Output.from_input(base.context.host), base=base))
