"""Configuration files of the entry's two HAProxies. Pure.

The proxy owns the port of the host and passes connections on; its file does not change with the services. The router
terminates TLS and routes requests. A new service replaces the router, which needs another network: its replacement is
ready before the old router ends, so the port always answers.

One port accepts HTTPS and HTTP: a connection that begins with a TLS hello goes to the HTTPS frontend, any other is
redirected to HTTPS. Replicas are found through Docker's DNS, so a new one needs no new file. A request is retried only
when the connection failed before any byte of it was sent.
"""

from providers.contract.haproxy.request_log import log_format, recorded_values
from providers.contract.haproxy.sections import (
    CONNECT_TIMEOUT_SECONDS,
    MARK_DOWN_AT_ONCE,
    MIN_STOP_SECONDS,
    READY_PATH,
    RETRIES,
    SLOTS_PER_REPLICA,
    ReplicaDiscovery,
    backend,
    defaults,
    drain_seconds,
    file_text,
    global_section,
    https_rules,
    metrics_rules,
    rate_sections,
    resolvers,
    section,
    session_affinity,
)
from providers.contract.naming import next_part
from providers.contract.spec import Platform, Service
from providers.docker.context import HTTPS_PORT, DockerContext
from providers.docker.entry.split import control, split_services
from providers.docker.naming import CONFIG_FOLDER

HTTPS_CONTAINER_PORT, HTTP_CONTAINER_PORT, METRICS_PORT = 8443, 8080, 8404
ROUTER = "router"
"""DNS alias of the routers in the network of the entry: the old one and its replacement during an update."""
ROUTERS = 2
"""Ports inside the container; ports below 1024 would need root."""
DEV_RETRY_MILLISECONDS, DEV_WAIT_SECONDS = 100, 10
"""Time between two connections to a service in a `dev` session, and the time until its request is answered with 503."""
RESOLVERS = resolvers("docker", "nameserver dns 127.0.0.11:53")
DISCOVERY = "resolvers docker resolve-prefer ipv4 init-addr none"


def proxy_configuration(context: DockerContext) -> str:
    """File of the proxy, which passes each connection and its client's address on to a router."""
    http_bind = [f"bind :{HTTP_CONTAINER_PORT}"] if context.block.entry_port == HTTPS_PORT else []
    idle_seconds = context.spec.ingress.idle_timeout_seconds + MIN_STOP_SECONDS
    check = f"check port {METRICS_PORT} inter 1s fastinter 500ms downinter 500ms rise 1 fall 2"
    return file_text(
        global_section(MIN_STOP_SECONDS),
        RESOLVERS,
        section(
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
        section(
            "frontend port",
            f"bind :{HTTPS_CONTAINER_PORT}",
            *http_bind,
            # a busy host answers checks too late; a connection is then better tried than refused
            "use_backend routers-unchecked if { nbsrv(routers) lt 1 }",
            "default_backend routers",
        ),
        section(
            "backend routers",
            "option httpchk",
            f"http-check send meth GET uri {READY_PATH}",
            "http-check expect status 200",
            f"server-template {ROUTER}- {ROUTERS} {ROUTER}:{HTTPS_CONTAINER_PORT} send-proxy-v2 {check} "
            f"{MARK_DOWN_AT_ONCE} {DISCOVERY}",
        ),
        section(
            "backend routers-unchecked",
            f"server-template unchecked- {ROUTERS} {ROUTER}:{HTTPS_CONTAINER_PORT} send-proxy-v2 {DISCOVERY}",
        ),
        section("frontend health", "mode http", f"bind 127.0.0.1:{METRICS_PORT}", "http-request return status 200"),
    )


def configuration(context: DockerContext) -> str:
    """File of the router."""
    split = split_services(context)
    return file_text(
        global_section(drain_seconds(context.spec, context.spec.public.values())),
        RESOLVERS,
        defaults(context.spec),
        _tls_detection(),
        _http(context),
        _https(context),
        *(
            _dev_backend(name, service) if name in context.block.dev else _backend(name, name, service)
            for name, service in context.spec.public.items()
        ),
        *(_backend(name, next_part(name), service) for name, service in split.items()),
        *([section("frontend rollout", *control(split))] if split else []),
        *rate_sections(context.spec),
        _metrics(context.spec),
    )


def _tls_detection() -> list[str]:
    frontend = section(
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
    backends = [section(f"backend to-{name}", "mode tcp", f"server {name} abns@{name} send-proxy-v2") for name in names]
    return [*frontend, *(line for backend in backends for line in ("", *backend))]


def _http(context: DockerContext) -> list[str]:
    port = "" if context.block.entry_port == HTTPS_PORT else f":{context.block.entry_port}"
    return section(
        "frontend plain",
        "bind abns@plain accept-proxy",
        *recorded_values(),
        log_format(),
        # the requested host without its port
        f"http-request redirect code 308 location https://%[hdr(host),field(1,:)]{port}%[capture.req.uri]",
    )


def _https(context: DockerContext) -> list[str]:
    return section(
        "frontend https",
        f"bind abns@https accept-proxy ssl crt {CONFIG_FOLDER}/entry.pem alpn h2,http/1.1",
        *https_rules(context.spec, split_services(context)),
    )


def _backend(name: str, alias: str, service: Service) -> list[str]:
    """Backend of a service; `alias` is the DNS alias of its replicas."""
    return backend(name, alias, service, ReplicaDiscovery(alias, service.replicas.min * SLOTS_PER_REPLICA, DISCOVERY))


def _dev_backend(name: str, service: Service) -> list[str]:
    """Backend of a service that restarts after every edit: a request waits for it, and no check marks it down.

    HAProxy waits for the connect timeout, a second at most, before it connects to the same server again
    (https://docs.haproxy.org/2.6/configuration.html, `retries`).
    """
    return section(
        f"backend {name}",
        "option http-no-delay",
        f"timeout connect {DEV_RETRY_MILLISECONDS}ms",
        f"retries {DEV_WAIT_SECONDS * 1000 // DEV_RETRY_MILLISECONDS}",
        *(session_affinity() if service.app == "streamlit" else []),
        f"server-template {name}- {service.replicas.min * SLOTS_PER_REPLICA} {name}:{service.port} "
        "resolvers docker resolve-prefer ipv4 init-addr none",
    )


def _metrics(spec: Platform) -> list[str]:
    """Metrics for Prometheus, and the readiness that the proxy and Docker check."""
    return section(
        "frontend metrics",
        *(f'bind "{address}:{METRICS_PORT}"' for address in ("${METRICS_ADDRESS}", "${ENTRY_ADDRESS}", "127.0.0.1")),
        *metrics_rules(spec),
    )
