"""Load of 200 requests per second for a minute to three replicas, and a rolling update under load."""

import time
from uuid import uuid4

from tests.local.host_stack import HostStack
from tests.local.images import service_images
from tests.local.load import RequestSpec, load
from tests.local.reliability import record

REQUESTS_PER_SECOND, SECONDS = 200, 60
CHATS_PER_SECOND = 4
ERROR_PERCENT, P95_SECONDS = 0.1, 2.0
ROLLING_REQUESTS_PER_SECOND = 50


class Mix:
    """Reads of a note in PostgreSQL, and a few chats, each of which needs about 25 ms of CPU."""

    def __init__(self, identifier: str, requests_per_second: int) -> None:
        self.path, self.every = f"/notes/{identifier}", requests_per_second // CHATS_PER_SECOND

    def __call__(self, number: int) -> RequestSpec:
        if number % self.every:
            return self.path, None
        return "/chat", {"message": "What is 17 * 23?", "session_id": uuid4().hex}


def test_two_hundred_requests_per_second_for_a_minute(stack: HostStack) -> None:
    mix = Mix(stack.ask("/notes", {"text": "A note with many readers."}).body["id"], REQUESTS_PER_SECOND)
    with load(stack, REQUESTS_PER_SECOND, mix) as report:
        time.sleep(SECONDS)
    record("200 requests per second for 60 s, 4 of them chats", report.summary(), None, None)
    assert len(report.sent) > 0.99 * REQUESTS_PER_SECOND * SECONDS
    assert report.error_percent < ERROR_PERCENT, report.summary()
    assert report.p95_seconds < P95_SECONDS, report.summary()


def test_a_rolling_update_loses_no_request(stack: HostStack) -> None:
    before = set(stack.replicas("gateway"))
    stack.write({"services.gateway.image": service_images(uuid4().hex[:8])["gateway"]})
    mix = Mix(stack.ask("/notes", {"text": "Read while replicas change."}).body["id"], ROLLING_REQUESTS_PER_SECOND)
    with load(stack, ROLLING_REQUESTS_PER_SECOND, mix) as report:
        start = time.monotonic()
        stack.deployment.up()
        seconds = time.monotonic() - start
        time.sleep(5)
    assert not before & set(stack.replicas("gateway"))
    record("a new image for three replicas, under 50 requests per second", report.summary(), None, seconds)
    assert not report.failed, report.summary()
