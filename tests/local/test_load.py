"""The seed numbers of this product: 200 requests a second for a minute to three copies, and an update beneath them."""

import time
from uuid import uuid4

from tests.local.images import service_images
from tests.local.load import Asked, load
from tests.local.machine import Machine
from tests.local.reliability import note

A_SECOND, SECONDS = 200, 60
CHATS_A_SECOND = 4
ERROR_PERCENT, P95_SECONDS = 0.1, 2.0
ROLLING_A_SECOND = 50


class Mix:
    """Mostly reads of a note in PostgreSQL, now and then a chat, which costs a copy some 25 ms of its CPU."""

    def __init__(self, identifier: str, a_second: int) -> None:
        self.path, self.every = f"/notes/{identifier}", a_second // CHATS_A_SECOND

    def __call__(self, number: int) -> Asked:
        if number % self.every:
            return self.path, None
        return "/chat", {"message": "What is 17 * 23?", "session_id": uuid4().hex}


def test_two_hundred_requests_a_second_for_a_minute(machine: Machine) -> None:
    mix = Mix(machine.ask("/notes", {"text": "A note that many read."}).body["id"], A_SECOND)
    with load(machine, A_SECOND, mix) as report:
        time.sleep(SECONDS)
    note("200 requests a second for 60 s, 4 of them chats", report.told(), None, None)
    assert len(report.sent) > 0.99 * A_SECOND * SECONDS
    assert report.error_percent < ERROR_PERCENT, report.told()
    assert report.p95_seconds < P95_SECONDS, report.told()


def test_a_rolling_update_loses_no_request(machine: Machine) -> None:
    before = set(machine.copies("gateway"))
    machine.write({"services.gateway.image": service_images(uuid4().hex[:8])["gateway"]})
    mix = Mix(machine.ask("/notes", {"text": "Read while copies change."}).body["id"], ROLLING_A_SECOND)
    with load(machine, ROLLING_A_SECOND, mix) as report:
        start = time.monotonic()
        machine.deployment.up()
        seconds = time.monotonic() - start
        time.sleep(5)
    assert not before & set(machine.copies("gateway"))
    note("a new image for three copies, under 50 requests a second", report.told(), None, seconds)
    assert not report.failed, report.told()
