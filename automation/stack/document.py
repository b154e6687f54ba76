"""Stack files (`Pulumi.<stack>.yaml`): the only reader and writer, and the checked stack that a file describes.

Sealed values (`secure:`) stay sealed: the plan works with a placeholder that is marked secret, so nothing depends on a
passphrase and nothing can leak. A listed secret without a value is reported as missing, and the plan uses a placeholder.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from automation.stack.file_checks import (
    SEALED_WITH,
    clear_text_errors,
    config_errors,
    is_sealed,
    secret_errors,
    structure_errors,
)
from automation.stack.yaml_reader import dump, parse, read_text
from components.configuration import PLATFORM_KEY, PROJECT, spec_of
from providers import limits
from providers.contract.diagnostics import (
    Adjustment,
    ConfigError,
    Diagnostic,
    Effect,
    InvalidConfiguration,
    did_you_mean,
    listed,
)
from providers.contract.json_data import Raw, is_list, is_mapping

if TYPE_CHECKING:
    # pydantic builds the spec's models at import, which `--help` does not need
    from providers.contract.spec import Platform


class _Remove:
    def __repr__(self) -> str:
        return "REMOVE"


REMOVE = _Remove()
"""Value of a change that removes the key."""


def with_values(platform: Raw, changes: Mapping[str, object]) -> Raw:
    """Return a copy with `changes` by dotted path; `REMOVE` removes a key, and a missing parent is created."""
    result = copy.deepcopy(platform)
    for path, value in changes.items():
        *parents, key = path.split(".")
        parent = result
        for name in parents:
            child = parent.get(name)
            if not is_mapping(child):
                child = Raw()
                parent[name] = child
            parent = child
        if value is REMOVE:
            parent.pop(key, None)
        else:
            parent[key] = copy.deepcopy(value)
    return result


def is_written(platform: Raw, key: str) -> bool:
    """Return whether the platform contains `key`, a key inside it, or a value that `key` is a part of.

    With `services: {web: {uses: [cache]}}`, `services.web`, `services.web.uses` and `services.web.uses[0]` are written;
    `services.web.size` is not, and neither is `cache.memory_gib` with `cache: {}`.
    """
    value: object = platform
    rest = key
    while rest:
        if not is_mapping(value):
            return value is not None
        name = next((name for name in sorted(value, key=len, reverse=True) if _begins(rest, name)), None)
        if name is None:
            return False
        value, rest = value[name], rest[len(name) :].lstrip(".")
    return True


def _begins(path: str, name: str) -> bool:
    """Return whether a dotted path begins with a key, which may contain dots itself (`accept_risk`, `tags`)."""
    return bool(name) and path.startswith(name) and path[len(name) : len(name) + 1] in ("", ".", "[")


def parse_setting(text: str) -> tuple[str, object]:
    """Return path and value of `PATH=VALUE`, the value read as YAML; raises InvalidConfiguration, which names no value."""
    path, equals, value = text.partition("=")
    if not equals or not path or not all(path.split(".")):
        problem = "the path is missing" if equals else f"{path} has no value"
        raise InvalidConfiguration([ConfigError("--set", problem, "use the form services.gateway.image=VALUE")])
    return path, parse(value, f"--set {path}").value


@dataclass(frozen=True)
class Stack:
    """A stack by name: its checked spec, its configuration as text, which keys are secret, which are missing."""

    name: str
    spec: "Platform"
    config: Mapping[str, str]
    secret_keys: tuple[str, ...]
    missing_secrets: tuple[str, ...]
    adjustments: tuple[Adjustment, ...] = ()
    """Keys of the file beside the platform that change nothing."""
    environment_secrets: tuple[str, ...] = ()
    """Listed secrets that the file does not have, and that its Pulumi ESC environments can have."""

    @property
    def generated_secrets(self) -> tuple[str, ...]:
        """Missing secrets that the first update generates where the state is on this machine."""
        from providers.contract.authentication import keys_of_up

        return tuple(name for name in keys_of_up(self.spec) if name in self.missing_secrets)

    @property
    def secrets_to_set(self) -> tuple[str, ...]:
        """Missing secrets that the user sets, because nothing generates them."""
        return tuple(name for name in self.missing_secrets if name not in self.generated_secrets)

    @property
    def platform(self) -> Raw:
        """The platform as the file states it, without defaults."""
        return json.loads(self.config[PLATFORM_KEY])

    def is_written(self, key: str) -> bool:
        """Return whether the file sets `key` (a dotted path), a key inside it, or a value that it is a part of."""
        return is_written(self.platform, key)


@dataclass(frozen=True)
class Sealed:
    """Sealed values by key, and the keys of the file that decrypt them."""

    values: Mapping[str, object] = field(default_factory=dict[str, object])
    opened_by: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def opens_from_file(self) -> bool:
        """False when the backend keeps what opens them, for that one stack."""
        return bool(self.opened_by) or not self.values


@dataclass(frozen=True)
class StackDocument:
    """Content of a stack file, which may be changed; `text` is the file's own, with its comments.

    Loading refuses what cannot be read in one way only; `stack` checks the platform and the keys beside it.
    """

    path: Path
    text: str
    content: Raw
    source: Mapping[str, str] = field(default_factory=dict[str, str])
    """Numbers of the platform that are written in another form than JSON's, by dotted path."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the document of a file; raises InvalidConfiguration."""
        return cls.parse(read_text(path), path)

    @classmethod
    def parse(cls, text: str, path: Path) -> Self:
        """Return the document of a text that `path` has or will have; raises InvalidConfiguration."""
        read = parse(text, path.name, ("config", PLATFORM_KEY))
        content = read.value
        if not is_mapping(content):
            problem = "empty" if content is None else "not a mapping"
            fix = f"describe the platform under config, {PLATFORM_KEY}"
            raise InvalidConfiguration([ConfigError(path.name, problem, fix)])
        errors = list(structure_errors(path.name, content))
        if errors:
            raise InvalidConfiguration(errors)
        return cls(path, text, content, read.source)

    @property
    def config(self) -> Raw:
        """The stack's configuration by key."""
        config = self.content["config"]
        return config if is_mapping(config) else {}

    @property
    def platform(self) -> Raw:
        """The platform, unchecked; empty where the file has none."""
        platform = self.config.get(PLATFORM_KEY)
        return platform if is_mapping(platform) else {}

    @property
    def sealed(self) -> Sealed:
        """The sealed values beside the platform, and what opens them."""
        values = {key: value for key, value in self.config.items() if is_sealed(value)}
        return Sealed(values, {key: self.content[key] for key in SEALED_WITH if key in self.content})

    def is_written(self, key: str) -> bool:
        """Return whether the platform sets `key` (a dotted path), a key inside it, or a value that it is a part of."""
        return is_written(self.platform, key)

    def with_config(self, config: Mapping[str, object]) -> Self:
        """Return the document with another configuration."""
        return replace(self, content={**self.content, "config": dict(config)})

    def with_overrides(self, overrides: Mapping[str, object]) -> Self:
        """Return the document with values of the platform set by dotted path; None removes a key."""
        if not overrides or not isinstance(self.config.get(PLATFORM_KEY) or {}, dict):
            return self
        changes = {path: REMOVE if value is None else value for path, value in overrides.items()}
        return self.with_config({**self.config, PLATFORM_KEY: with_values(self.platform, changes)})

    def with_sealed(self, sealed: Sealed) -> Self:
        """Return the document with other sealed values and the keys that decrypt them."""
        config = {key: value for key, value in self.config.items() if not is_sealed(value)}
        content = {key: value for key, value in self.content.items() if key not in SEALED_WITH}
        return replace(self, content={**content, **sealed.opened_by, "config": {**config, **sealed.values}})

    def dump(self, *, comments: bool = True) -> str:
        """Return the text of the document; comments, order and quotes of what is unchanged are kept.

        Raises InvalidConfiguration for a change that cannot be made so, as where an anchor repeats the changed value.
        """
        if not comments:
            return dump(self.content)
        # ruamel.yaml is needed for this alone; a file is read without it
        from automation.stack.edit import edited_text

        return edited_text(self.text, self.path.name, self.content)

    def stack(self, name: str, cloud: str | None = None) -> Stack:
        """Return the checked stack `name`, on its own cloud or on `cloud`; raises InvalidConfiguration with every error."""
        values = dict(self.config)
        platform = values.get(PLATFORM_KEY)
        if cloud is not None and is_mapping(platform):
            values[PLATFORM_KEY] = {**platform, "cloud": cloud}
        errors: list[Diagnostic] = list(config_errors(self.path.name, self.config))
        stack: Stack | None = None
        if PLATFORM_KEY in values or not errors:
            try:
                stack = stack_of(name, values, self.source)
            except InvalidConfiguration as invalid:
                errors += invalid.diagnostics
        unlisted = _unlisted_secrets(stack, self.config) if stack is not None else {}
        if stack is not None:
            if self.content.get("environment"):
                # only the engine opens the environments; the program refuses what they do not have either
                stack = replace(stack, missing_secrets=(), environment_secrets=stack.missing_secrets)
            errors += secret_errors(unlisted, stack.missing_secrets)
            errors += clear_text_errors(
                name, {key: self.config[key] for key in stack.secret_keys if key in self.config}
            )
        if errors or stack is None:
            raise InvalidConfiguration(errors)
        unused = [Adjustment(key, "[secret]", Effect.IGNORED, "no service lists this secret") for key in unlisted]
        return replace(stack, adjustments=tuple(unused))


def with_sealed_values(text: str, engine_text: str, path: Path) -> str:
    """Return the text of a file with the sealed values of `engine_text`, and the keys that decrypt them.

    The engine formats the whole file differently when it seals a value; nothing else of its text is taken.
    """
    sealed = StackDocument.parse(engine_text, path).sealed
    return StackDocument.parse(text, path).with_sealed(sealed).dump()


def stack_names(folder: Path) -> list[str]:
    """Return the stacks that a project folder has a file for."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml"))


def stack_file(folder: Path, stack: str) -> Path:
    """Return the file of a stack; raises InvalidConfiguration, naming the stacks there are, where it does not exist."""
    path = folder / f"Pulumi.{stack}.yaml"
    if "/" not in stack and path.is_file():
        return path
    names = stack_names(folder)
    fix = f"use {listed(names)}" if names else "run this in the folder of the stack files"
    problem = f"no file Pulumi.{stack}.yaml{did_you_mean(stack, names)}"
    raise InvalidConfiguration([ConfigError("stack", problem, fix)])


def read_stack(folder: Path, name: str, cloud: str | None = None) -> Stack:
    """Return the checked stack `name` of a folder, on its own cloud or on `cloud`; raises InvalidConfiguration."""
    return StackDocument.load(stack_file(folder, name)).stack(name, cloud)


def stack_of(name: str, values: Mapping[str, object], source: Mapping[str, str] | None = None) -> Stack:
    """Return the checked stack of configuration values; raises InvalidConfiguration.

    `source` has the numbers of the platform as they are written, by dotted path.
    """
    # loads the spec's models, which `--help` does not need
    from providers.contract.authentication import keys_of_program

    platform = values.get(PLATFORM_KEY)
    sealed = _sealed_key(platform)
    if platform is None and PLATFORM_KEY in values:
        raise InvalidConfiguration([ConfigError(PLATFORM_KEY, "no value", "describe the platform under this key")])
    text = None if platform is None else _json(platform)
    spec = spec_of(text, name, sealed=sealed, source=source)
    config = {key: _text(key, value) for key, value in values.items()}
    config[PLATFORM_KEY] = text or ""
    secrets = _secrets_of(spec)
    generated = keys_of_program(spec)
    missing = tuple(key for key in secrets if f"{PROJECT}:{key}" not in config and key not in generated)
    config |= {f"{PROJECT}:{secret}": f"<missing secret {secret}>" for secret in missing}
    secret_keys = tuple(key for key in config if key in {f"{PROJECT}:{secret}" for secret in secrets})
    return Stack(name, spec, config, secret_keys, missing)


def _unlisted_secrets(stack: Stack, config: Raw) -> dict[str, object]:
    """Return values beside the platform that have the name of a secret, and no service lists it."""
    prefix = f"{PROJECT}:"
    secrets = {key: value for key, value in config.items() if key.startswith(prefix) and key[len(prefix) :].isupper()}
    return {key: value for key, value in secrets.items() if key not in stack.secret_keys}


def _secrets_of(spec: "Platform") -> tuple[str, ...]:
    return tuple(dict.fromkeys((*spec.secrets, *spec.image_credentials, *limits(spec.cloud).stack_secrets(spec))))


def _sealed_key(value: object, path: str = "") -> str | None:
    """Return the dotted path of the first `secure:` value inside; None where there is none."""
    if is_sealed(value):
        return path or PLATFORM_KEY
    parts: list[tuple[str, object]] = []
    if is_mapping(value):
        parts = [(f"{path}.{key}".lstrip("."), part) for key, part in value.items()]
    elif is_list(value):
        parts = [(f"{path}[{index}]", part) for index, part in enumerate(value)]
    return next((found for name, part in parts if (found := _sealed_key(part, name)) is not None), None)


def _text(key: str, value: object) -> str:
    if _sealed_key(value) is not None:
        return f"<secret {key}>"
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    """Return JSON text as the engine hands it over, with its keys in order."""
    return json.dumps(value, default=str, sort_keys=True)
