"""Keys of caches with other values, for the list of every key."""

from collections.abc import Mapping

MAIN: Mapping[str, object] = {"cache": {}, "services.web.uses": ["cache"]}
NAMED: Mapping[str, object] = {"caches.answers": {}, "services.web.uses": ["caches.answers"]}
CACHE_KEYS: tuple[tuple[str, object, Mapping[str, object]], ...] = (
    ("cache", {}, {}),
    ("cache.memory_gib", 6, MAIN),
    ("cache.high_availability", True, MAIN),
    ("cache.eviction", "noeviction", MAIN),
    ("caches.answers.memory_gib", 6, NAMED),
    ("caches.answers.high_availability", True, NAMED),
    ("caches.answers.eviction", "volatile-lru", NAMED),
)
"""Key, another value for it, and the values that it depends on."""
