"""Presets by kind of application: port, command and health check. Explicit keys take precedence."""

from dataclasses import dataclass
from typing import Literal

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


PRESETS: dict[App, Preset] = {
    "agentos": Preset(port=7777, health_path="/health"),
    "fastapi": Preset(port=8000, health_path="/health", web_concurrency=True),
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
    ),
    "celery": Preset(
        port=None,
        health_path=None,
        command=("celery", "--app=app", "worker", "--loglevel=INFO"),
        health_command=("CMD-SHELL", "celery --app=app inspect ping --destination=celery@$HOSTNAME"),
    ),
    "custom": Preset(port=None, health_path=None),
}
