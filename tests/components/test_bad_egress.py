"""Hosts outside and caches that a stack file must not have: one error each, with key, problem and fix."""

from collections.abc import Mapping

import pytest

from components.validation.parse import parse
from tests.components.test_bad_input import messages
from tests.planning import production

ERRORS: dict[str, tuple[Mapping[str, object], str]] = {
    "a host outside with a scheme": (
        {"services.chat.egress": [{"host": "https://api.example.com"}]},
        'services.chat.egress[0].host: "https://api.example.com" has a scheme. Write the host alone, like db.example.com, and the port beside it.',
    ),
    "a host outside with a port": (
        {"services.chat.egress": [{"host": "db.example.com:5432"}]},
        'services.chat.egress[0].host: "db.example.com:5432" has a port. Write the host alone, and the port under `port`.',
    ),
    "a host outside with a path": (
        {"services.chat.egress": [{"host": "api.example.com/v1"}]},
        'services.chat.egress[0].host: "api.example.com/v1" has a path. Write the host alone, like db.example.com.',
    ),
    "a wildcard for hosts outside": (
        {"services.chat.egress": [{"host": "*.example.com"}]},
        'services.chat.egress[0].host: "*.example.com" is a wildcard. List each host by its full name.',
    ),
    "an address for a host outside": (
        {"services.chat.egress": [{"host": "198.51.100.7", "port": 5432}]},
        'services.chat.egress[0].host: "198.51.100.7" is an address. Use the DNS name of the host.',
    ),
    "a host outside in upper case": (
        {"services.chat.egress": [{"host": "DB.example.com", "port": 5432}]},
        'services.chat.egress[0].host: "DB.example.com" is not a DNS name. Write it in lower case, like db.example.com.',
    ),
    "the port of mail servers": (
        {"services.chat.egress": [{"host": "mail.example.com", "port": 25}]},
        "services.chat.egress[0].port: 25 is blocked by the clouds, which deliver no mail directly. Use 587 of a mail service.",
    ),
    "a host outside that is listed twice": (
        {"services.chat.egress": [{"host": "api.example.com"}, {"host": "api.example.com", "port": 443}]},
        "services.chat.egress: api.example.com:443 is listed twice. List it once.",
    ),
    "a host outside without outbound access": (
        {"network.egress": "none", "services.chat.egress": [{"host": "db.example.com", "port": 5432}]},
        "services.chat.egress: no host outside can be reached with `network.egress: none`. Set network.egress to per_zone or single, or remove this key.",
    ),
    "outbound rules of the network": (
        {"network.egress_rules": [{"host": "db.example.com", "port": 5432}]},
        "network.egress_rules: unknown key: hosts and ports outside are listed for each service. List them under services.<name>.egress as {host: db.example.com, port: 5432}, and remove this key.",
    ),
    "a queue in a cache that evicts every key": (
        {"cache.eviction": "allkeys-lru"},
        "cache.eviction: with allkeys-lru, a full cache deletes queued jobs of worker. Set it to noeviction, or to volatile-lru where cached values expire; a cache under `caches` may evict them.",
    ),
    "a queue in a cache with the default policy": (
        {"cache": {}},
        "cache.eviction: with allkeys-lru, a full cache deletes queued jobs of worker. Set it to noeviction, or to volatile-lru where cached values expire; a cache under `caches` may evict them.",
    ),
    "a queue without a cache": (
        {"queue": {}},
        "queue: unknown key: a queue is kept in the cache, which services reach by REDIS_URL. Set `cache.eviction` to noeviction, put what may be evicted into a cache under `caches`, and remove this key.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_names_key_problem_and_fix(changes: Mapping[str, object], message: str) -> None:
    lines = messages(changes)
    assert lines.count(message) == 1, lines
    assert all(line.endswith(".") and "\n" not in line for line in lines)


@pytest.mark.parametrize(
    "changes",
    [
        *({"cache.eviction": policy} for policy in ("noeviction", "volatile-lru", "volatile-ttl")),
        {"cache.eviction": "allkeys-lru", "services.worker.uses": ["database"]},
    ],
)
def test_a_cache_that_keeps_queued_jobs_is_accepted(changes: Mapping[str, object]) -> None:
    assert parse(production(changes), "prod").cache
