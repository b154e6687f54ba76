"""The folder that the engine works in: the project's own, or a temporary one for a stack that no file describes alone.

A stack with another name or with overrides gets a project file that points at the program and a stack file that is the
original with the changes applied. Nothing is written beside the program, and two of them never meet.
"""

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from automation.stack.document import Sealed, Stack, StackDocument, stack_file, stack_names
from automation.stack.ephemeral import TTL_HOURS, ephemeral_overrides, refuse_own_file, refuse_production
from automation.stack.file_checks import EXPIRES_KEY
from automation.stack.yaml_reader import dump, read_mapping
from components.configuration import PROJECT
from providers.contract.spec.defaults import Raw, is_mapping


class Workdir:
    """The stack `name` made from the file of `stack` in the project's `folder`, with `overrides` by dotted path."""

    def __init__(
        self, folder: Path, stack: str, name: str, overrides: Mapping[str, object], ttl_hours: float | None = None
    ) -> None:
        self.folder, self.stack, self.name = folder, stack, name
        self.overrides, self.ttl_hours = dict(overrides), ttl_hours
        self.sealed: Sealed | None = None
        """The sealed values where they are not those of the file that the stack is made from."""

    @property
    def ephemeral(self) -> bool:
        """True for a stack with another name than its file."""
        return self.name != self.stack

    @cached_property
    def work_folder(self) -> Path:
        """The project's folder, or one that is deleted with this object; raises InvalidConfiguration."""
        if not self.ephemeral and not self.overrides:
            stack_file(self.folder, self.stack)
            return self.folder
        source = self.source
        if self.ephemeral:
            refuse_own_file(self.name, stack_names(self.folder))
        own = self.own_folder()
        if self.to_reseal:
            self.sealed = Sealed()
        self._write(own, source)
        return own

    @property
    def source(self) -> StackDocument:
        """The file that the stack is made from; raises InvalidConfiguration."""
        return StackDocument.load(stack_file(self.folder, self.stack))

    def own_folder(self) -> Path:
        """Return a new folder with the project's program, which is deleted with this object."""
        own = Path(tempfile.mkdtemp(prefix=f"{PROJECT}-{self.name}-"))
        weakref.finalize(self, shutil.rmtree, own, ignore_errors=True)
        (own / "Pulumi.yaml").write_text(dump(project_document(self.folder)), encoding="utf-8")
        return own

    @cached_property
    def settings(self) -> Mapping[str, object]:
        """Values by dotted path in which the stack differs from the file that it is made from."""
        if not self.ephemeral:
            return self.overrides
        return ephemeral_overrides(self.source.platform, self.name, self.overrides)

    @cached_property
    def file(self) -> Stack:
        """The checked stack file; raises InvalidConfiguration."""
        document = StackDocument.load(stack_file(self.work_folder, self.name))
        if self.ephemeral:
            refuse_production(document.platform, self.stack, self.name)
        return document.stack(self.name)

    @property
    def to_reseal(self) -> tuple[str, ...]:
        """Keys of sealed values that only the backend can open, and only for the stack of the file."""
        if not self.ephemeral:
            return ()
        sealed, copied = self.source.sealed, (self.sealed or Sealed()).values
        return () if sealed.opens_from_file else tuple(key for key in sealed.values if key not in copied)

    def expires_at(self, now: datetime) -> datetime | None:
        """Return the time after which `sweep` destroys an ephemeral stack that begins now; None for any other."""
        if not self.ephemeral:
            return None
        hours = TTL_HOURS if self.ttl_hours is None else self.ttl_hours
        return (now + timedelta(hours=hours)).replace(microsecond=0)

    def renew(self, now: datetime) -> None:
        """Reset the expiry stored in the configuration of an ephemeral stack."""
        until = self.expires_at(now)
        if until is not None:
            self._write(self.work_folder, self.source, until)

    def _write(self, folder: Path, source: StackDocument, expires_at: datetime | None = None) -> None:
        document = source.with_overrides(self.settings)
        if self.sealed is not None:
            document = document.with_sealed(self.sealed)
        if expires_at is not None:
            document = document.with_config({**document.config, EXPIRES_KEY: expires_at.isoformat(timespec="seconds")})
        (folder / f"Pulumi.{self.name}.yaml").write_text(document.dump(comments=False), encoding="utf-8")


def project_document(folder: Path) -> Raw:
    """Return the content of a project file with its relative paths made absolute."""
    project = read_mapping(folder / "Pulumi.yaml")
    project["main"] = str((folder / str(project.get("main", "."))).resolve())
    runtime = project.get("runtime")
    options = runtime.get("options") if is_mapping(runtime) else None
    if is_mapping(options) and "virtualenv" in options:
        # not resolved: an environment is identified by the path of its interpreter, which may be a link
        options["virtualenv"] = str(folder / str(options["virtualenv"]))
    return project
