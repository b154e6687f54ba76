"""Wakes the worker over Redis; that it could not be woken is counted and otherwise no failure.

What the worker has to do stands in the database, and it looks there by itself every half minute.
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
"""Nobody is woken for so long after a try has failed: a Redis that is full or away must slow no request down."""
AT_ONCE = 4
"""Tries under way; whoever comes meanwhile need not wait for another one."""


class Worker:
    """The way to the worker; without a REDIS_URL nobody is woken."""

    def __init__(self, redis_url: str | None) -> None:
        self._celery = Celery("gateway", broker=redis_url) if redis_url else None
        if self._celery:
            self._celery.conf.update(broker_transport_options=TRANSPORT, task_ignore_result=True)
        self._under_way, self._paused_until = 0, 0.0

    async def wake(self) -> bool:
        """True when the message stands in Redis."""
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
