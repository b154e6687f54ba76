"""Separate daemon of Docker, which a test may kill, and whose data are on a disk of a given size, which it may fill.

The daemon has a network namespace: two daemons in one overwrite each other's rules of the firewall.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.local.poll import eventually

NAMESPACE = "agent-platform-test"
DISK_GIB = 6
START_SECONDS, END_SECONDS = 60, 60
PROGRAMS = ("dockerd", "ip", "nsenter", "mkfs.ext4", "mount")


def missing() -> str:
    """Description of what a separate daemon needs and this machine lacks; empty when nothing is missing."""
    if os.geteuid():
        return "only root can start a daemon of Docker and mount a disk of a given size"
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"not on PATH: {', '.join(lacking)}" if lacking else ""


@dataclass
class OwnDocker:
    """Daemon with its data in a folder."""

    home: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Value of DOCKER_HOST."""
        return f"unix://{self.home / 'docker.sock'}"

    @property
    def disk(self) -> Path:
        """Folder on which the disk of the daemon's data is mounted."""
        return self.home / "disk"

    @property
    def answers(self) -> bool:
        """True when the daemon answers."""
        command = ["docker", "--host", self.address, "version"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    "nsenter", f"--net=/run/netns/{NAMESPACE}", "dockerd", f"--data-root={self.disk / 'data'}",
                    f"--exec-root={self.home / 'exec'}", f"--pidfile={self.home / 'docker.pid'}", f"--host={self.address}",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        eventually(lambda: self.answers, START_SECONDS)

    def end(self, number: signal.Signals) -> None:
        """End the daemon with a signal: SIGTERM stops its containers first, SIGKILL leaves them running."""
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.wait(END_SECONDS)
        (self.home / "docker.pid").unlink(missing_ok=True)
        # containerd ends with the daemon that started it; the next one would wait for its process where nothing reaps it
        containerd = self.home / "exec" / "containerd" / "containerd.pid"
        if containerd.is_file():
            with suppress(ProcessLookupError):
                os.kill(int(containerd.read_text(encoding="utf-8")), signal.SIGKILL)
            containerd.unlink()
        self.process = None

    def load(self, images: Collection[str]) -> None:
        """Copy images from the daemon of DOCKER_HOST."""
        saved = subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE)
        command = ["docker", "--host", self.address, "load", "--quiet"]
        subprocess.run(command, stdin=saved.stdout, capture_output=True, check=True)
        assert saved.wait() == 0, "an image could not be saved"


@contextmanager
def own_docker(home: Path) -> Generator[OwnDocker]:
    """Start a daemon in a folder, and remove it with its disk after the block."""
    daemon = OwnDocker(home)
    image = home / "disk.ext4"
    daemon.disk.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_GIB * 2**30)
    _run("mkfs.ext4", "-q", str(image))
    _run("mount", "-o", "loop", str(image), str(daemon.disk))
    try:
        _run("ip", "netns", "add", NAMESPACE)
        _run("ip", "-n", NAMESPACE, "link", "set", "lo", "up")
        daemon.start()
        yield daemon
    finally:
        if daemon.process is None:  # the containers of a killed daemon run until the next one ends
            daemon.start()
        daemon.end(signal.SIGTERM)
        subprocess.run(["ip", "netns", "delete", NAMESPACE], check=False)
        _run("umount", "--lazy", str(daemon.disk))
        image.unlink()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
