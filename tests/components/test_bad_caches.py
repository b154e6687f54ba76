"""Refusals of caches: names, uses, variables, sizes, and what a cloud cannot do."""

from collections.abc import Mapping

import pytest

from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import InvalidConfiguration
from tests.contract.test_caches import SERVICE, TWO, raw


def errors(changes: Mapping[str, object], cloud: str = "aws", stack: str = "trial") -> list[str]:
    with pytest.raises(InvalidConfiguration) as refused:
        stack_of(stack, {PLATFORM_KEY: raw(cloud, {**TWO, **changes})})
    return [str(each) for each in refused.value.diagnostics]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"services.web.uses": ["caches.answer"]}, "services.web.uses: there is no caches.answer (did you mean answers). Add `caches: {answer: {}}`"),
        ({"services.web.uses": ["caches"]}, 'services.web.uses[0]: "caches" names no cache. Write caches.NAME'),
        ({"services.web.uses": ["caches:answers"]}, "names no cache"),
        ({"services.web.uses": ["answers"]}, '"answers" is not one of the allowed values. Use database, cache, storage or models.'),
        ({"services.web.uses": ["caches.answers", "caches.answers"]}, "caches.answers is listed twice"),
        ({"caches.cache": {}}, "caches.cache: cache is the name of another one"),
        ({"caches.Answers": {}}, "caches.Answers: this name cannot be used. Use lower-case letters"),
        ({"caches.a--b": {}}, "caches.a--b: this name cannot be used"),
        ({"caches": {name: {} for name in ("answers", "b", "c")}}, "caches: too many entries. Use 2 at most."),
        ({"caches.answers.evict": "x"}, "caches.answers.evict: unknown key (did you mean eviction)"),
        ({"caches.answers.existing": {"url": "X", "host": "h.example.com"}}, "an additional cache is always created by the platform"),
        ({"caches.answers.eviction": "lru"}, 'caches.answers.eviction: "lru" is not one of the allowed values'),
        ({"services.cache-answers": dict(SERVICE)}, "services.cache-answers: the platform uses this name itself"),
        ({"jobs.cache-answers": {"service": "web", "schedule": "0 3 * * *", "command": ["a"]}}, "jobs.cache-answers: the platform uses"),
        ({"services.web.secrets": ["ANSWERS_REDIS_URL"]}, "the platform sets ANSWERS_REDIS_URL itself"),
        ({"services.web.environment": {"ANSWERS_REDIS_URL": "x"}}, "the platform sets ANSWERS_REDIS_URL itself"),
        (
            {"services.answers-redis": dict(SERVICE), "services.web.calls": ["answers-redis"]},
            "caches.answers: web would have ANSWERS_REDIS_URL twice",
        ),
        ({"caches.answers.memory_gib": 600}, "caches.answers.memory_gib: 600 is too large"),
        (
            {"cache.eviction": "allkeys-lru", "services.queue": {"app": "celery", "image": "a:1.0", "uses": ["cache"]}},
            "cache.eviction: with allkeys-lru, a full cache deletes queued jobs of queue",
        ),
        ({"queue": {}}, "put what may be evicted into a cache under `caches`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changes: Mapping[str, object], expected: str) -> None:
    found = errors(changes)
    assert [error for error in found if expected in error], found


def test_a_worker_may_have_answers_that_are_evicted() -> None:
    celery = {"services.queue": {"app": "celery", "image": "a:1.0", "uses": ["cache", "caches.answers"]}}
    assert stack_of("trial", {PLATFORM_KEY: raw("aws", {**TWO, **celery})}).spec.users_of("caches.answers")


@pytest.mark.parametrize(
    ("cloud", "changes", "expected"),
    [
        ("aws", {"caches.answers.memory_gib": 500}, "caches.answers.memory_gib: not supported on aws: 500 GiB exceeds"),
        ("gcp", {"caches.answers.memory_gib": 301}, "caches.answers.memory_gib: not supported on gcp: 301 GiB"),
        ("azure", {"caches.answers.memory_gib": 25}, "caches.answers.memory_gib: not supported on azure: 25 GiB"),
        ("docker", {"caches.answers.high_availability": True}, "caches.answers.high_availability: not supported on docker"),
        (
            "kubernetes",
            {"caches.answers.high_availability": True},
            "which restarts on another node with its volume. Set caches.answers.high_availability to false.",
        ),
    ],
)  # fmt: skip
def test_a_cloud_refuses_what_it_cannot_do(cloud: str, changes: Mapping[str, object], expected: str) -> None:
    found = errors(changes, cloud)
    assert [error for error in found if expected in error], found


@pytest.mark.parametrize(
    ("cloud", "kind", "allowed", "excess"),
    [("aws", "cache", 40, 2), ("gcp", "Memorystore instance", 40, 10), ("azure", "additional cache", 60, 0)],
)
def test_a_name_that_the_cloud_does_not_allow_is_refused(cloud: str, kind: str, allowed: int, excess: int) -> None:
    name, stack = "twenty-characters-aa", "a-stack-of-15-x"
    found = errors({f"caches.{name}": {}, "services.web.uses": ["caches.none"]}, cloud, stack)
    refused = [each for each in found if each.startswith(f"caches.{name}: not supported on {cloud}")]
    assert len(refused) == bool(excess)
    for each in refused:
        assert f"the name of its {kind} would have {allowed + excess} characters" in each


def test_production_refuses_an_additional_cache_in_one_zone() -> None:
    found = errors({"profile": "production", "caches.answers.high_availability": False})
    assert [each for each in found if each.startswith("caches.answers.high_availability: runs in a single zone")]
