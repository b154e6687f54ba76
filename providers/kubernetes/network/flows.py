"""Connections of each service: who connects to it, and what it connects to. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from providers.contract.egress import outside_ports
from providers.contract.existing_stores import store_ports
from providers.contract.scrape_endpoints import scrape_endpoint
from providers.contract.spec import Platform
from providers.kubernetes.cache.external import is_external
from providers.kubernetes.context import METADATA_PORTS, KubernetesContext, identity_of
from providers.kubernetes.naming import DATABASE, ENTRY, TEMPO

ANYWHERE = "0.0.0.0/0"
DATABASE_PORT, CACHE_PORT, SPAN_PORT, HTTPS_PORT = 5432, 6379, 4318, 443


@dataclass(frozen=True)
class FlowEnd:
    """End of a connection: a component of the platform, a namespace, a range of addresses, or the internet."""

    kind: Literal["component", "namespace", "block", "internet"]
    name: str


@dataclass(frozen=True)
class Flow:
    """Connections with one peer to these ports of the pods, by number: some network plugins know no names of ports."""

    peer: FlowEnd
    ports: tuple[int, ...]


def inbound(context: KubernetesContext, service: str) -> list[Flow]:
    """Peers that connect to a service: its callers, the entry of a public one, and Prometheus."""
    return list(_inbound(context, service))


def _inbound(context: KubernetesContext, service: str) -> Iterator[Flow]:
    spec = context.spec
    port = spec.services[service].port
    if port is not None:
        for caller in spec.callers_of(service):
            yield Flow(FlowEnd("component", caller), (port,))
        if service in spec.public:
            yield from (Flow(target, (port,)) for target in entry_targets(context))
    endpoint = scrape_endpoint(spec.services[service])
    if endpoint is not None:
        yield Flow(FlowEnd("namespace", context.block.monitoring_namespace), (endpoint.port,))


def entry_targets(context: KubernetesContext) -> list[FlowEnd]:
    """Peers from which requests of the entry reach public services.

    Proxies of a Gateway run in a namespace of the cluster, or outside it (GKE, Application Gateway), where the block names no
    namespace.
    """
    if context.by_haproxy:
        return [FlowEnd("component", ENTRY)]
    namespace = context.block.gateway_namespace
    return [FlowEnd("namespace", namespace)] if namespace else [FlowEnd("block", ANYWHERE)]


def outbound_flows(context: KubernetesContext, service: str) -> list[Flow]:
    """Peers that a service connects to: what it calls and uses, and the internet."""
    return list(_outbound(context, service))


def _outbound(context: KubernetesContext, service: str) -> Iterator[Flow]:
    spec = context.spec
    for callee in spec.services[service].calls:
        yield Flow(FlowEnd("component", callee), (spec.services[callee].port or 0,))
    yield from _data(context, service)
    if spec.monitoring.tracing is not None:
        yield Flow(FlowEnd("component", TEMPO), (SPAN_PORT,))
    if identity_of(spec, service):
        for address, numbers in METADATA_PORTS[context.block.flavour]:
            yield Flow(FlowEnd("block", address), numbers)
    outside = internet_ports(spec, service)
    if outside:
        yield Flow(FlowEnd("internet", ANYWHERE), outside)


def _data(context: KubernetesContext, service: str) -> Iterator[Flow]:
    """Data stores; an external one may be in the private network of the nodes, so its rule leaves no range out."""
    block, uses = context.block, context.spec.services[service].uses
    if "database" in uses:
        external = block.database.external
        target = FlowEnd("block", ANYWHERE) if external else FlowEnd("component", DATABASE)
        yield Flow(target, (block.database.port if external else DATABASE_PORT,))
    for cache in context.spec.all_caches:
        if cache.key in uses:
            external = is_external(context.spec, cache)
            target = FlowEnd("block", ANYWHERE) if external else FlowEnd("component", cache.part)
            yield Flow(target, (block.cache.port if external else CACHE_PORT,))
    stores = store_ports(context.spec, service)
    if stores:
        yield Flow(FlowEnd("block", ANYWHERE), stores)
    if "storage" in uses and block.bucket is not None:
        yield Flow(FlowEnd("block", ANYWHERE), (bucket_port(context),))


def bucket_port(context: KubernetesContext) -> int:
    """Port of the S3 API."""
    return port_of(context.block.bucket.endpoint_url if context.block.bucket else "")


def port_of(address: str) -> int:
    """Port of a URL, which may leave out that of its scheme."""
    url = urlsplit(address)
    return url.port or (80 if url.scheme == "http" else HTTPS_PORT)


def internet_ports(spec: Platform, service: str) -> tuple[int, ...]:
    """Ports of the internet that a service may connect to; none with `network.egress: none`."""
    return () if spec.network.egress == "none" else outside_ports(spec, service, https=True)


def has_metrics_port(spec: Platform, service: str) -> bool:
    """True when the metrics of a service have a separate port."""
    endpoint = scrape_endpoint(spec.services[service])
    return endpoint is not None and endpoint.port != spec.services[service].port
