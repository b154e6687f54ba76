"""A stack file (`Pulumi.<stack>.yaml`) read without an engine: configuration as the program sees it.

Sealed values (`secure:`) stay sealed: the plan works with a placeholder that is marked secret, so nothing depends on
a passphrase and nothing can leak. A listed secret without a value is told as missing; the plan goes on without it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from automation.stack.keys import is_written
from components.configuration import PLATFORM_KEY, PROJECT, spec_of
from providers import limits
from providers.contract.diagnostics import InvalidConfiguration, did_you_mean, legacy_error, listed
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw


@dataclass(frozen=True)
class Stack:
    """A stack by name: its checked spec, its configuration as text, which keys are secret, which are missing."""

    name: str
    spec: Platform
    config: Mapping[str, str]
    secret_keys: tuple[str, ...]
    missing_secrets: tuple[str, ...]

    @property
    def platform(self) -> Raw:
        """The platform as the file states it, without defaults."""
        return cast("Raw", json.loads(self.config[PLATFORM_KEY]))

    def is_written(self, key: str) -> bool:
        """Return whether the file sets `key` (a dotted path), a key inside it, or a value that it is a part of."""
        return is_written(self.platform, key)


def read_stack(folder: Path, name: str, cloud: str | None = None) -> Stack:
    """The stack `name` of a project folder, on its own cloud or on `cloud`; raises InvalidConfiguration."""
    values = _config(folder, name)
    platform = values.get(PLATFORM_KEY)
    if cloud is not None and isinstance(platform, dict):
        platform = {**cast("Raw", platform), "cloud": cloud}
    return stack_of(name, {**values, PLATFORM_KEY: platform})


def stack_of(name: str, values: Mapping[str, object]) -> Stack:
    """The stack of configuration values as a stack file holds them; raises InvalidConfiguration."""
    platform = values.get(PLATFORM_KEY)
    text = None if platform is None else _json(platform)
    spec = spec_of(text, name, sealed=_sealed(platform))
    config = {key: _text(key, value) for key, value in values.items()}
    config[PLATFORM_KEY] = text or ""
    wanted = (*spec.secrets, *limits(spec.cloud).stack_secrets(spec))
    missing = tuple(secret for secret in wanted if f"{PROJECT}:{secret}" not in config)
    config |= {f"{PROJECT}:{secret}": f"<missing secret {secret}>" for secret in missing}
    secrets = tuple(key for key in config if key in {f"{PROJECT}:{secret}" for secret in wanted})
    return Stack(name, spec, config, secrets, missing)


def stack_names(folder: Path) -> list[str]:
    """Stacks that a project folder has a file for."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml"))


def _config(folder: Path, name: str) -> Raw:
    path = folder / f"Pulumi.{name}.yaml"
    if not path.is_file():
        names = stack_names(folder)
        here = f"the stacks here are {listed(names, 'and')}" if names else "run this in the folder of the stack files"
        hint = f"{did_you_mean(name, names)}; {here}"
        raise InvalidConfiguration([legacy_error("stack", name, f"has no file {path.name}{hint}")])
    try:
        document = cast("object", yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where is not None else ""
        raise InvalidConfiguration([legacy_error(path.name, None, f"is not YAML{line}; mend its syntax")]) from error
    config = cast("Raw", document).get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise InvalidConfiguration(
            [legacy_error(f"{path.name}: config", config, "must hold the stack's configuration")]
        )
    return cast("Raw", config)


def _sealed(value: object) -> bool:
    """True when a `secure:` value stands anywhere inside."""
    if isinstance(value, dict):
        inner = cast("Raw", value)
        return set(inner) == {"secure"} or any(_sealed(part) for part in inner.values())
    return isinstance(value, list) and any(_sealed(part) for part in cast("list[object]", value))


def _text(key: str, value: object) -> str:
    if _sealed(value):
        return f"<secret {key}>"
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    """JSON text as the engine hands it over: keys in order, and what YAML takes for a date is text again."""
    return json.dumps(value, default=str, sort_keys=True)
