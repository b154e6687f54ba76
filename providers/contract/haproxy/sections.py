"""Sections of HAProxy's configuration that do not depend on where it runs. Pure.

A request is retried only when the connection failed before any byte of it was sent.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from providers.contract.haproxy.admission import admission, authentication, closing_rules, rate_tables
from providers.contract.haproxy.request_log import log_format, recorded_values
from providers.contract.naming import CONFIG_FOLDER, next_part
from providers.contract.spec import Platform, Service

MAP_FILE = f"{CONFIG_FOLDER}/rollout.map"


def dice(names: Iterable[str]) -> Iterator[str]:
    """Rules of a frontend: a number of 0 to 99 for each request, and what it means for each service."""
    for number, name in enumerate(names):
        if not number:
            yield "http-request set-var(txn.dice) rand(100)"
        yield f"acl next-{name} str({name}),map_str_int({MAP_FILE},0),sub(txn.dice) gt 0"
        yield f"acl ready-{name} nbsrv({next_part(name)}) gt 0"


def route_to_next(name: str, path_conditions: Iterable[str]) -> str:
    """Rule that sends a service's share of requests to its new revision; without a path condition, any request."""
    own = f"next-{name} ready-{name}"
    return f"use_backend {next_part(name)} if {' or '.join(f'{each} {own}' for each in path_conditions) or own}"


CONNECT_TIMEOUT_SECONDS = 2
RETRIES = 3
MIN_STOP_SECONDS = 30
FAST_CHECK_SECONDS = 1
"""Check interval of a replica that changes between healthy and unhealthy."""
SLOTS_PER_REPLICA = 2
"""While a service is replaced, a new replica exists beside each old one."""
READY_PATH = "/ready"
READY_SECONDS = 60
"""Time that a new process waits for services without a healthy replica; after it, the others are served."""
MARK_DOWN_AT_ONCE = "observe layer4 error-limit 1 on-error mark-down"


def file_text(*sections: list[str]) -> str:
    """File of these sections."""
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def section(head: str, *lines: str) -> list[str]:
    """Section with its head and its lines."""
    return [head, *(f"    {line}" for line in lines)]


def drain_seconds(spec: Platform, services: Iterable[Service]) -> int:
    """Time for responses that replaced processes still send: with a service that streams as long as a stream may pause."""
    streams = any(service.streams for service in services)
    return max(MIN_STOP_SECONDS, spec.ingress.idle_timeout_seconds) if streams else MIN_STOP_SECONDS


def global_section(stop_seconds: int) -> list[str]:
    """Settings of the process, which ends at the latest after these seconds."""
    return section(
        "global",
        "log stdout format raw local0 info",
        "maxconn 8192",
        f"hard-stop-after {stop_seconds}s",
        "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
    )


def defaults(spec: Platform) -> list[str]:
    """Timeouts and retries of every section after it."""
    idle = f"{spec.ingress.idle_timeout_seconds}s"
    return section(
        "defaults",
        "mode http",
        "log global",
        "option dontlognull",
        "option redispatch 1",
        f"retries {RETRIES}",
        "retry-on conn-failure",
        # a request on a connection that a stopping replica closes could not be retried
        "http-reuse never",
        f"timeout connect {CONNECT_TIMEOUT_SECONDS}s",
        "timeout http-request 30s",
        f"timeout queue {CONNECT_TIMEOUT_SECONDS * RETRIES}s",
        f"timeout client {idle}",
        f"timeout server {idle}",
        f"timeout tunnel {idle}",
    )


def resolvers(name: str, *servers: str) -> list[str]:
    """DNS servers by which replicas are found; an answer counts for a second."""
    return section(
        f"resolvers {name}",
        *servers,
        "accepted_payload_size 8192",
        "resolve_retries 3",
        "timeout resolve 1s",
        "timeout retry 1s",
        *(f"hold {state} 1s" for state in ("valid", "obsolete", "nx", "other", "refused", "timeout")),
    )


def https_rules(spec: Platform, split: Collection[str]) -> Iterator[str]:
    """Lines of the frontend that terminates TLS, after its addresses: admission, authentication, headers and routes."""
    yield from recorded_values()
    yield log_format()
    # streamed tokens are sent without delay
    yield "option http-no-delay"
    yield "option forwardfor"
    # an idle connection of a process that ends is closed with its next answer: a request on it would be lost otherwise
    yield "option idle-close-on-response"
    yield from admission(spec)
    yield from closing_rules(spec)
    yield from authentication(spec)
    yield "http-request set-header X-Forwarded-Proto https"
    yield "http-request set-header X-Forwarded-Host %[req.hdr(host)]"
    yield from _https_redirects()
    yield from dice(split)
    yield from _routes(spec, split)


def _https_redirects() -> Iterator[str]:
    """Keep redirects of a service to its own host on HTTPS; many frameworks build them from the connection they see."""
    yield "http-request set-var(txn.host) req.hdr(host)"
    plain = "{ res.fhdr(location) -m beg http:// }"
    yield f"http-response set-var(txn.location_host) res.fhdr(location),field(3,/) if {plain}"
    own = "{ var(txn.location_host),strcmp(txn.host) eq 0 }"
    yield f"http-response replace-header Location ^http:(.*)$ https:\\1 if {plain} {own}"


def _routes(spec: Platform, split: Collection[str]) -> Iterator[str]:
    """Routes by longest path first; a path without a service is answered with 404. Services of `split` have two backends."""
    conditions = {name: _path_conditions(service) for name, service in spec.public.items() if _path_prefix(service)}
    catch_all = [name for name in spec.public if name not in conditions]
    if not catch_all:
        any_path = " or ".join(each for paths in conditions.values() for each in paths)
        yield f"http-request return status 404 unless {any_path}"
    for name, paths in conditions.items():
        if name in split:
            yield route_to_next(name, paths)
        yield f"use_backend {name} if {' or '.join(paths)}"
    for name in catch_all:
        if name in split:
            yield route_to_next(name, ())
        yield f"default_backend {name}"


def _path_prefix(service: Service) -> str:
    """Path of a service without a final slash; empty for the root path."""
    return (service.path or "").rstrip("/")


def _path_conditions(service: Service) -> tuple[str, str]:
    """Conditions for the path and for the paths below it: `/api` does not match `/apis`."""
    return f"{{ path {_path_prefix(service)} }}", f"{{ path_beg {_path_prefix(service)}/ }}"


def session_affinity() -> list[str]:
    """Session affinity: Streamlit keeps a session in the memory of one replica."""
    return ["dynamic-cookie-key copy", "cookie COPY insert indirect nocache httponly secure dynamic"]


@dataclass(frozen=True)
class ReplicaDiscovery:
    """Replicas of a service in DNS: the name with all of their addresses, their number at most, and how it is resolved."""

    host: str
    slots: int
    resolution: str


def backend(name: str, title: str, service: Service, replicas: ReplicaDiscovery) -> list[str]:
    """Backend `title` of the service `name`."""
    health = service.health
    check = (
        f"check inter {health.interval_seconds}s fall {health.unhealthy_threshold} rise {health.healthy_threshold} "
        # a replica that changes is checked every second, and one that refuses a connection is marked down at once: as it
        # has the fewest connections, every retry of a request would select it again
        f"fastinter {FAST_CHECK_SECONDS}s downinter {FAST_CHECK_SECONDS}s {MARK_DOWN_AT_ONCE} {replicas.resolution}"
    )
    affinity = session_affinity() if service.app == "streamlit" else []
    return section(
        f"backend {title}",
        "balance leastconn",
        "option http-no-delay",
        # a retry for each replica that may have stopped at the same time
        f"retries {max(RETRIES, service.replicas.min)}",
        "option httpchk",
        f"http-check send meth GET uri {health.path} hdr Host {name}",
        "http-check expect status 200",
        f"timeout check {health.timeout_seconds}s",
        *affinity,
        f"server-template {title}- {replicas.slots} {replicas.host}:{service.port} {check}",
    )


def rate_sections(spec: Platform) -> Iterator[list[str]]:
    """Tables of the counters of rate limits."""
    for head, *lines in rate_tables(spec):
        yield section(head, *lines)


def metrics_rules(spec: Platform) -> Iterator[str]:
    """Lines of the frontend with the metrics and the readiness of the process.

    A new process is ready when every service has a healthy replica, or after a while, as the others must be served. STARTED
    is a variable with the time of its start, in seconds.
    """
    yield "no log"
    yield f'acl starting "date,sub(${{STARTED}})" lt {READY_SECONDS}'
    yield from (f"acl without_replica nbsrv({name}) lt 1" for name in spec.public)
    yield "http-request use-service prometheus-exporter if { path /metrics }"
    yield f"http-request return status 503 if {{ path {READY_PATH} }} starting without_replica"
    yield f"http-request return status 200 if {{ path {READY_PATH} }}"
    yield "http-request return status 404"
