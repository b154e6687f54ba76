"""Redis protocol: Valkey in a container, over TLS and with a password, known as `cache` to the services that use it.

The platform's own authority signs its certificate, so REDIS_URL names that authority's file, as it does on Google Cloud.
What it holds is written to a volume every second: a queue outlives a restart.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.credentials import generated_password, redis_url
from providers.contract.results import Cache
from providers.contract.spec import CacheSpec
from providers.contract.variables import REDIS_CA_FILE
from providers.docker.base.containers import ContainerSpec, create_container, create_volume
from providers.docker.base.keys import Certificate
from providers.docker.base.platform_images import REDIS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.base.secrets import create_secret
from providers.docker.compute.health import own_probe
from providers.docker.compute.sizes import MIB_A_GIB, cache_limit_mib
from providers.docker.database.parameters import CONFIG
from providers.docker.naming import CACHE
from providers.docker.network.plan import DATA
from providers.docker.scripts import script, script_path

PORT = 6379
VCPU = 1
"""One: the protocol is served by one thread."""
FOLDER = "/data"


@dataclass(frozen=True)
class DockerCache(Cache):
    """`password` opens the cache for whoever watches it; secret."""

    password: pulumi.Output[str]


def create_cache(scope: Scope, base: DockerBaseResources) -> DockerCache:
    """One server for the spec's cache."""
    wanted, users, certificate = base.spec.cache, base.spec.users_of("cache"), base.keys.cache
    if wanted is None or certificate is None:
        raise ValueError("the platform has no cache")
    password = generated_password(scope)
    server = _server(scope, base, wanted, password, certificate)
    url = redis_url(password, CACHE, PORT, tls=True, ca_file=REDIS_CA_FILE)
    return DockerCache(
        host=pulumi.Output.from_input(CACHE),
        port=PORT,
        tls=True,
        # a reader that starts before the server answers would be turned away
        url=replace(create_secret(scope, base, "redis-url", url, users), grants=(server,)),
        ca_certificate=create_secret(scope, base, "redis-ca", base.keys.authority, users),
        password=password,
    )


def _server(
    scope: Scope, base: DockerBaseResources, wanted: CacheSpec, password: pulumi.Output[str], certificate: Certificate
) -> docker.Container:
    image = base.image(REDIS)
    volume = create_volume(scope, base.context, "data", image)
    box = ContainerSpec(
        image=image,
        memory_mib=cache_limit_mib(wanted.memory_gib),
        vcpu=VCPU,
        seats=[base.seat(DATA, CACHE), *base.beside("cache", CACHE)],
        entrypoint=["/bin/sh", script_path("cache")],
        files={
            script_path("cache"): script("cache"),
            script_path("cache-health"): script("cache-health"),
            f"{CONFIG}/ca.pem": base.keys.authority,
            f"{CONFIG}/cache.conf": pulumi.Output.secret(
                pulumi.Output.concat(configuration(wanted), "requirepass ", password, "\n")
            ),
            f"{CONFIG}/password": password,
            f"{CONFIG}/server.crt": certificate.certificate,
            f"{CONFIG}/server.key": certificate.key,
        },
        volumes={FOLDER: volume.name},
        probe=own_probe("/bin/sh", script_path("cache-health")),
    )
    # two servers on one volume would destroy it
    return create_container(scope, base.context, "server", box, [volume.ready], replace_first=True)


def configuration(wanted: CacheSpec) -> str:
    """The server's file but for its password."""
    lines = (
        "port 0",
        f"tls-port {PORT}",
        f"tls-cert-file {CONFIG}/server.crt",
        f"tls-key-file {CONFIG}/server.key",
        f"tls-ca-cert-file {CONFIG}/ca.pem",
        # clients prove themselves by the password
        "tls-auth-clients no",
        'tls-protocols "TLSv1.2 TLSv1.3"',
        f"maxmemory {round(wanted.memory_gib * MIB_A_GIB)}mb",
        f"maxmemory-policy {wanted.eviction}",
        f"dir {FOLDER}",
        "appendonly yes",
        # the log alone is kept: a second copy of all would be written beside it
        'save ""',
        "appendfsync everysec",
        "bind * -::*",
    )
    return "\n".join(lines) + "\n"
