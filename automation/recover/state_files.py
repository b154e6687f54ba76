"""The files in which a backend of files keeps a stack: which of them block it, and what they are mended from.

The engine writes beside every file a second one with its attributes, and not in one stroke: killed in between it leaves
that one empty, and neither the stack nor its lock can be read any more. The file itself is replaced in one stroke, so
only a full or broken disk damages it; its `.bak` is the state before the last change.
"""

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from automation.deploy.locks import LockHolder
from automation.plan.inventory import Value

ATTRIBUTES = ".attrs"
BACKUP = ".bak"
STATES = (".json", ".json.gz")
"""How a state may be kept; what is packed with zstd cannot be read here."""


@dataclass(frozen=True)
class Damage:
    """A file that blocks the stack; `source` is what it is mended from, None for one that is only in the way."""

    path: Path
    told: str
    source: Path | None = None
    hopeless: bool = False


@dataclass(frozen=True)
class StateFiles:
    """Where a backend in a folder keeps one stack."""

    folder: Path
    project: str
    stack: str

    @property
    def state(self) -> Path | None:
        """The stack's state, in a layout with or without projects; None where there is none that can be read here."""
        root = self.folder / ".pulumi" / "stacks"
        names = [f"{self.stack}{ending}" for ending in STATES]
        return next(
            (path for base in (root / self.project, root) for name in names if (path := base / name).is_file()), None
        )

    def damages(self) -> Iterator[Damage]:
        """What blocks the stack, in the order in which it must be mended."""
        for path in sorted(self._of_the_stack(ATTRIBUTES)):
            if not _holds_object(path):
                yield Damage(path, "holds nothing, as the engine was killed while it wrote it: it is taken away")
        for path in sorted(self._locks()):
            if not _holds_object(path):
                yield Damage(path, "is a lock that cannot be read: it is taken away")
        if self.state is not None and not _is_state(self.state):
            yield self._damaged(self.state)

    def held(self) -> tuple[LockHolder, ...]:
        """Who holds the stack, as far as the locks can be read."""
        found = (cast("dict[str, Value]", _read(path)) for path in sorted(self._locks()) if _holds_object(path))
        return tuple(
            LockHolder(
                str(lock.get("username", "")), str(lock.get("hostname", "")), int(str(lock.get("pid", 0))),
                str(lock.get("timestamp", ""))[:19],
            )
            for lock in found
        )  # fmt: skip

    def _damaged(self, state: Path) -> Damage:
        beside = state.with_name(f"{state.name}{BACKUP}")
        older = sorted(
            (self.folder / ".pulumi" / "backups").rglob(f"{self.project}/{self.stack}/{self.stack}.*"), reverse=True
        )
        for copy in (beside, *(path for path in older if path.name.endswith(STATES))):
            if copy.is_file() and _is_state(copy):
                when = datetime.fromtimestamp(copy.stat().st_mtime).isoformat(sep=" ", timespec="seconds")
                return Damage(state, f"is damaged: it is kept beside, and {copy.name} of {when} takes its place", copy)
        return Damage(state, "is damaged, and there is no whole copy of it", hopeless=True)

    def _locks(self) -> Iterator[Path]:
        root = self.folder / ".pulumi" / "locks"
        for base in (root / "organization" / self.project / self.stack, root / self.stack):
            yield from base.glob("*.json")

    def _of_the_stack(self, ending: str) -> Iterator[Path]:
        root = self.folder / ".pulumi"
        yield from root.glob(f"*{ending}")
        for place in (Path(self.project), Path()):
            yield from (root / "stacks" / place).glob(f"{self.stack}.json*{ending}")
        yield from root.glob(f"locks/organization/{self.project}/{self.stack}/*{ending}")
        for kind in ("history", "backups"):
            yield from root.glob(f"{kind}/{self.project}/{self.stack}/*{ending}")


def folder_of(url: str) -> Path | None:
    """The folder of a backend of files (`file:///srv/state`, `file://~`); None for any other backend."""
    told = urlsplit(url)
    if told.scheme != "file":
        return None
    return Path(unquote(f"{told.netloc}{told.path}")).expanduser()


def mend(damage: Damage, now: datetime) -> None:
    """Mend a damaged file from its source, keeping it beside; take away one that is only in the way."""
    if damage.source is None:
        damage.path.unlink(missing_ok=True)
        return
    kept = damage.path.with_name(f"{damage.path.name}.damaged-{now:%Y%m%dT%H%M%S}")
    shutil.copy2(damage.path, kept)
    new = damage.path.with_name(f"{damage.path.name}.mended")
    shutil.copy2(damage.source, new)
    os.replace(new, damage.path)
    damage.path.with_name(f"{damage.path.name}{ATTRIBUTES}").unlink(missing_ok=True)


def _holds_object(path: Path) -> bool:
    return isinstance(_read(path), dict)


def _is_state(path: Path) -> bool:
    read = _read(path)
    return isinstance(read, dict) and isinstance(cast("dict[str, Value]", read).get("checkpoint"), dict)


def _read(path: Path) -> Value:
    """What a JSON file holds; None for one that cannot be read."""
    try:
        packed = path.read_bytes()
        text = gzip.decompress(packed) if ".gz" in path.suffixes else packed
        return cast("Value", json.loads(text))
    except (OSError, ValueError, EOFError):
        return None
