"""Wakes the worker over Redis; that it could not be woken is counted and otherwise no failure.

What the worker has to do stands in the database, and it looks there by itself every half minute.
"""

import asyncio

from celery import Celery
from kombu.exceptions import OperationalError
from measures import HANDOVERS
from shared.notes import DIGEST_TASK

PATIENCE_SECONDS = 2
TRANSPORT = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS, "max_retries": 1}
ONCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}


class Worker:
    """The way to the worker; without a REDIS_URL nobody is woken."""

    def __init__(self, redis_url: str | None) -> None:
        self._celery = Celery("gateway", broker=redis_url) if redis_url else None
        if self._celery:
            self._celery.conf.update(broker_transport_options=TRANSPORT, task_ignore_result=True)

    async def wake(self) -> bool:
        """True when the message stands in Redis."""
        if self._celery is None:
            return False
        try:
            async with asyncio.timeout(3 * PATIENCE_SECONDS):
                await asyncio.to_thread(self._send, self._celery)
        except (OperationalError, OSError, TimeoutError):
            HANDOVERS.labels("failed").inc()
            return False
        HANDOVERS.labels("sent").inc()
        return True

    @staticmethod
    def _send(celery: Celery) -> None:
        celery.send_task(DIGEST_TASK, retry_policy=ONCE)
