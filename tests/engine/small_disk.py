"""State folder that cannot be written: read-only, without permission, or on a full disk of its own.

Root may write everywhere and can mount a file system of a given size; any other user can only take the permission away.
"""

import os
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE_MIB = 16
NO_PERMISSION = "-dac_override,-dac_read_search"
"""Capabilities by which root writes without permission."""


@contextmanager
def own_disk(folder: Path) -> Generator[None]:
    """Put a folder with its files on a file system of `SIZE_MIB`; skip the test where this user may not mount one."""
    if os.geteuid():
        pytest.skip("only root can mount a file system of a given size")
    subprocess.run(["cp", "-a", str(folder), f"{folder}-copy"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(folder)], check=True)
    try:
        subprocess.run(["cp", "-a", f"{folder}-copy/.", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Generator[None]:
    """Make the disk of a folder read-only in the meantime."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


@contextmanager
def full(folder: Path, left_kib: int = 0) -> Generator[None]:
    """Fill the disk of a folder in the meantime, except for `left_kib`."""
    filler, rest = folder / "filler", folder / "rest"
    subprocess.run(
        ["dd", "if=/dev/zero", f"of={rest}", "bs=1024", f"count={left_kib}"], capture_output=True, check=True
    )
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4096"], capture_output=True, check=False)
    rest.unlink()
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def without_permission(folder: Path) -> Generator[Sequence[str]]:
    """Take the permission to write a folder away, and yield the beginning of a command that respects it."""
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield () if os.geteuid() else ("setpriv", f"--bounding-set={NO_PERMISSION}", f"--inh-caps={NO_PERMISSION}")
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
