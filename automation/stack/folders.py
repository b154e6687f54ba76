"""The folder that the engine works in: the project's own, or one of its own for a stack that no file describes alone.

A stack with another name or with overrides gets a project file that points at the program and a stack file that is
the original with the changes laid over it. Nothing is written beside the program, and two of them never meet.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

import yaml

from automation.plan.inventory import Value
from automation.stack.document import stack_names
from components.configuration import PLATFORM_KEY, PROJECT
from providers.contract.diagnostics import InvalidConfiguration, did_you_mean, legacy_error, listed
from providers.contract.spec.defaults import Raw

EXPIRES_KEY = f"{PROJECT}:expires_at"
"""Configuration key that says when a stack may be swept away, in ISO 8601."""
SEALED_WITH = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys of a stack file that open its sealed values."""


def stack_file(folder: Path, stack: str) -> Path:
    """The file of a stack; raises InvalidConfiguration, naming those there are, when it is not there."""
    path = folder / f"Pulumi.{stack}.yaml"
    if path.is_file():
        return path
    names = stack_names(folder)
    here = f"the stacks here are {listed(names, 'and')}" if names else "run this in the folder of the stack files"
    raise InvalidConfiguration(
        [legacy_error("stack", stack, f"has no file {path.name}{did_you_mean(stack, names)}; {here}")]
    )


def folder_for(folder: Path, name: str) -> Path:
    """A new folder whose project file points at the program of `folder`."""
    own = Path(tempfile.mkdtemp(prefix=f"{PROJECT}-{name}-"))
    (own / "Pulumi.yaml").write_text(yaml.safe_dump(_project(folder)), encoding="utf-8")
    return own


def platform_in(file: Path) -> Raw:
    """The platform that a stack file holds, unchecked; empty when it holds none."""
    document = cast("object", yaml.safe_load(file.read_text(encoding="utf-8")))
    config = cast("Raw", document).get("config") if isinstance(document, dict) else None
    platform = cast("Raw", config).get(PLATFORM_KEY) if isinstance(config, dict) else None
    return cast("Raw", platform) if isinstance(platform, dict) else {}


@dataclass(frozen=True)
class Sealed:
    """Sealed values by key, and what opens them: the keys that stand beside a file's configuration."""

    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    opened_by: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def opens_here(self) -> bool:
        """False when what opens them is not in the file but with the backend, which keeps it for that one stack."""
        return bool(self.opened_by) or not self.values


def is_sealed(value: Value) -> bool:
    """True for a sealed value of a stack file."""
    return isinstance(value, dict) and set(cast("Raw", value)) == {"secure"}


def sealed_in(file: Path) -> Sealed:
    """The sealed values of a stack file."""
    document = cast("Raw", yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    config = cast("Raw", document.get("config") or {})
    values = {key: value for key, value in config.items() if is_sealed(value)}
    return Sealed(values, {key: document[key] for key in SEALED_WITH if key in document})


def write_stack_file(
    own: Path,
    source: Path,
    name: str,
    overrides: Mapping[str, Value],
    expires_at: datetime | None = None,
    sealed: Sealed | None = None,
) -> None:
    """Write the file of the stack `name` made from another stack's file, with its sealed values or with those given."""
    document = cast("Raw", yaml.safe_load(source.read_text(encoding="utf-8")) or {})
    config = dict(cast("Raw", document.get("config") or {}))
    if sealed is not None:
        config = {key: value for key, value in config.items() if key not in sealed_in(source).values} | dict(
            sealed.values
        )
        document = {key: value for key, value in document.items() if key not in SEALED_WITH} | dict(sealed.opened_by)
    config[PLATFORM_KEY] = overridden(cast("Raw", config.get(PLATFORM_KEY) or {}), overrides)
    if expires_at is not None:
        config[EXPIRES_KEY] = expires_at.isoformat(timespec="seconds")
    (own / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({**document, "config": config}), encoding="utf-8")


def overridden(platform: Raw, overrides: Mapping[str, Value]) -> Raw:
    """A platform with the values at dotted paths (`services.gateway.image`) set; None takes a key away."""
    for path, value in overrides.items():
        platform = _set(platform, path.split("."), value)
    return platform


def _set(values: Raw, keys: list[str], value: Value) -> Raw:
    first, rest = keys[0], keys[1:]
    if not rest and value is None:
        return {key: kept for key, kept in values.items() if key != first}
    below = values.get(first)
    inner = cast("Raw", below) if isinstance(below, dict) else {}
    return {**values, first: _set(inner, rest, value) if rest else value}


def _project(folder: Path) -> Raw:
    """The project file with what it names relative to itself made absolute."""
    project = dict(cast("Raw", yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))))
    project["main"] = str((folder / str(project.get("main", "."))).resolve())
    runtime = project.get("runtime")
    if isinstance(runtime, dict):
        options = dict(cast("Raw", cast("Raw", runtime).get("options") or {}))
        if "virtualenv" in options:
            # not resolved: an environment is known by the place of its interpreter, which may be a link
            options["virtualenv"] = str(folder / str(options["virtualenv"]))
        project["runtime"] = {**cast("Raw", runtime), "options": options}
    return project
