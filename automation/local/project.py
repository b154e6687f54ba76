"""Pulumi project in the folder `.local`: state, passphrase, and the list of images that `make up` built."""

import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automation.stack.yaml_reader import dump, read_mapping

STACK = "local"
PASSPHRASE_BYTES = 24
SALT_KEY = "encryptionsalt"


@dataclass(frozen=True)
class LocalProject:
    """Project in the folder `.local` of the repository `root`."""

    root: Path

    @property
    def folder(self) -> Path:
        """Folder of the project."""
        return self.root / ".local"

    @property
    def authority(self) -> Path:
        """Certificate of the authority that signs the entry's certificate."""
        return self.folder / "ca.pem"

    @property
    def dashboard_password(self) -> Path:
        """Password of Grafana's `admin`, readable only by this user."""
        return self.folder / "grafana-password"

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment of the engine: state and passphrase in this folder, whatever else is set."""
        return {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.folder / "passphrase"),
        }

    def prepare(self, stack_file: Path) -> None:
        """Write project, passphrase and stack file; passphrase and salt of an earlier run are kept for its secrets."""
        (self.folder / "state").mkdir(parents=True, exist_ok=True)
        shutil.copy(self.root / "__main__.py", self.folder)
        project = _read(self.root / "Pulumi.yaml")
        # the engine runs the program in the environment of this process
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        _write(self.folder / "Pulumi.yaml", project)
        if not (self.folder / "passphrase").exists():
            self.write_secret(self.folder / "passphrase", secrets.token_urlsafe(PASSPHRASE_BYTES))
        own_stack_file = self.folder / f"Pulumi.{STACK}.yaml"
        earlier = _read(own_stack_file) if own_stack_file.exists() else {}
        salt = {SALT_KEY: earlier[SALT_KEY]} if SALT_KEY in earlier else {}
        _write(own_stack_file, {**_read(stack_file), **salt})

    def write_secret(self, path: Path, secret: str) -> None:
        """Write a file that is created with access for this user only."""
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secret)

    @property
    def built_images(self) -> list[str]:
        """Images that `make up` built."""
        path = self.folder / "images"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    def record_image(self, image: str) -> None:
        """Add an image to the list, so that `make down` removes it."""
        if image not in self.built_images:
            with (self.folder / "images").open("a", encoding="utf-8") as file:
                file.write(f"{image}\n")


def _read(path: Path) -> dict[str, Any]:
    return read_mapping(path)


def _write(path: Path, document: Mapping[str, object]) -> None:
    path.write_text(dump(document), encoding="utf-8")
