"""Pulumi project of `make up` in the folder `.local`: a copy of the stack file, and the list of images that it built."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automation.local.state import LocalState, write_secret
from automation.stack.document import with_values
from automation.stack.yaml_reader import dump, read_mapping
from components.configuration import PLATFORM_KEY
from providers.contract.spec.defaults import Raw, is_mapping

STACK = "local"
SALT_KEY = "encryptionsalt"
PROGRAM_FILES = ("__main__.py", "Pulumi.yaml", f"Pulumi.{STACK}.yaml")


@dataclass(frozen=True)
class LocalProject:
    """Project in the folder `.local` of the repository `root`."""

    root: Path

    @property
    def state(self) -> LocalState:
        """State and passphrase, which every other command on a Docker stack of this folder uses too."""
        return LocalState(self.root)

    @property
    def folder(self) -> Path:
        """Folder of the project."""
        return self.state.folder

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
        return {**os.environ, **self.state.environment(os.environ)}

    @property
    def stack_file(self) -> Path:
        """Copy of the stack file, with the names of the images that were built."""
        return self.folder / f"Pulumi.{STACK}.yaml"

    def prepare(self, stack_file: Path) -> None:
        """Write project, passphrase and stack file; passphrase and salt of an earlier run are kept for its secrets."""
        self.state.create()
        shutil.copy(self.root / "__main__.py", self.folder)
        project = _read(self.root / "Pulumi.yaml")
        # the engine runs the program in the environment of this process
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        _write(self.folder / "Pulumi.yaml", project)
        earlier = _read(self.stack_file) if self.stack_file.exists() else {}
        salt = {SALT_KEY: earlier[SALT_KEY]} if SALT_KEY in earlier else {}
        _write(self.stack_file, {**_read(stack_file), **salt})

    def set_values(self, values: Mapping[str, object]) -> None:
        """Set keys of the platform in the copy of the stack file, by dotted path."""
        document = _read(self.stack_file)
        platform: Raw = document["config"][PLATFORM_KEY]
        document["config"][PLATFORM_KEY] = with_values(platform, values)
        _write(self.stack_file, document)

    def services_without(self, key: str) -> list[str]:
        """Return the services of the stack file that do not set a key."""
        services = _read(self.stack_file)["config"][PLATFORM_KEY].get("services", {})
        return [name for name, service in services.items() if is_mapping(service) and key not in service]

    def write_secret(self, path: Path, secret: str) -> None:
        """Write a file that is created with access for this user only."""
        write_secret(path, secret)

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

    def remove(self) -> tuple[str, ...]:
        """Remove the folder, or only the files of this project when other stacks have their state in it; return these."""
        others = tuple(name for name in self.state.stacks if name != STACK)
        if not others:
            shutil.rmtree(self.folder)
            return ()
        own = (self.folder / name for name in (*PROGRAM_FILES, "images"))
        for path in (*own, self.authority, self.dashboard_password):
            path.unlink(missing_ok=True)
        return others


def _read(path: Path) -> dict[str, Any]:
    return read_mapping(path)


def _write(path: Path, document: Mapping[str, object]) -> None:
    path.write_text(dump(document), encoding="utf-8")
