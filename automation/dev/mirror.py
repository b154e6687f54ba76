"""Copy of the source files of one image on this machine, which a `dev` session mounts in place of the image's folders.

It begins with the content that the folders have in the image, so files that a build step made are there, and gets the
files of the build context that the image would get: what .dockerignore excludes, such as a secret, stays outside.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.dev.image_layout import ImageLayout
from automation.images.build_context import IgnoreRules
from automation.images.builder import docker
from automation.shell import LocalShell
from providers.docker.naming import STATE_FOLDER

READABLE, EXECUTABLE = 0o644, 0o755
COMPLETE = ".complete"
"""File that is written last, so that an interrupted copy of the image's content is made again."""


@dataclass(frozen=True)
class Mirror:
    """Mirror in `folder` of the files in `context`."""

    folder: Path
    context: Path
    layout: ImageLayout
    rules: IgnoreRules = field(default_factory=IgnoreRules)

    @property
    def mounts(self) -> Mapping[str, str]:
        """Folder of this machine by path in the container."""
        return {target: str(self._place(target)) for target in self.layout.folders}

    @property
    def is_complete(self) -> bool:
        """True when the content of the image's folders has been copied."""
        return (self.folder / COMPLETE).is_file()

    def prepare(self, image: str, shell: LocalShell) -> None:
        """Copy the content of the folders in the image, unless that was done, and then the files of the context."""
        if not self.is_complete:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._copy_image(image, shell)
            (self.folder / COMPLETE).touch()
        self.sync(path.relative_to(self.context).as_posix() for path in self._sources())

    def sync(self, paths: Iterable[str]) -> list[str]:
        """Bring files, by their paths in the context, up to date; return those that changed something."""
        return [path for path in paths if self._sync_file(path)]

    def _sync_file(self, path: str) -> bool:
        # the mirror itself is in the folder of the state
        if self.rules.excludes(path) or STATE_FOLDER in path.split("/"):
            return False
        source, changed = self.context / path, False
        for target in self.layout.targets_of(path):
            changed = _bring_up_to_date(source, self._place(target)) or changed
        return changed

    def _sources(self) -> Iterator[Path]:
        for copy in self.layout.copies:
            if copy.mounted:
                for found in self.context.glob(copy.source) if copy.source else [self.context]:
                    yield from found.rglob("*") if found.is_dir() else [found]

    def _copy_image(self, image: str, shell: LocalShell) -> None:
        container = shell.output(docker("create", "--network=none", image, "never-started")).strip()
        try:
            for target in self.layout.folders:
                place = self._place(target)
                place.mkdir(parents=True)
                shell.output(docker("cp", f"{container}:{target}/.", str(place)))
        finally:
            shell.output(docker("rm", container))
        for path in (self.folder, *self.folder.rglob("*")):
            if not path.is_symlink():
                path.chmod(EXECUTABLE if path.is_dir() else _mode(path))

    def _place(self, target: str) -> Path:
        return self.folder / target.lstrip("/")


def _bring_up_to_date(source: Path, place: Path) -> bool:
    """Copy or remove one file, at once for a program that reads it; return whether anything changed."""
    if not source.is_file():
        existed = place.is_file() or place.is_symlink()
        if existed:
            place.unlink()
        elif place.is_dir() and not source.exists():
            shutil.rmtree(place)
            return True
        return existed
    content = source.read_bytes()
    if place.is_file() and not place.is_symlink() and place.read_bytes() == content and _mode(source) == _mode(place):
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name}.partial")
    partial.write_bytes(content)
    partial.chmod(_mode(source))
    partial.replace(place)
    return True


def _mode(path: Path) -> int:
    """Return the permissions in the container, whose user is another one than that of this machine."""
    return EXECUTABLE if path.stat().st_mode & 0o100 else READABLE
