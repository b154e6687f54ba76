"""Project folder: the folder of the stack files, chosen by `-C DIR`, by AGENT_PLATFORM_DIR, or the working directory.

Everything that needs it takes it from here, so that a command behaves the same from any directory. Imports nothing of the
program, because every layer of `automation` uses it.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

FOLDER_VARIABLE = "AGENT_PLATFORM_DIR"
_chosen: ContextVar[Path | None] = ContextVar("project folder", default=None)


def project_folder(folder: Path | None = None) -> Path:
    """Return `folder` as an absolute path; without it that of `-C`, of AGENT_PLATFORM_DIR, or the working directory."""
    variable = os.environ.get(FOLDER_VARIABLE, "")
    chosen = folder or _chosen.get() or (Path(variable) if variable else Path.cwd())
    return chosen.absolute()


@contextmanager
def use_folder(folder: Path) -> Generator[None]:
    """Make `folder` the project folder inside this context."""
    token = _chosen.set(folder.absolute())
    try:
        yield
    finally:
        _chosen.reset(token)
