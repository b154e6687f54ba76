"""The folder `.local`: a project of its own, with state, passphrase, and a list of the images that were built."""

import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

STACK = "local"
PASSPHRASE_BYTES = 24
SALT = "encryptionsalt"


@dataclass(frozen=True)
class LocalFolder:
    """`.local` in the project's folder `home`."""

    home: Path

    @property
    def path(self) -> Path:
        """The folder itself, which is the engine's project."""
        return self.home / ".local"

    @property
    def authority(self) -> Path:
        """The certificate by which clients know the entry."""
        return self.path / "ca.pem"

    @property
    def dashboard_password(self) -> Path:
        """The password of Grafana's `admin`, for this user's eyes alone."""
        return self.path / "grafana-password"

    @property
    def environment(self) -> Mapping[str, str]:
        """What the engine is told: the state in this folder, sealed with its passphrase, whatever else is set."""
        return {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.path / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.path / "passphrase"),
        }

    def lay(self, stack_file: Path) -> None:
        """Project, passphrase and stack file; the salt of an earlier run stays, as its secrets are sealed with it."""
        (self.path / "state").mkdir(parents=True, exist_ok=True)
        shutil.copy(self.home / "__main__.py", self.path)
        project = cast("dict[str, dict[str, dict[str, str]]]", _read(self.home / "Pulumi.yaml"))
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        _write(self.path / "Pulumi.yaml", project)
        if not (self.path / "passphrase").exists():
            self.keep(self.path / "passphrase", secrets.token_urlsafe(PASSPHRASE_BYTES))
        laid = self.path / f"Pulumi.{STACK}.yaml"
        earlier = _read(laid) if laid.exists() else {}
        salt = {SALT: earlier[SALT]} if SALT in earlier else {}
        _write(laid, {**_read(stack_file), **salt})

    def keep(self, path: Path, secret: str) -> None:
        """Write a file that only this user reads, from its first byte on."""
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secret)

    @property
    def built(self) -> list[str]:
        """Images that were built by this folder's `up`."""
        listed = self.path / "images"
        return listed.read_text(encoding="utf-8").split() if listed.exists() else []

    def remember(self, image: str) -> None:
        """List an image, so that `down` removes it."""
        if image not in self.built:
            with (self.path / "images").open("a", encoding="utf-8") as listed:
                listed.write(f"{image}\n")


def _read(path: Path) -> dict[str, object]:
    return cast("dict[str, object]", yaml.safe_load(path.read_text(encoding="utf-8")))


def _write(path: Path, document: Mapping[str, object]) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
