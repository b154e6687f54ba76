"""PostgreSQL server in a temporary folder, as a user that may run one, for tests of scripts that restore and query."""

import os
import shutil
import stat
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.local.agent_os.system import UNPRIVILEGED_USER, postgres_folder

DATABASE, USER = "agents", "app"
TABLES = "CREATE TABLE runs (id int); CREATE TABLE sessions AS SELECT generate_series(1, 3) id"
"""An empty table, and one of three rows."""
HAS_POSTGRES = shutil.which("initdb") is not None or postgres_folder() is not None
needs_postgres = pytest.mark.skipif(not HAS_POSTGRES, reason="PostgreSQL is not installed (Debian: postgresql-15)")


@dataclass(frozen=True)
class Host:
    """Folder with a folder `bin` of fake commands; commands run as a user that PostgreSQL accepts."""

    folder: Path

    @property
    def user(self) -> str | None:
        """User of the commands; None for the current one."""
        return UNPRIVILEGED_USER if os.geteuid() == 0 else None

    @property
    def path(self) -> str:
        """Search path: fake commands, those of PostgreSQL, those of the system."""
        programs = postgres_folder()
        return f"{self.folder}/bin:{f'{programs}:' if programs else ''}{os.environ['PATH']}"

    def make_folders(self, *names: str) -> None:
        """Create folders that the user may write to."""
        (self.folder / "bin").mkdir(exist_ok=True)
        for name in names:
            (self.folder / name).mkdir()
            self.give(self.folder / name)

    def give(self, path: Path) -> None:
        """Make the user the owner of a file or folder."""
        if self.user:
            shutil.chown(path, self.user)

    def fake(self, name: str, text: str) -> None:
        """Put a shell script before the commands of the system."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    def run(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder."""
        environment = {"PATH": self.path, **options.pop("env", {})}
        return subprocess.run(
            command, env=environment, cwd=self.folder, user=self.user, capture_output=True, text=True,
            timeout=60, check=False, **options,
        )  # fmt: skip


@contextmanager
def open_host(*folders: str) -> Generator[Host]:
    """Host in a folder that its user can enter, which pytest's own folders do not allow."""
    with TemporaryDirectory(prefix="drill-") as name:
        Path(name).chmod(0o755)
        host = Host(Path(name))
        host.make_folders(*folders)
        yield host


@contextmanager
def running_database(*options: str) -> Generator[Host]:
    """Host with a server on a socket in its folder `socket`, a database with `TABLES`, and further server options."""
    with open_host("socket") as host:
        socket, data = host.folder / "socket", f"--pgdata={host.folder}/socket/data"
        settings = f"-c listen_addresses='' -c unix_socket_directories={socket} -c fsync=off {' '.join(options)}"
        log = f"--log={socket}/log"
        try:
            for command in (
                ("initdb", data, f"--username={USER}", "--auth=trust", "--encoding=UTF8"),
                ("pg_ctl", data, "--wait", "--silent", log, f"--options={settings}", "start"),
                ("createdb", DATABASE),
                ("psql", DATABASE, "-c", TABLES),
            ):
                result = host.run(*command, env={"PGHOST": str(socket), "PGUSER": USER})
                assert result.returncode == 0, result.stderr
            yield host
        finally:
            host.run("pg_ctl", data, "--mode=immediate", "--silent", "stop")
