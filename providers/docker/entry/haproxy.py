"""Configuration files of the entry's two HAProxies. Pure.

The proxy owns the port of the host and passes connections on; its file does not change with the services. The router
terminates TLS and routes requests. A new service replaces the router, which needs another network: its replacement is
ready before the old router ends, so the port always answers.

One port accepts HTTPS and HTTP: a connection that begins with a TLS hello goes to the HTTPS frontend, any other is
redirected to HTTPS. Replicas are found through Docker's DNS, so a new one needs no new file. A request is retried only
when the connection failed before any byte of it was sent.
"""

from collections.abc import Collection, Iterable, Iterator

from providers.contract.naming import next_part
from providers.contract.spec import Platform, Service
from providers.docker.context import HTTPS_PORT, DockerContext
from providers.docker.entry.admission import admission, authentication, closing_rules, rate_tables
from providers.docker.entry.split import control, dice, route_to_next, split_services
from providers.docker.naming import CONFIG_FOLDER

HTTPS_CONTAINER_PORT, HTTP_CONTAINER_PORT, METRICS_PORT = 8443, 8080, 8404
ROUTER = "router"
"""DNS alias of the routers in the network of the entry: the old one and its replacement during an update."""
ROUTERS = 2
READY_SECONDS = 60
"""Time that a new router waits for services without a healthy replica; after it, the others are served."""
"""Ports inside the container; ports below 1024 would need root."""
CONNECT_TIMEOUT_SECONDS = 2
RETRIES = 3
MIN_STOP_SECONDS = 30
FAST_CHECK_SECONDS = 1
"""Check interval of a replica that changes between healthy and unhealthy."""
SLOTS_PER_REPLICA = 2
"""While a service is replaced, a new replica exists beside each old one."""
DEV_RETRY_MILLISECONDS, DEV_WAIT_SECONDS = 100, 10
"""Time between two connections to a service in a `dev` session, and the time until its request is answered with 503."""
READY_PATH = "/ready"
MARK_DOWN_AT_ONCE = "observe layer4 error-limit 1 on-error mark-down"
DISCOVERY = "resolvers docker resolve-prefer ipv4 init-addr none"


def proxy_configuration(context: DockerContext) -> str:
    """File of the proxy, which passes each connection and its client's address on to a router."""
    http_bind = [f"bind :{HTTP_CONTAINER_PORT}"] if context.block.entry_port == HTTPS_PORT else []
    idle_seconds = context.spec.ingress.idle_timeout_seconds + MIN_STOP_SECONDS
    check = f"check port {METRICS_PORT} inter 1s fastinter 500ms downinter 500ms rise 1 fall 2"
    return _file(
        _global(MIN_STOP_SECONDS),
        _resolvers(),
        _section(
            "defaults",
            "mode tcp",
            "option redispatch 1",
            f"retries {ROUTERS * RETRIES}",
            f"timeout connect {CONNECT_TIMEOUT_SECONDS}s",
            "timeout check 2s",
            # the router closes an idle connection first
            f"timeout client {idle_seconds}s",
            f"timeout server {idle_seconds}s",
        ),
        _section(
            "frontend port",
            f"bind :{HTTPS_CONTAINER_PORT}",
            *http_bind,
            # a busy host answers checks too late; a connection is then better tried than refused
            "use_backend routers-unchecked if { nbsrv(routers) lt 1 }",
            "default_backend routers",
        ),
        _section(
            "backend routers",
            "option httpchk",
            f"http-check send meth GET uri {READY_PATH}",
            "http-check expect status 200",
            f"server-template {ROUTER}- {ROUTERS} {ROUTER}:{HTTPS_CONTAINER_PORT} send-proxy-v2 {check} "
            f"{MARK_DOWN_AT_ONCE} {DISCOVERY}",
        ),
        _section(
            "backend routers-unchecked",
            f"server-template unchecked- {ROUTERS} {ROUTER}:{HTTPS_CONTAINER_PORT} send-proxy-v2 {DISCOVERY}",
        ),
        _section("frontend health", "mode http", f"bind 127.0.0.1:{METRICS_PORT}", "http-request return status 200"),
    )


def configuration(context: DockerContext) -> str:
    """File of the router."""
    split = split_services(context)
    return _file(
        _global(drain_seconds(context.spec, context.spec.public.values())),
        _resolvers(),
        _defaults(context.spec),
        _tls_detection(),
        _http(context),
        _https(context),
        *(
            _dev_backend(name, service) if name in context.block.dev else _backend(name, service)
            for name, service in context.spec.public.items()
        ),
        *(_backend(name, service, next_part(name)) for name, service in split.items()),
        *([_section("frontend rollout", *control(split))] if split else []),
        *(_section(head, *lines) for head, *lines in rate_tables(context.spec)),
        _metrics(context.spec),
    )


def _file(*sections: list[str]) -> str:
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _section(head: str, *lines: str) -> list[str]:
    return [head, *(f"    {line}" for line in lines)]


def drain_seconds(spec: Platform, services: Iterable[Service]) -> int:
    """Time for responses that replaced containers still send: with a service that streams as long as a stream may pause."""
    streams = any(service.streams for service in services)
    return max(MIN_STOP_SECONDS, spec.ingress.idle_timeout_seconds) if streams else MIN_STOP_SECONDS


def _global(stop_seconds: int) -> list[str]:
    return _section(
        "global",
        "log stdout format raw local0 info",
        "maxconn 8192",
        f"hard-stop-after {stop_seconds}s",
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
        # a request on a connection that a stopping replica closes could not be retried
        "http-reuse never",
        f"timeout connect {CONNECT_TIMEOUT_SECONDS}s",
        "timeout http-request 30s",
        f"timeout queue {CONNECT_TIMEOUT_SECONDS * RETRIES}s",
        f"timeout client {idle}",
        f"timeout server {idle}",
        f"timeout tunnel {idle}",
    )


def _tls_detection() -> list[str]:
    frontend = _section(
        "frontend connections",
        f'bind "${{ENTRY_ADDRESS}}:{HTTPS_CONTAINER_PORT}" accept-proxy',
        "mode tcp",
        "no log",
        "tcp-request inspect-delay 5s",
        "tcp-request content accept if { req.ssl_hello_type 1 }",
        "tcp-request content accept if HTTP",
        "use_backend to-https if { req.ssl_hello_type 1 }",
        "default_backend to-plain",
    )
    names = ("https", "plain")
    backends = [
        _section(f"backend to-{name}", "mode tcp", f"server {name} abns@{name} send-proxy-v2") for name in names
    ]
    return [*frontend, *(line for backend in backends for line in ("", *backend))]


def _http(context: DockerContext) -> list[str]:
    port = "" if context.block.entry_port == HTTPS_PORT else f":{context.block.entry_port}"
    return _section(
        "frontend plain",
        "bind abns@plain accept-proxy",
        "option httplog",
        # the requested host without its port
        f"http-request redirect code 308 location https://%[hdr(host),field(1,:)]{port}%[capture.req.uri]",
    )


def _https(context: DockerContext) -> list[str]:
    spec, split = context.spec, split_services(context)
    return _section(
        "frontend https",
        f"bind abns@https accept-proxy ssl crt {CONFIG_FOLDER}/entry.pem alpn h2,http/1.1",
        "option httplog",
        # streamed tokens are sent without delay
        "option http-no-delay",
        "option forwardfor",
        # an idle connection of a router that ends is closed with its next answer: a request on it would be lost otherwise
        "option idle-close-on-response",
        *admission(spec),
        *closing_rules(spec),
        *authentication(spec),
        "http-request set-header X-Forwarded-Proto https",
        "http-request set-header X-Forwarded-Host %[req.hdr(host)]",
        *_https_redirects(),
        "http-request set-header X-Request-ID %[uuid] unless { req.hdr(x-request-id) -m found }",
        *dice(split),
        *_routes(spec, split),
    )


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


def _backend(name: str, service: Service, alias: str = "") -> list[str]:
    """Backend of a service; `alias` is the DNS alias of its replicas where that is not the service's name."""
    alias = alias or name
    health = service.health
    check = (
        f"check inter {health.interval_seconds}s fall {health.unhealthy_threshold} rise {health.healthy_threshold} "
        # a replica that changes is checked every second, and one that refuses a connection is marked down at once: as it
        # has the fewest connections, every retry of a request would select it again
        f"fastinter {FAST_CHECK_SECONDS}s downinter {FAST_CHECK_SECONDS}s {MARK_DOWN_AT_ONCE} {DISCOVERY}"
    )
    affinity = _session_affinity() if service.app == "streamlit" else []
    return _section(
        f"backend {alias}",
        "balance leastconn",
        "option http-no-delay",
        # a retry for each replica that may have stopped at the same time
        f"retries {max(RETRIES, service.replicas.min)}",
        "option httpchk",
        f"http-check send meth GET uri {health.path} hdr Host {name}",
        "http-check expect status 200",
        f"timeout check {health.timeout_seconds}s",
        *affinity,
        f"server-template {alias}- {service.replicas.min * SLOTS_PER_REPLICA} {alias}:{service.port} {check}",
    )


def _dev_backend(name: str, service: Service) -> list[str]:
    """Backend of a service that restarts after every edit: a request waits for it, and no check marks it down.

    HAProxy waits for the connect timeout, a second at most, before it connects to the same server again
    (https://docs.haproxy.org/2.6/configuration.html, `retries`).
    """
    return _section(
        f"backend {name}",
        "option http-no-delay",
        f"timeout connect {DEV_RETRY_MILLISECONDS}ms",
        f"retries {DEV_WAIT_SECONDS * 1000 // DEV_RETRY_MILLISECONDS}",
        *(_session_affinity() if service.app == "streamlit" else []),
        f"server-template {name}- {service.replicas.min * SLOTS_PER_REPLICA} {name}:{service.port} "
        "resolvers docker resolve-prefer ipv4 init-addr none",
    )


def _session_affinity() -> list[str]:
    """Session affinity: Streamlit keeps a session in the memory of one replica."""
    return ["dynamic-cookie-key copy", "cookie COPY insert indirect nocache httponly secure dynamic"]


def _metrics(spec: Platform) -> list[str]:
    """Metrics for Prometheus, and the readiness that the proxy and Docker check.

    A new router is ready when every service has a healthy replica, or after a while, as the others must be served.
    """
    return _section(
        "frontend metrics",
        *(f'bind "{address}:{METRICS_PORT}"' for address in ("${METRICS_ADDRESS}", "${ENTRY_ADDRESS}", "127.0.0.1")),
        "no log",
        f'acl starting "date,sub(${{STARTED}})" lt {READY_SECONDS}',
        *(f"acl without_replica nbsrv({name}) lt 1" for name in spec.public),
        "http-request use-service prometheus-exporter if { path /metrics }",
        f"http-request return status 503 if {{ path {READY_PATH} }} starting without_replica",
        f"http-request return status 200 if {{ path {READY_PATH} }}",
        "http-request return status 404",
    )
