"""Configuration of HAProxy on a cluster. Pure.

The rules are those of the Docker host (`providers.contract.haproxy`). Replicas are found through the cluster's DNS, whose
domain is in /etc/resolv.conf: HAProxy resolves full names only, so the start script passes the first search domain, which
is that of the namespace.
"""

from collections.abc import Mapping

from providers.contract.haproxy.sections import (
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
)
from providers.contract.naming import CONFIG_FOLDER, next_part
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import Platform, Service
from providers.kubernetes.compute.rollout_limits import split_services, weights_of
from providers.kubernetes.naming import replicas_service

HTTPS_PORT, HTTP_PORT, METRICS_PORT = 8443, 8080, 8404
"""Ports of the container; ports below 1024 would need a capability."""
CERTIFICATE_FOLDER = "/etc/agent-platform-tls"
CERTIFICATE_FILE = f"{CERTIFICATE_FOLDER}/entry.pem"
"""Certificate; HAProxy reads its key from the file with `.key` behind (`ssl-load-extra-files`)."""
CONFIGURATION_FILE, SCRIPT_FILE = "haproxy.cfg", "entry.sh"
DISCOVERY = "resolvers cluster resolve-prefer ipv4 init-addr none"
RELOAD_SECONDS = 30
START_SCRIPT = f"""\
# Starts HAProxy, and lets it read its certificate again when cert-manager has renewed it.
STARTED=$(date +%s)
SEARCH_DOMAIN=$(awk '$1 == "search" {{ print $2 }}' /etc/resolv.conf)
export STARTED SEARCH_DOMAIN
fingerprint() {{ cat {CERTIFICATE_FOLDER}/* | cksum; }}
haproxy -W -db -f {CONFIG_FOLDER}/{CONFIGURATION_FILE} &
master=$!
ending=
trap 'ending=1; kill -USR1 "$master"' TERM INT
known=$(fingerprint)
while [ -z "$ending" ] && kill -0 "$master" 2>/dev/null; do
    sleep {RELOAD_SECONDS} &
    wait "$!"
    found=$(fingerprint)
    if [ -z "$ending" ] && [ "$found" != "$known" ]; then
        known=$found
        kill -USR2 "$master"
    fi
done
wait "$master"
"""
"""A renewed certificate appears in the mounted folder; USR2 reloads HAProxy, and USR1 ends it after the last connection
(https://docs.haproxy.org/3.2/management.html#4)."""


def configuration(spec: Platform) -> str:
    """File of HAProxy."""
    split = split_services(spec)
    return file_text(
        global_section(drain_seconds(spec, spec.public.values())),
        resolvers("cluster", "parse-resolv-conf"),
        defaults(spec),
        section(
            "frontend plain",
            f"bind :{HTTP_PORT}",
            "option httplog",
            "http-request redirect code 308 location https://%[hdr(host),field(1,:)]%[capture.req.uri]",
        ),
        section(
            "frontend https",
            f"bind :{HTTPS_PORT} ssl crt {CERTIFICATE_FILE} alpn h2,http/1.1",
            *https_rules(spec, split),
        ),
        *(_backend(name, name, service) for name, service in spec.public.items()),
        *(_backend(name, next_part(name), service) for name, service in split.items()),
        *rate_sections(spec),
        section("frontend metrics", f"bind :{METRICS_PORT}", *metrics_rules(spec)),
    )


def _backend(name: str, title: str, service: Service) -> list[str]:
    host = f'"{replicas_service(title)}.${{SEARCH_DOMAIN}}"'
    return backend(name, title, service, ReplicaDiscovery(host, service.replicas.max * SLOTS_PER_REPLICA, DISCOVERY))


def map_text(spec: Platform, positions: Mapping[str, RolloutPosition]) -> str:
    """Share of the requests of each new revision, in percent."""
    return "".join(
        f"{name} {100 - weights_of(name, positions.get(name))[0].percent}\n" for name in split_services(spec)
    )
