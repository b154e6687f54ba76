"""Redis-compatible caches: Valkey in a container, with TLS and a password, reached as `cache` or `cache-NAME` by its users.

The stack's authority signs the certificate, so REDIS_URL names the file of that authority, as on Google Cloud. The
append-only file is synced to a volume every second, so that a queue survives a restart.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.credentials import generated_password, redis_url
from providers.contract.results import Cache
from providers.contract.spec import CacheInstance, CacheSettings
from providers.contract.variables import cache_ca_file
from providers.docker.base.containers import ContainerSpec, create_container, create_volume, script, script_path
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


def create_cache(scope: Scope, base: DockerBaseResources, cache: CacheInstance) -> DockerCache:
    """Server of a cache."""
    password = generated_password(scope)
    server = _server(scope, base, cache, password)
    url = redis_url(password, cache.part, PORT, tls=True, ca_file=cache_ca_file(cache.key))
    return DockerCache(
        host=pulumi.Output.from_input(cache.part),
        port=PORT,
        tls=True,
        # a service that starts before the server is healthy could not connect
        url=replace(secret_reference("redis-url", url), grants=(server,)),
        ca_certificate=secret_reference("redis-ca", base.keys.authority),
        password=password,
    )


def _server(
    scope: Scope, base: DockerBaseResources, cache: CacheInstance, password: pulumi.Output[str]
) -> docker.Container:
    image, certificate, settings = base.image(REDIS), base.keys.caches[cache.part], cache.settings
    volume = create_volume(scope, base.context, "data", image)
    container = ContainerSpec(
        image=image,
        memory_mib=cache_limit_mib(settings.memory_gib),
        vcpu=VCPU,
        networks=[base.attachment(DATA, cache.part), *base.user_attachments(cache.key, cache.part)],
        entrypoint=["/bin/sh", script_path("cache")],
        files={
            script_path("cache"): script("cache"),
            # the certificate is for the name of this server
            script_path("cache-health"): script("cache-health").replace(f"-h {CACHE} ", f"-h {cache.part} "),
            f"{CONFIG_FOLDER}/ca.pem": base.keys.authority,
            f"{CONFIG_FOLDER}/cache.conf": pulumi.Output.secret(
                pulumi.Output.concat(configuration(settings), "requirepass ", password, "\n")
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


def configuration(settings: CacheSettings) -> str:
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
        f"maxmemory {round(settings.memory_gib * MIB_PER_GIB)}mb",
        f"maxmemory-policy {settings.eviction}",
        f"dir {DATA_FOLDER}",
        "appendonly yes",
        # no snapshots: they would store the data a second time
        'save ""',
        "appendfsync everysec",
        "bind * -::*",
    )
    return "\n".join(lines) + "\n"
