"""Settings of the cache that a cluster refuses or adjusts. Pure."""

from collections.abc import Iterator
from typing import cast

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.json_data import Raw
from providers.contract.spec import CacheSpec, Platform
from providers.contract.spec.defaults import complete
from providers.kubernetes.cache.settings import volume_gib
from providers.kubernetes.context import block_of


def cache_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """High availability of the platform's own cache, and settings of an external one."""
    if spec.cache is None:
        return []
    if block_of(spec).cache.external:
        return list(_settings_of_external(spec, spec.cache))
    return list(_availability(spec.cache))


def _availability(cache: CacheSpec) -> Iterator[Diagnostic]:
    if cache.high_availability:
        yield Unsupported(
            "kubernetes",
            "cache.high_availability",
            problem="the platform's own Valkey is one pod, which restarts on another node with its volume",
            fix="set kubernetes.cache.external and the secret REDIS_URL, or cache.high_availability to false",
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
    """Volume of the platform's own cache; an external one as a whole."""
    if spec.cache is None:
        return []
    if block_of(spec).cache.external:
        reason = "an external server, of which the platform knows the URL only; its certificate must be of a public authority"
        eviction = "set this on the server of REDIS_URL; here it only says whether queued jobs are kept"
        return [
            Adjustment("cache", requested="external", effect=Effect.PARTIAL, reason=reason),
            Adjustment("cache.eviction", requested=spec.cache.eviction, effect=Effect.IGNORED, reason=eviction),
        ]
    reason = f"a volume of {volume_gib(spec.cache)} GiB keeps the entries, which grows with this key and never shrinks"
    return [Adjustment("cache.memory_gib", requested=spec.cache.memory_gib, effect=Effect.PARTIAL, reason=reason)]


def copies_of(cache: CacheSpec) -> str:
    """Return the copies of a cache's data, as a phrase."""
    return "every change in a volume, without a copy of it"
