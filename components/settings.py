"""Stack configuration -> spec and secret values. The only place that reads Pulumi's configuration."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi.runtime.config import is_config_secret

from components.configuration import PLATFORM_KEY, PROJECT, spec_of
from providers import limits
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, legacy_error
from providers.contract.spec import Platform


@dataclass(frozen=True)
class Settings:
    """What a stack says: the spec, and the values of the secrets it lists, each a secret Output."""

    stack: str
    spec: Platform
    secrets: Mapping[str, pulumi.Output[str]]


def load() -> Settings:
    """Settings of the current stack; raises InvalidConfiguration with every mistake of the file at once."""
    config = pulumi.Config(PROJECT)
    stack = pulumi.get_stack()
    spec = spec_of(config.get("platform"), stack, sealed=is_config_secret(PLATFORM_KEY))
    given = {name: config.get_secret(name) for name in spec.secrets}
    values = {name: value for name, value in given.items() if value is not None}
    missing = [_missing(spec, name) for name in given if name not in values]
    missing += [
        _missing_of_cloud(spec, name)
        for name in limits(spec.cloud).stack_secrets(spec)
        if config.get_secret(name) is None
    ]
    if missing:
        raise InvalidConfiguration(missing)
    return Settings(stack, spec, values)


def _missing(spec: Platform, name: str) -> ConfigError:
    path = f"services.{spec.readers_of(name)[0]}.secrets"
    return legacy_error(path, name, f"has no value; run `pulumi config set --secret {PROJECT}:{name}`")


def _missing_of_cloud(spec: Platform, name: str) -> ConfigError:
    """A secret that the cloud's own rooms read from the stack; no service does."""
    return legacy_error(
        "cloud", spec.cloud, f"needs the secret {name}; run `pulumi config set --secret {PROJECT}:{name}`"
    )
