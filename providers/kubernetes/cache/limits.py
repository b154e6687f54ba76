"""Settings of the cache that a cluster refuses or adjusts. Pure."""

from collections.abc import Iterator
from math import ceil
from typing import cast

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.json_data import Raw
from providers.contract.spec import CacheInstance, CacheSettings, CacheSpec, Platform
from providers.contract.spec.defaults import complete
from providers.kubernetes.cache.external import own_caches
from providers.kubernetes.context import block_of
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


def limit_gib(cache: CacheSettings) -> float:
    """Memory of the container, in GiB."""
    return (ceil(cache.memory_gib * MIB_PER_GIB * OVERHEAD) + BASE_MIB) / MIB_PER_GIB


def volume_gib(cache: CacheSettings) -> int:
    """Size of the volume, in GiB."""
    return max(MIN_VOLUME_GIB, ceil(cache.memory_gib * VOLUMES_OF_MEMORY))


def configuration(cache: CacheSettings) -> str:
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


def cache_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """High availability of the platform's own caches, and settings of an external one."""
    external = spec.cache is not None and block_of(spec).cache.external
    of_external = _settings_of_external(spec, spec.cache) if external and spec.cache is not None else ()
    return [*of_external, *(each for cache in own_caches(spec) for each in _availability(cache))]


def _availability(cache: CacheInstance) -> Iterator[Diagnostic]:
    if cache.settings.high_availability:
        elsewhere = "" if cache.name else "set kubernetes.cache.external and the secret REDIS_URL, or "
        yield Unsupported(
            "kubernetes",
            f"{cache.key}.high_availability",
            problem="the platform's own Valkey is one pod, which restarts on another node with its volume",
            fix=f"{elsewhere or 'set '}{cache.key}.high_availability to false",
        )


def _settings_of_external(spec: Platform, cache: CacheSpec) -> Iterator[Diagnostic]:
    """Every setting with another value than the profile's default, which the stack file therefore contains."""
    defaults = default_cache(spec).model_dump()
    for key, value in cache.model_dump().items():
        # services with a queue require a statement that no entry is evicted
        if value != defaults[key] and key != "eviction":
            problem = "the server of REDIS_URL is configured by its operator"
            yield Unsupported("kubernetes", f"cache.{key}", problem, "remove the key, and set it on the server itself")


def default_cache(spec: Platform) -> CacheSpec:
    """Return the cache of a stack file that sets none of its keys."""
    completed = complete({"profile": spec.profile, "cloud": spec.cloud, "services": {}, "cache": {}})
    return CacheSpec.model_validate(cast("Raw", completed["cache"]))


def cache_adjustments(spec: Platform) -> list[Adjustment]:
    """Volumes of the platform's own caches; an external one as a whole."""
    return [*_external(spec), *map(_volume, own_caches(spec))]


def _external(spec: Platform) -> list[Adjustment]:
    if spec.cache is not None and block_of(spec).cache.external:
        reason = "an external server, of which the platform knows the URL only; its certificate must be of a public authority"
        eviction = "set this on the server of REDIS_URL; here it only says whether queued jobs are kept"
        return [
            Adjustment("cache", requested="external", effect=Effect.PARTIAL, reason=reason),
            Adjustment("cache.eviction", requested=spec.cache.eviction, effect=Effect.IGNORED, reason=eviction),
        ]
    return []


def _volume(cache: CacheInstance) -> Adjustment:
    size = volume_gib(cache.settings)
    reason = f"a volume of {size} GiB keeps the entries, which grows with this key and never shrinks"
    return Adjustment(f"{cache.key}.memory_gib", cache.settings.memory_gib, Effect.PARTIAL, reason)


def copies_of(cache: CacheSettings) -> str:
    """Return the copies of a cache's data, as a phrase."""
    return "every change in a volume, without a copy of it"
