"""Messages to the worker over Redis; a message that cannot be sent is counted and is not an error.

Pending notes are in the database, which the worker also checks every 30 seconds without a message.
"""

import asyncio
import time

from celery import Celery
from kombu.exceptions import OperationalError
from measures import HANDOVERS
from redis.exceptions import RedisError
from shared.notes import DIGEST_TASK

PATIENCE_SECONDS = 2
TRANSPORT = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS, "max_retries": 1}
ONCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}


PAUSE_SECONDS = 5
"""Time without messages after a failure, so that an unavailable or full Redis does not slow down requests."""
AT_ONCE = 4
"""Messages that are being sent; another one at the same time is not needed."""


class Worker:
    """Client of the worker's queue; without REDIS_URL no messages are sent."""

    def __init__(self, redis_url: str | None) -> None:
        self._celery = Celery("gateway", broker=redis_url) if redis_url else None
        if self._celery:
            self._celery.conf.update(broker_transport_options=TRANSPORT, task_ignore_result=True)
        self._under_way, self._paused_until = 0, 0.0

    async def wake(self) -> bool:
        """Send a message; True when Redis has accepted it."""
        if self._celery is None:
            return False
        if self._under_way >= AT_ONCE or time.monotonic() < self._paused_until:
            HANDOVERS.labels("skipped").inc()
            return False
        self._under_way += 1
        try:
            sent = await self._sent(self._celery)
        finally:
            self._under_way -= 1
        if not sent:
            self._paused_until = time.monotonic() + PAUSE_SECONDS
        HANDOVERS.labels("sent" if sent else "failed").inc()
        return sent

    @staticmethod
    async def _sent(celery: Celery) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.to_thread(celery.send_task, DIGEST_TASK, retry_policy=ONCE)
        except (OperationalError, RedisError, OSError, TimeoutError):
            return False
        return True
