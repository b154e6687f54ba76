"""Files of a stack in a file backend: which of them are damaged, and what they are repaired from.

The engine stores the attributes of every file in a second file and does not write the two atomically: a killed engine
leaves an empty attribute file, after which neither the stack nor its lock can be read. The file itself is replaced
atomically, so only a full or defective disk damages it; its `.bak` is the state before the last change.
"""

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from automation.deploy.state import LockHolder
from automation.plan.inventory import Value
from providers.contract.spec.defaults import is_mapping

ATTRIBUTES = ".attrs"
BACKUP = ".bak"
PARTIAL = ".*.tmp"
"""Rest of a lock that a full disk leaves; the engine reads it as a lock (gocloud.dev, fileblob)."""
STATE_SUFFIXES = (".json", ".json.gz")
"""Formats of a state that can be read here; zstd is not among them."""


@dataclass(frozen=True)
class StateDamage:
    """Damaged file, its problem, and the repair as a participle; an empty repair means that none is possible.

    `source` is the file that replaces it, None for a file that is removed.
    """

    path: Path
    problem: str
    repair: str = ""
    source: Path | None = None


@dataclass(frozen=True)
class StateFiles:
    """Files of one stack in the folder of a backend."""

    folder: Path
    project: str
    stack: str

    @property
    def state(self) -> Path | None:
        """State of the stack, in a layout with or without projects; None when there is none in a readable format."""
        root = self.folder / ".pulumi" / "stacks"
        names = [f"{self.stack}{suffix}" for suffix in STATE_SUFFIXES]
        return next(
            (path for base in (root / self.project, root) for name in names if (path := base / name).is_file()), None
        )

    def damages(self) -> Iterator[StateDamage]:
        """Damaged files in the order in which they must be repaired."""
        for path in sorted(self._files_with(ATTRIBUTES)):
            if not is_mapping(_read(path)):
                yield StateDamage(path, "empty, because the engine was killed while writing it", "removed")
        for path in sorted((*self._locks(), *self._locks(PARTIAL))):
            if not is_mapping(_read(path)):
                yield StateDamage(path, "unreadable lock", "removed")
        if self.state is not None and not _is_state(self.state):
            yield self._state_damage(self.state)

    def lock_holders(self) -> tuple[LockHolder, ...]:
        """Return the holders of the locks that can be read."""
        locks = (lock for path in sorted(self._locks()) if is_mapping(lock := _read(path)))
        return tuple(
            LockHolder(
                str(lock.get("username", "")), str(lock.get("hostname", "")), int(str(lock.get("pid", 0))),
                str(lock.get("timestamp", ""))[:19],
            )
            for lock in locks
        )  # fmt: skip

    def _state_damage(self, state: Path) -> StateDamage:
        backup = state.with_name(f"{state.name}{BACKUP}")
        older = sorted(
            (self.folder / ".pulumi" / "backups").rglob(f"{self.project}/{self.stack}/{self.stack}.*"), reverse=True
        )
        for source in (backup, *(path for path in older if path.name.endswith(STATE_SUFFIXES))):
            if source.is_file() and _is_state(source):
                written = datetime.fromtimestamp(source.stat().st_mtime).isoformat(sep=" ", timespec="seconds")
                repair = f"replaced by {source.name} of {written}; the damaged file is kept"
                return StateDamage(state, "damaged", repair, source)
        return StateDamage(state, "damaged, and no backup is intact")

    def _locks(self, suffix: str = "") -> Iterator[Path]:
        root = self.folder / ".pulumi" / "locks"
        for base in (root / "organization" / self.project / self.stack, root / self.stack):
            yield from base.glob(f"*.json{suffix}")

    def _files_with(self, suffix: str) -> Iterator[Path]:
        root = self.folder / ".pulumi"
        yield from root.glob(f"*{suffix}")
        for base in (Path(self.project), Path()):
            yield from (root / "stacks" / base).glob(f"{self.stack}.json*{suffix}")
        yield from root.glob(f"locks/organization/{self.project}/{self.stack}/*{suffix}")
        for kind in ("history", "backups"):
            yield from root.glob(f"{kind}/{self.project}/{self.stack}/*{suffix}")


def backend_folder(url: str) -> Path | None:
    """Return the folder of a file backend (`file:///srv/state`, `file://~`); None for any other backend."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    return Path(unquote(f"{parts.netloc}{parts.path}")).expanduser()


def repair(damage: StateDamage, now: datetime) -> None:
    """Replace a damaged file by its source and keep a copy of it, or remove it when it has no source."""
    if damage.source is None:
        damage.path.unlink(missing_ok=True)
        return
    shutil.copy2(damage.path, damage.path.with_name(f"{damage.path.name}.damaged-{now:%Y%m%dT%H%M%S}"))
    replacement = damage.path.with_name(f"{damage.path.name}.repaired")
    shutil.copy2(damage.source, replacement)
    os.replace(replacement, damage.path)
    damage.path.with_name(f"{damage.path.name}{ATTRIBUTES}").unlink(missing_ok=True)


def _is_state(path: Path) -> bool:
    content = _read(path)
    return is_mapping(content) and is_mapping(content.get("checkpoint"))


def _read(path: Path) -> Value:
    """Return the content of a JSON file; None when it cannot be read."""
    try:
        content = path.read_bytes()
        return json.loads(gzip.decompress(content) if ".gz" in path.suffixes else content)
    except (OSError, ValueError, EOFError):
        return None
