"""The entry's configuration: HAProxy's file as text. Pure.

One port takes both kinds of client: a connection that begins with a TLS hello is handed on to the HTTPS front, anything
else is told to come back over HTTPS. Copies are found by the name that Docker's DNS gives them, so a new one is met
without a new file. A request is sent again only where the connection failed before a byte of it was sent.
"""

from collections.abc import Iterator

from providers.contract.prometheus import metrics_path
from providers.contract.spec import Platform, Service
from providers.docker.context import HTTPS, DockerContext
from providers.docker.database.parameters import CONFIG
from providers.docker.entry.admission import WAF, open_to_all
from providers.docker.network.plan import proxy_address

TLS_PORT, PLAIN_PORT, METRICS_PORT = 8443, 8080, 8404
"""Ports inside the container, above those that only root may open."""
WINDOW_SECONDS = 60
CLIENTS = 100_000
"""Client addresses that are counted at once; the one seen longest ago makes room."""
CONNECT_SECONDS = 2
RETRIES = 3
GRACE_SECONDS = 30
CHANGING_SECONDS = 1
"""Between two checks of a copy that is not yet known to be well, or to be gone."""
SLOTS_A_COPY = 2
"""A new copy stands beside each old one while a service is replaced."""


def configuration(context: DockerContext) -> str:
    """The whole file."""
    sections = (
        _global(),
        _resolvers(),
        _defaults(context.spec),
        _door(),
        _plain(context),
        _https(context),
        *(_backend(name, service) for name, service in context.spec.public.items()),
        _clients(),
        _metrics(context),
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _section(head: str, *lines: str) -> list[str]:
    return [head, *(f"    {line}" for line in lines)]


def _global() -> list[str]:
    return _section(
        "global",
        "log stdout format raw local0 info",
        "maxconn 8192",
        f"hard-stop-after {GRACE_SECONDS}s",
        "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
    )


def _resolvers() -> list[str]:
    return _section(
        "resolvers docker",
        "nameserver dns 127.0.0.11:53",
        "accepted_payload_size 8192",
        "resolve_retries 3",
        "timeout resolve 1s",
        "timeout retry 1s",
        *(f"hold {state} 1s" for state in ("valid", "obsolete", "nx", "other", "refused", "timeout")),
    )


def _defaults(spec: Platform) -> list[str]:
    idle = f"{spec.ingress.idle_timeout_seconds}s"
    return _section(
        "defaults",
        "mode http",
        "log global",
        "option dontlognull",
        "option redispatch 1",
        f"retries {RETRIES}",
        "retry-on conn-failure",
        # a connection that a copy closes while it ends must not carry a request that cannot be sent again
        "http-reuse never",
        f"timeout connect {CONNECT_SECONDS}s",
        "timeout http-request 30s",
        f"timeout queue {CONNECT_SECONDS * RETRIES}s",
        f"timeout client {idle}",
        f"timeout server {idle}",
        f"timeout tunnel {idle}",
    )


def _door() -> list[str]:
    front = _section(
        "frontend door",
        f"bind :{TLS_PORT}",
        "mode tcp",
        "no log",
        "tcp-request inspect-delay 5s",
        "tcp-request content accept if { req.ssl_hello_type 1 }",
        "tcp-request content accept if HTTP",
        "use_backend to-https if { req.ssl_hello_type 1 }",
        "default_backend to-plain",
    )
    hand_on = ("https", "plain")
    backs = [_section(f"backend to-{name}", "mode tcp", f"server {name} abns@{name} send-proxy-v2") for name in hand_on]
    return [*front, *(line for back in backs for line in ("", *back))]


def _plain(context: DockerContext) -> list[str]:
    usual = [f"bind :{PLAIN_PORT}"] if context.block.entry_port == HTTPS else []
    port = "" if context.block.entry_port == HTTPS else f":{context.block.entry_port}"
    return _section(
        "frontend plain",
        "bind abns@plain accept-proxy",
        "option httplog",
        *usual,
        # the host without its port, by which the client came
        f"http-request redirect code 308 location https://%[hdr(host),field(1,:)]{port}%[capture.req.uri]",
    )


def _https(context: DockerContext) -> list[str]:
    spec = context.spec
    return _section(
        "frontend https",
        f"bind abns@https accept-proxy ssl crt {CONFIG}/entry.pem alpn h2,http/1.1",
        "option httplog",
        # a token of an agent's answer goes out as it comes
        "option http-no-delay",
        "option forwardfor",
        *_admission(spec),
        # what a service measures of itself is for this machine's Prometheus, not for the world
        f"http-request return status 404 if {{ path {' '.join(_metrics_paths(spec))} }}",
        "http-request set-header X-Forwarded-Proto https",
        "http-request set-header X-Request-ID %[uuid] unless { req.hdr(x-request-id) -m found }",
        *_routes(spec),
    )


def _admission(spec: Platform) -> Iterator[str]:
    """Whoever may connect, how often, and what is turned away: in this order, so that a refused one is not counted."""
    if not open_to_all(spec):
        yield f"http-request deny deny_status 403 unless {{ src {' '.join(spec.ingress.allowed_cidrs)} }}"
    yield "http-request track-sc0 src table clients"
    limit = f"{{ sc_http_req_rate(0) gt {spec.ingress.rate_limit_per_minute} }}"
    yield f'http-request return status 429 hdr Retry-After "{WINDOW_SECONDS}" if {limit}'
    if spec.ingress.waf:
        yield from (f"http-request deny deny_status 403 if {condition}" for _, condition in WAF)


def _routes(spec: Platform) -> Iterator[str]:
    """Longest path first; a path that nobody has answers 404."""
    prefixed = {name: _condition(service) for name, service in spec.public.items() if _prefix(service)}
    whole = [name for name in spec.public if name not in prefixed]
    if not whole:
        yield f"http-request return status 404 unless {' or '.join(prefixed.values())}"
    yield from (f"use_backend {name} if {condition}" for name, condition in prefixed.items())
    yield from (f"default_backend {name}" for name in whole)


def _metrics_paths(spec: Platform) -> list[str]:
    return sorted({metrics_path(service) for service in spec.public.values()})


def _prefix(service: Service) -> str:
    """A service's path without the slash at its end; empty for one that has everything."""
    return (service.path or "").rstrip("/")


def _condition(service: Service) -> str:
    """The path itself and what lies beneath it: `/api` is no prefix of `/apis`."""
    return f"{{ path {_prefix(service)} }} or {{ path_beg {_prefix(service)}/ }}"


def _backend(name: str, service: Service) -> list[str]:
    health = service.health
    check = (
        f"check inter {health.interval_seconds}s fall {health.unhealthy_threshold} rise {health.healthy_threshold} "
        # a copy that just came or went is asked each second, and one that takes no connection is left at once: it has
        # the fewest connections, so every try of a request would meet it again
        f"fastinter {CHANGING_SECONDS}s downinter {CHANGING_SECONDS}s observe layer4 error-limit 1 on-error mark-down "
        "resolvers docker resolve-prefer ipv4 init-addr none"
    )
    sticky = _sticky() if service.app == "streamlit" else []
    return _section(
        f"backend {name}",
        "balance leastconn",
        "option http-no-delay",
        # one try for each copy that may be gone at once, and one for a copy that is there
        f"retries {max(RETRIES, service.replicas.min)}",
        "option httpchk",
        f"http-check send meth GET uri {health.path} hdr Host {name}",
        "http-check expect status 200",
        f"timeout check {health.timeout_seconds}s",
        *sticky,
        f"server-template {name}- {service.replicas.min * SLOTS_A_COPY} {name}:{service.port} {check}",
    )


def _sticky() -> list[str]:
    """Streamlit keeps a session in the memory of one copy, so a browser must come back to it."""
    return ["dynamic-cookie-key copy", "cookie COPY insert indirect nocache httponly secure dynamic"]


def _clients() -> list[str]:
    return _section(
        "backend clients",
        f"stick-table type ip size {CLIENTS} expire {2 * WINDOW_SECONDS}s store http_req_rate({WINDOW_SECONDS}s)",
    )


def _metrics(context: DockerContext) -> list[str]:
    return _section(
        "frontend metrics",
        f"bind {proxy_address(context)}:{METRICS_PORT}",
        "no log",
        "http-request use-service prometheus-exporter if { path /metrics }",
        "http-request return status 200 if { path /healthz }",
        "http-request return status 404",
    )
