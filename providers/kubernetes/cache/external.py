"""Cache that is an external server: `cache` alone can be one, and only with `kubernetes.cache.external`. Pure."""

from providers.contract.spec import CacheInstance, Platform
from providers.kubernetes.context import block_of


def is_external(spec: Platform, cache: CacheInstance) -> bool:
    """True for a cache whose server the stack secret REDIS_URL names."""
    return not cache.name and block_of(spec).cache.external


def own_caches(spec: Platform) -> tuple[CacheInstance, ...]:
    """Return the caches that the platform runs itself."""
    return tuple(cache for cache in spec.all_caches if not is_external(spec, cache))
