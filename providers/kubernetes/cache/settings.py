"""Memory, volume and configuration file of Valkey. Pure."""

from math import ceil

from providers.contract.spec import CacheSpec
from providers.kubernetes.naming import CONFIG_FOLDER
from providers.kubernetes.network.flows import CACHE_PORT

DATA_FOLDER = "/data"
SECRET_FOLDER = f"{CONFIG_FOLDER}/cache"
CONFIGURATION, PASSWORD, CERTIFICATE, KEY, AUTHORITY = "cache.conf", "password", "tls.crt", "tls.key", "ca.crt"
"""Files of the Secret that the server mounts."""
MIB_PER_GIB = 1024
OVERHEAD, BASE_MIB = 1.25, 64
"""Memory of the container for each byte of entries, and in addition: buffers, fragmentation and pages that a rewrite copies."""
VOLUMES_OF_MEMORY, MIN_VOLUME_GIB = 4, 4
"""The append-only file grows to twice the entries, and a rewrite needs space for a second one."""


def limit_gib(cache: CacheSpec) -> float:
    """Memory of the container, in GiB."""
    return (ceil(cache.memory_gib * MIB_PER_GIB * OVERHEAD) + BASE_MIB) / MIB_PER_GIB


def volume_gib(cache: CacheSpec) -> int:
    """Size of the volume, in GiB."""
    return max(MIN_VOLUME_GIB, ceil(cache.memory_gib * VOLUMES_OF_MEMORY))


def configuration(cache: CacheSpec) -> str:
    """Configuration file of the server, without its password."""
    lines = (
        "port 0",
        f"tls-port {CACHE_PORT}",
        f"tls-cert-file {SECRET_FOLDER}/{CERTIFICATE}",
        f"tls-key-file {SECRET_FOLDER}/{KEY}",
        f"tls-ca-cert-file {SECRET_FOLDER}/{AUTHORITY}",
        # clients authenticate with the password
        "tls-auth-clients no",
        'tls-protocols "TLSv1.2 TLSv1.3"',
        f"maxmemory {round(cache.memory_gib * MIB_PER_GIB)}mb",
        f"maxmemory-policy {cache.eviction}",
        f"dir {DATA_FOLDER}",
        "appendonly yes",
        # no snapshots: they would store the data a second time
        'save ""',
        "appendfsync everysec",
        "bind * -::*",
    )
    return "\n".join(lines) + "\n"


PING = (
    f'REDISCLI_AUTH="$(cat {SECRET_FOLDER}/{PASSWORD})" valkey-cli --tls --cacert {SECRET_FOLDER}/{AUTHORITY}'
    " -h localhost ping | grep -q PONG"
)
"""Command that succeeds when the server answers over TLS to its own password."""
