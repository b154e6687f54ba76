"""Worker: Celery on Redis, which digests the pending notes of the database.

A task only triggers a check: pending notes and their digests are in the database and change in one transaction. A task
that runs twice, or a replica that is killed during one, does no harm, and no result backend is needed.
"""

import os
import threading
from functools import cache
from typing import Any

import digests
from celery import Celery
from celery.signals import setup_logging, task_prerun, worker_ready
from celery.utils.log import get_task_logger
from kombu.exceptions import OperationalError as RedisAway
from shared import notes
from shared.logs import REQUEST_ID, write_json_lines
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

LOG = get_task_logger(__name__)
BATCH = 20
SWEEP_SECONDS = int(os.environ.get("SWEEP_SECONDS", "30"))
"""Maximum time until a note is digested when its message was lost."""
CONNECTION = {"connect_timeout": 3, "tcp_user_timeout": 5000, "options": "-c statement_timeout=10000"}
CLOCK = threading.Event()

for name in ("REDIS_URL", "DATABASE_URL"):
    if not os.environ.get(name):
        raise SystemExit(f"{name} is not set; the platform sets it, and by hand it is exported before the start")

app = Celery("worker", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_concurrency=int(os.environ.get("WORKER_CONCURRENCY", "1")),
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": 300},
)


@cache
def database() -> Engine:
    """One pool per process, created on first use, because a connection does not survive the fork of Celery's processes."""
    return create_engine(os.environ["DATABASE_URL"], pool_size=1, pool_pre_ping=True, connect_args=CONNECTION)


@app.task(
    name=notes.DIGEST_TASK,
    autoretry_for=(OperationalError,),
    max_retries=5,
    retry_backoff=True,
    retry_backoff_max=30,
)
def digest() -> int:
    """Digest all pending notes and return their number; retried while the database is unavailable."""
    done = 0
    while found := _digest_some():
        done += found
    if done:
        LOG.info("digested %d notes", done)
    return done


def _digest_some() -> int:
    with database().begin() as connection:
        if connection.execute(text("SELECT to_regclass('notes')")).scalar() is None:
            return 0  # the gateway has not created the table yet, so there are no notes
        rows = connection.execute(text(notes.PENDING), {"limit": BATCH}).all()
        for row in rows:
            done = {"id": row.id, "summary": digests.summary(row.body), "embedding": digests.embedding(row.body)}
            connection.execute(text(notes.DIGESTED), done)
    return len(rows)


@setup_logging.connect
def configure_logs(**settings: Any) -> None:
    """Write JSON lines in place of Celery's own format."""
    write_json_lines(settings.get("loglevel") or "INFO")


@task_prerun.connect
def identify(task_id: str, **_: Any) -> None:
    """Name the task in the lines that it writes."""
    REQUEST_ID.set(task_id)


@worker_ready.connect
def begin(sender: Any, **_: Any) -> None:  # Celery's consumer has no type
    """Check for notes at once, and start the periodic check.

    `worker_ready` is sent after each new connection to Redis; the periodic check is started once.
    """
    look()
    if not CLOCK.is_set():
        CLOCK.set()
        sender.timer.call_repeatedly(SWEEP_SECONDS, look)


def look() -> None:
    """Send the replicas of the worker a message to check for pending notes."""
    try:
        app.send_task(notes.DIGEST_TASK, retry=False)
    except RedisAway:
        LOG.warning("Redis does not answer; pending notes wait")
