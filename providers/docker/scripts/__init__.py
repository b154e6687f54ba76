"""What containers of the platform itself run: shell scripts, handed in as files, and how they are read.

They are files of their own so that a shell can check them; each says what it does in its first lines.
"""

from functools import cache
from pathlib import Path

from providers.docker.database.parameters import CONFIG

FOLDER = Path(__file__).parent


@cache
def script(name: str) -> str:
    """The text of a script by its name without `.sh`."""
    return (FOLDER / f"{name}.sh").read_text(encoding="utf-8")


def script_path(name: str) -> str:
    """Where a container finds it."""
    return f"{CONFIG}/{name}.sh"
