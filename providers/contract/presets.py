"""Clouds, profiles and kinds of applications that a stack file chooses from, and the defaults of each kind of application.

Apart from the spec, whose models load pydantic: the options of the command line need the names alone.
"""

from dataclasses import dataclass
from typing import Literal

CloudName = Literal["aws", "gcp", "azure", "docker", "kubernetes"]
Profile = Literal["production", "staging", "development"]
AuthMode = Literal["none", "api_key", "jwt", "oidc"]
App = Literal["agentos", "fastapi", "streamlit", "django", "celery", "custom"]


@dataclass(frozen=True)
class Preset:
    """Defaults of one kind of application; without a port it is a worker that accepts no connections."""

    port: int | None
    health_path: str | None
    command: tuple[str, ...] = ()
    health_command: tuple[str, ...] = ()
    web_concurrency: bool = False
    """True for servers that fork one process per core; WEB_CONCURRENCY is then the number of vCPUs."""
    environment: tuple[tuple[str, str], ...] = ()
    """Plain variables; `{keep_alive_seconds}` is the time that the server keeps an idle connection open."""
    plain_database_url: bool = False
    """True for frameworks that refuse the SQLAlchemy scheme: DATABASE_URL is then `postgresql://...`."""


UVICORN = (("UVICORN_TIMEOUT_KEEP_ALIVE", "{keep_alive_seconds}"),)
"""Read by the command `uvicorn` (https://www.uvicorn.org/settings/), not by `uvicorn.run()` inside a program."""
GUNICORN = (("GUNICORN_CMD_ARGS", "--keep-alive={keep_alive_seconds}"),)
"""Read by gunicorn before its command line (https://docs.gunicorn.org/en/stable/settings.html); its sync workers close every
connection and ignore it, its thread, gevent and uvicorn workers need it."""
BROKER_CONNECTED = (
    "url=${CELERY_BROKER_URL:-${REDIS_URL:-}}; port=${url##*:}; port=${port%%[!0-9]*}; "
    'grep -qs " [0-9A-F]*:${port:+$(printf %04X "$port")}[0-9A-F]* 01 " /proc/net/tcp /proc/net/tcp6'
)
"""Shell line that succeeds while a TCP connection to the broker's port is established (state 01 of proc_pid_net(5)).

It takes a few milliseconds of CPU, where `celery inspect ping` starts Python and takes about two seconds each time, and it
needs only sh and grep. A worker connects after it has loaded its tasks, so the check covers start, a lost broker and a
process that exited. It does not detect a worker that is connected and handles no jobs, such as one whose pool waits for
ever: set `task_time_limit` in Celery, and an alarm on the length of the queue. Without a port in the URL any established
connection counts.
"""
PRESETS: dict[App, Preset] = {
    "agentos": Preset(port=7777, health_path="/health", environment=UVICORN),
    "fastapi": Preset(port=8000, health_path="/health", web_concurrency=True, environment=(*UVICORN, *GUNICORN)),
    "streamlit": Preset(
        port=8501,
        health_path="/_stcore/health",
        command=(
            "streamlit",
            "run",
            "app.py",
            "--server.address=0.0.0.0",
            "--server.port={port}",
            "--server.headless=true",
        ),
    ),
    "django": Preset(
        port=8000,
        health_path="/health",
        command=("gunicorn", "--bind=0.0.0.0:{port}", "config.wsgi:application"),
        web_concurrency=True,
        environment=GUNICORN,
        plain_database_url=True,
    ),
    "celery": Preset(
        port=None,
        health_path=None,
        command=("celery", "--app=app", "worker", "--loglevel=INFO"),
        health_command=("CMD-SHELL", BROKER_CONNECTED),
    ),
    "custom": Preset(port=None, health_path=None),
}
