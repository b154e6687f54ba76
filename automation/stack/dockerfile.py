"""Dockerfile and .dockerignore for the folder of a Python application without them. Pure but for reading the folder.

The image runs on every cloud of the platform: as user 10001, on a read-only root file system with /tmp, on the port in PORT,
with the packages of requirements.txt or pyproject.toml, else those of the framework.
"""

import re
from pathlib import Path

from providers.contract.presets import PRESETS, App

DOCKERFILE, DOCKERIGNORE = "Dockerfile", ".dockerignore"
PYTHON_IMAGE = "python:3.13-slim"
PACKAGES: dict[App, str] = {
    "agentos": "'agno[os]' 'psycopg[binary]' sqlalchemy openai",
    "fastapi": "fastapi uvicorn",
    "streamlit": "streamlit",
    "django": "django gunicorn 'psycopg[binary]'",
    "celery": "'celery[redis]'",
}
"""Packages by kind of application where the folder lists none."""
APPLICATION = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?:FastAPI|get_app)\(", re.MULTILINE)
"""Assignment of the ASGI application in a module: `app = FastAPI(...)`, or `app = agent_os.get_app()` of an AgentOS."""
IGNORED = (
    ".git",
    ".local",
    ".venv",
    "venv",
    "__pycache__",
    "*.pyc",
    ".env",
    ".env.*",
    "*.pem",
    "*.key",
    "Pulumi*.yaml",
)
"""Files that no image contains: secrets, history, caches."""


def has_template(app: App) -> bool:
    """Return whether a Dockerfile can be written for this kind of application."""
    return app in PACKAGES


def dockerfile_text(app: App, folder: Path) -> str:
    """Return a Dockerfile for the application in a folder."""
    lines = [
        "# the variable BASE_IMAGE replaces it, such as on a machine without a way to public registries",
        f"ARG BASE_IMAGE={PYTHON_IMAGE}",
        "FROM ${BASE_IMAGE}",
        "ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 HOME=/tmp",
        "WORKDIR /app",
        *_install(app, folder),
        "COPY . .",
        "# the platform runs every container as this user, without the rights of root",
        "USER 10001",
        *_command(app, folder),
    ]
    return "\n".join(lines) + "\n"


def dockerignore_text() -> str:
    """Return the names of files that stay outside the image."""
    return "\n".join(IGNORED) + "\n"


def _install(app: App, folder: Path) -> list[str]:
    if (folder / "requirements.txt").is_file():
        return ["COPY requirements.txt .", "RUN pip install -r requirements.txt"]
    if (folder / "pyproject.toml").is_file():
        return ["COPY . .", "RUN pip install ."]
    return ["# pin these in requirements.txt", f"RUN pip install {PACKAGES[app]}"]


def _command(app: App, folder: Path) -> list[str]:
    """Return the command of servers that take the port from the variable; the preset's command starts the others."""
    if app not in ("agentos", "fastapi"):
        return []
    port = PRESETS[app].port
    target = application_of(folder)
    return [f'CMD ["sh", "-c", "exec uvicorn {target} --host 0.0.0.0 --port ${{PORT:-{port}}}"]']


def application_of(folder: Path) -> str:
    """Return `module:variable` of the application in the folder; `main:app` where there is none yet."""
    candidates = [folder / "main.py", folder / "app.py", *sorted(folder.glob("*.py"))]
    for path in candidates:
        try:
            match = APPLICATION.search(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if match:
            return f"{path.stem}:{match[1]}"
    return "main:app"
