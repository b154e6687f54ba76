"""Redis-compatible cache: Valkey in a container, with TLS and a password, reached as `cache` by its users.

The stack's authority signs the certificate, so REDIS_URL names the file of that authority, as on Google Cloud. The
append-only file is synced to a volume every second, so that a queue survives a restart.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.credentials import generated_password, redis_url
from providers.contract.results import Cache
from providers.contract.spec import CacheSpec
from providers.contract.variables import REDIS_CA_FILE
from providers.docker.base.containers import ContainerSpec, create_container, create_volume, script, script_path
from providers.docker.base.keys import Certificate
from providers.docker.base.platform_images import REDIS
from providers.docker.base.resources import DockerBaseResources, secret_reference
from providers.docker.compute.health import platform_probe
from providers.docker.compute.sizes import MIB_PER_GIB, cache_limit_mib
from providers.docker.naming import CACHE, CONFIG_FOLDER
from providers.docker.network.flows import DATA

PORT = 6379
VCPU = 1
"""One: a single thread serves the protocol."""
DATA_FOLDER = "/data"


@dataclass(frozen=True)
class DockerCache(Cache):
    """Cache; `password` is secret and also used by the exporter."""

    password: pulumi.Output[str]


def create_cache(scope: Scope, base: DockerBaseResources) -> DockerCache:
    """Server for the spec's cache."""
    spec, certificate = base.spec.cache, base.keys.cache
    if spec is None or certificate is None:
        raise ValueError("the platform has no cache")
    password = generated_password(scope)
    server = _server(scope, base, spec, password, certificate)
    url = redis_url(password, CACHE, PORT, tls=True, ca_file=REDIS_CA_FILE)
    return DockerCache(
        host=pulumi.Output.from_input(CACHE),
        port=PORT,
        tls=True,
        # a service that starts before the server is healthy could not connect
        url=replace(secret_reference("redis-url", url), grants=(server,)),
        ca_certificate=secret_reference("redis-ca", base.keys.authority),
        password=password,
    )


def _server(
    scope: Scope, base: DockerBaseResources, spec: CacheSpec, password: pulumi.Output[str], certificate: Certificate
) -> docker.Container:
    image = base.image(REDIS)
    volume = create_volume(scope, base.context, "data", image)
    container = ContainerSpec(
        image=image,
        memory_mib=cache_limit_mib(spec.memory_gib),
        vcpu=VCPU,
        networks=[base.attachment(DATA, CACHE), *base.user_attachments("cache", CACHE)],
        entrypoint=["/bin/sh", script_path("cache")],
        files={
            script_path("cache"): script("cache"),
            script_path("cache-health"): script("cache-health"),
            f"{CONFIG_FOLDER}/ca.pem": base.keys.authority,
            f"{CONFIG_FOLDER}/cache.conf": pulumi.Output.secret(
                pulumi.Output.concat(configuration(spec), "requirepass ", password, "\n")
            ),
            f"{CONFIG_FOLDER}/password": password,
            f"{CONFIG_FOLDER}/server.crt": certificate.certificate,
            f"{CONFIG_FOLDER}/server.key": certificate.key,
        },
        volumes={DATA_FOLDER: volume.name},
        probe=platform_probe("/bin/sh", script_path("cache-health")),
    )
    # two servers on one volume would corrupt it
    return create_container(scope, base.context, "server", container, [volume.ready], delete_before_replace=True)


def configuration(spec: CacheSpec) -> str:
    """Configuration file of the server, without its password."""
    lines = (
        "port 0",
        f"tls-port {PORT}",
        f"tls-cert-file {CONFIG_FOLDER}/server.crt",
        f"tls-key-file {CONFIG_FOLDER}/server.key",
        f"tls-ca-cert-file {CONFIG_FOLDER}/ca.pem",
        # clients authenticate with the password
        "tls-auth-clients no",
        'tls-protocols "TLSv1.2 TLSv1.3"',
        f"maxmemory {round(spec.memory_gib * MIB_PER_GIB)}mb",
        f"maxmemory-policy {spec.eviction}",
        f"dir {DATA_FOLDER}",
        "appendonly yes",
        # no snapshots: they would store the data a second time
        'save ""',
        "appendfsync everysec",
        "bind * -::*",
    )
    return "\n".join(lines) + "\n"
