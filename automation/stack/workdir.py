"""The folder that the engine works in: the project's own, or a temporary one for a stack that no file describes alone.

A stack with another name or with overrides gets a project file that points at the program and a stack file that is the
original with the changes applied. Nothing is written beside the program, and concurrent commands use different folders.
A folder with stack files and no program gets a temporary project as well, which runs the packaged program and names the
folder as that of the stack files, so that the engine writes a new salt or secret into the user's own file.
"""

import shutil
import sys
import tempfile
import weakref
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Protocol

from automation.stack.document import Sealed, Stack, StackDocument, stack_file, stack_names, with_sealed_values
from automation.stack.edit import Proposal, replace_text
from automation.stack.file_checks import EXPIRES_KEY
from automation.stack.yaml_reader import dump, read_mapping, read_text
from components.configuration import PROJECT
from providers.contract.database_disk import APPLIED_KEY
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.rollout import POSITIONS_KEY, RolloutPosition
from providers.contract.spec.defaults import Raw, is_mapping

PROGRAM = "__main__.py"
PROJECT_FILE = "Pulumi.yaml"
PACKAGES = Path(__file__).resolve().parents[__name__.count(".")]
"""Folder from which this program is imported; it need not be installed."""
PREFIX = __name__.removesuffix("automation.stack.workdir")
"""`agent_platform.` where this program is installed from a wheel, in which all packages are below that one."""
PACKAGED_PROGRAM = f"""import sys

sys.path.insert(0, {str(PACKAGES)!r})

from {PREFIX}components.program import run

run()
"""
STACK_FOLDER = "stacks"
"""Link in a temporary project to the folder with the stack files."""
TTL_HOURS = 24.0
"""Default lifetime, counted from the last `up`."""
UPDATE = "update"
"""Kind of the updates that run the program; others may have run without the stack's file."""


class RecordedUpdate(Protocol):
    """An earlier update of a stack in the backend's history."""

    @property
    def kind(self) -> str:
        """Kind of the update, such as update or destroy."""
        ...

    @property
    def config(self) -> Mapping[str, str]:
        """Configuration that the update ran with, secrets masked."""
        ...


def ephemeral_overrides(platform: Raw, name: str, overrides: Mapping[str, object]) -> Mapping[str, object]:
    """Return the settings, by dotted path, of the ephemeral stack `name`; those of `overrides` win."""
    own: dict[str, object] = {}
    ingress = platform.get("ingress")
    domain = ingress.get("domain") if is_mapping(ingress) else None
    if isinstance(domain, str):
        own["ingress.domain"] = f"{name}.{domain}"
    if "database" in platform or any(path.partition(".")[0] == "database" for path in overrides):
        own["database.deletion_protection"] = False
    return {**own, **overrides}


def refuse_own_file(name: str, stacks: Collection[str]) -> None:
    """Raise InvalidConfiguration for the name of a stack that has a file, which would be overwritten."""
    if name in stacks:
        problem = f'"{name}" is a stack with its own file (Pulumi.{name}.yaml)'
        raise InvalidConfiguration([ConfigError("--name", problem, "choose another name, such as pr-123")])


def refuse_production(platform: Raw, stack: str, name: str) -> None:
    """Raise InvalidConfiguration when the profile is production's."""
    if platform.get("profile", "production") == "production":
        problem = f"production is not allowed for the ephemeral stack {name}"
        fix = f"add --set profile=development, or use a stack whose profile differs from {stack}'s"
        raise InvalidConfiguration([ConfigError("profile", problem, fix)])


def expiry(history: Sequence[RecordedUpdate], tag: str = "") -> datetime | None:
    """Return the time after which a stack may be swept; None for never.

    The latest update of the history sets it, and before there is any the stack's tag.
    """
    for update in history:
        if update.kind == UPDATE:
            return moment(update.config.get(EXPIRES_KEY, ""))
    return moment(tag)


def moment(text: str) -> datetime | None:
    """Return the time that an ISO 8601 text means, in UTC where it names no zone; None for anything else."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def is_over(until: datetime | None, now: datetime) -> bool:
    """Return whether the time has come; never for a stack without an expiry."""
    return until is not None and until <= now


class Workdir:
    """The stack `name` made from the file of `stack` in the project's `folder`, with `overrides` by dotted path."""

    def __init__(
        self, folder: Path, stack: str, name: str, overrides: Mapping[str, object], ttl_hours: float | None = None
    ) -> None:
        self.folder, self.stack, self.name = folder, stack, name
        self.overrides, self.ttl_hours = dict(overrides), ttl_hours
        self.sealed: Sealed | None = None
        """The sealed values where they are not those of the file that the stack is made from."""
        self._positions: Mapping[str, RolloutPosition] | None = None
        self._applied: tuple[str, ...] = ()

    @property
    def ephemeral(self) -> bool:
        """True for a stack with another name than its file."""
        return self.name != self.stack

    @cached_property
    def work_folder(self) -> Path:
        """The project's folder, or one that is deleted with this object; raises InvalidConfiguration."""
        if not self._copied:
            stack_file(self.folder, self.stack)
            return self.folder if program_path(self.folder) else self.own_folder(link=True)
        source = self.source
        if self.ephemeral:
            refuse_own_file(self.name, stack_names(self.folder))
        own = self.own_folder()
        if self.to_reseal:
            self.sealed = Sealed()
        self._write(own, source)
        return own

    @property
    def _copied(self) -> bool:
        """True when the engine works with a copy of the stack file, which differs from the user's."""
        return self.ephemeral or bool(self.overrides or self._applied) or self._positions is not None

    @property
    def has_positions(self) -> bool:
        """True when positions of rollouts were set, also when there are none left."""
        return self._positions is not None

    def set_positions(self, positions: Mapping[str, RolloutPosition]) -> None:
        """Pass the positions of rollouts to the program, in a copy of the stack file.

        They are run-time data: in the user's file a commit in the middle of a rollout would keep them there.
        """
        copied, self._positions = self._copied, dict(positions)
        self._renew_copy(copied=copied)

    def applies(self, path: str) -> bool:
        """Return whether the program declares the changes of a property that it ignores otherwise."""
        return path in self._applied

    def apply(self, paths: Sequence[str]) -> None:
        """Let the program declare the changes of properties that it ignores otherwise, in a copy of the stack file."""
        copied, self._applied = self._copied, tuple(paths)
        self._renew_copy(copied=copied)

    def _renew_copy(self, *, copied: bool) -> None:
        """Write what has changed into the engine's copy; without one before the change, the next use makes it."""
        if copied and "work_folder" in self.__dict__:
            self._write(self.work_folder, self.source)
        else:
            self.__dict__.pop("work_folder", None)
        self.__dict__.pop("file", None)

    @property
    def stack_folder(self) -> Path:
        """Folder of the stack file that the engine reads and writes."""
        linked = self.work_folder / STACK_FOLDER
        return self.folder if linked.is_symlink() else self.work_folder

    @property
    def source(self) -> StackDocument:
        """The file that the stack is made from; raises InvalidConfiguration."""
        return StackDocument.load(stack_file(self.folder, self.stack))

    def own_folder(self, *, link: bool = False) -> Path:
        """Return a new folder with the program, which is deleted with this object; `link` uses the user's stack files."""
        own = Path(tempfile.mkdtemp(prefix=f"{PROJECT}-{self.name}-"))
        weakref.finalize(self, shutil.rmtree, own, ignore_errors=True)
        document = project_document(self.folder)
        if program_path(self.folder) is None:
            (own / PROGRAM).write_text(PACKAGED_PROGRAM, encoding="utf-8")
            document["main"] = str(own)
        if link:
            # a relative path could not be resolved where the temporary folder is itself behind a link
            (own / STACK_FOLDER).symlink_to(self.folder.resolve(), target_is_directory=True)
            document["stackConfigDir"] = STACK_FOLDER
        (own / PROJECT_FILE).write_text(dump(document), encoding="utf-8")
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
        document = StackDocument.load(stack_file(self.stack_folder, self.name))
        passed = {POSITIONS_KEY, APPLIED_KEY}
        if self._positions is not None or self._applied:
            document = document.with_config({key: value for key, value in document.config.items() if key not in passed})
        if self.ephemeral and document.platform:
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

    def set_values(self, values: Mapping[str, object]) -> None:
        """Set values of the platform by dotted path, with the file's comments kept; raises InvalidConfiguration.

        An ephemeral stack gets them only in its copy: the file belongs to another stack, which has another registry.
        """
        if self.ephemeral:
            self.overrides.update(values)
            self.__dict__.pop("settings", None)
        else:
            source = self.source
            Proposal(source.path, source.text, source.with_overrides(values).dump()).write()
        self.reload()

    def use_values(self, values: Mapping[str, object]) -> None:
        """Set values of the platform by dotted path in the engine's copy of the stack file only."""
        new = {path: value for path, value in values.items() if self.overrides.get(path) != value}
        if not new:
            return
        copied = self._copied
        self.overrides.update(new)
        self.__dict__.pop("settings", None)
        self._renew_copy(copied=copied)

    def keep_salt(self) -> None:
        """Write what decrypts the secrets of a new stack from the engine's copy into the stack file."""
        if self.ephemeral or self.stack_folder == self.folder:
            return
        source = self.source
        copy = read_text(stack_file(self.work_folder, self.name))
        replace_text(source.path, with_sealed_values(source.text, copy, source.path))

    def reload(self) -> None:
        """Read the stack file again after a change."""
        if self._copied:
            self._write(self.work_folder, self.source)
        self.__dict__.pop("file", None)

    def _write(self, folder: Path, source: StackDocument, expires_at: datetime | None = None) -> None:
        document = source.with_overrides(self.settings)
        if self.sealed is not None:
            document = document.with_sealed(self.sealed)
        if expires_at is not None:
            document = document.with_config({**document.config, EXPIRES_KEY: expires_at.isoformat(timespec="seconds")})
        if self._positions:
            positions = {name: position.dump() for name, position in self._positions.items()}
            document = document.with_config({**document.config, POSITIONS_KEY: positions})
        if self._applied:
            document = document.with_config({**document.config, APPLIED_KEY: " ".join(self._applied)})
        (folder / f"Pulumi.{self.name}.yaml").write_text(document.dump(comments=False), encoding="utf-8")


def program_path(folder: Path) -> Path | None:
    """Return the program of a project folder; None for a folder that the packaged program is to run for.

    A `__main__.py` without a project file beside it belongs to another program, such as the user's agent.
    """
    if not (folder / PROJECT_FILE).is_file():
        return None
    main = folder / str(read_mapping(folder / PROJECT_FILE).get("main", "."))
    program = main / PROGRAM if main.is_dir() else main
    return program if program.is_file() else None


def project_document(folder: Path) -> Raw:
    """Return the content of a project file with its relative paths made absolute, or of one for the packaged program."""
    if not (folder / PROJECT_FILE).is_file():
        # the program's environment is that of this process, in which the package and its SDK are installed
        return {
            "name": PROJECT,
            "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
            "config": {"pulumi:disable-default-providers": {"value": ["*"]}},
        }
    project = read_mapping(folder / PROJECT_FILE)
    project["main"] = str((folder / str(project.get("main", "."))).resolve())
    runtime = project.get("runtime")
    options = runtime.get("options") if is_mapping(runtime) else None
    if is_mapping(options) and "virtualenv" in options:
        # not resolved: an environment is identified by the path of its interpreter, which may be a link
        options["virtualenv"] = str(folder / str(options["virtualenv"]))
    return project
