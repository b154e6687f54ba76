"""Stack configuration -> spec and secret values. The only place that reads Pulumi's configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi.runtime.config import is_config_secret

from components.configuration import PLATFORM_KEY, PROJECT, spec_of
from providers import limits
from providers.contract.authentication import keys_of_program, sign_in_secrets
from providers.contract.context import ProgramValues
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.rollout import POSITIONS_KEY, RolloutPosition, positions_of
from providers.contract.spec import Platform


@dataclass(frozen=True)
class DeferredValues:
    """Outputs of a spec: image by service, environment by service, tags."""

    images: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, pulumi.Output[str]])
    environment: Mapping[str, Mapping[str, pulumi.Output[str]]] = field(
        default_factory=dict[str, Mapping[str, pulumi.Output[str]]]
    )
    tags: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, pulumi.Output[str]])


@dataclass(frozen=True)
class Settings:
    """Spec of a platform, the values of the secrets it lists, each a secret Output, and where its rollouts are."""

    stack: str
    """Name of the platform: that of the stack for the platform of a stack file."""
    spec: Platform
    secrets: Mapping[str, pulumi.Output[str]]
    positions: Mapping[str, RolloutPosition] = field(default_factory=dict[str, RolloutPosition])
    """Position of each service whose rollout is in progress or was aborted; passed by `agent-platform up`."""
    applied: frozenset[str] = frozenset()
    """Properties whose changes this update does not ignore; passed by `agent-platform up`."""
    values: ProgramValues = field(default_factory=ProgramValues)
    """Secrets for the cloud's own components, and images that are Outputs."""
    deferred: DeferredValues = field(default_factory=DeferredValues)
    """Environment values and tags that are Outputs of other resources."""


def load() -> Settings:
    """Return the settings of the current stack; raises InvalidConfiguration with every error of the file at once."""
    config = pulumi.Config(PROJECT)
    stack = pulumi.get_stack()
    spec = spec_of(config.get("platform"), stack, sealed=PLATFORM_KEY if is_config_secret(PLATFORM_KEY) else None)
    errors = [_in_clear_text(stack, name) for name in spec.secrets if _is_plain(config, name)]
    values = {name: config.get_secret(name) for name in spec.secrets}
    present = {name: value for name, value in values.items() if value is not None}
    missing = [
        _missing(stack, f"services.{spec.readers_of(name)[0]}.secrets", name)
        for name in values
        if name not in present and name not in keys_of_program(spec)
    ]
    missing += [
        _missing(stack, f"services.{service}.image_credentials", value.image_credentials)
        for service, value in spec.services.items()
        if value.image_credentials is not None and config.get_secret(value.image_credentials) is None
    ]
    # secrets that the cloud's own components read from the stack; no service does
    of_cloud = [name for name in limits(spec.cloud).stack_secrets(spec) if config.get_secret(name) is None]
    missing += [_missing(stack, key_of_cloud_secret(spec, name), name) for name in of_cloud]
    if errors or missing:
        raise InvalidConfiguration([*errors, *missing])
    return Settings(
        stack,
        spec,
        present,
        _positions(config, spec),
        frozenset((config.get("applied") or "").split()),
        ProgramValues({name: config.require_secret(name) for name in all_secrets(spec) if config.get_secret(name)}),
    )


def all_secrets(spec: Platform) -> tuple[str, ...]:
    """Return the names of all secrets: those of services, of registries, and of the cloud's own components."""
    return tuple(dict.fromkeys((*spec.secrets, *spec.image_credentials, *limits(spec.cloud).stack_secrets(spec))))


def key_of_cloud_secret(spec: Platform, name: str) -> str:
    """Key for which the cloud's own components read a secret."""
    return "ingress.auth.client_secret" if name in sign_in_secrets(spec) else "cloud"


def _positions(config: pulumi.Config, spec: Platform) -> Mapping[str, RolloutPosition]:
    """Positions of the services whose strategy has steps; raises InvalidConfiguration for a value that is none."""
    try:
        positions = positions_of(config.get_object("rollout"))
    except (ValueError, pulumi.ConfigTypeError):
        fix = "remove it; `agent-platform up` passes the positions of rollouts to the program itself"
        raise InvalidConfiguration([ConfigError(POSITIONS_KEY, "not the positions of rollouts", fix)]) from None
    return {name: each for name, each in positions.items() if name in spec.services_in_steps}


def _is_plain(config: pulumi.Config, name: str) -> bool:
    return not is_config_secret(f"{PROJECT}:{name}") and config.get(name) is not None


def _in_clear_text(stack: str, name: str) -> ConfigError:
    fix = f"remove it and run `agent-platform secret set {stack} {name}`"
    return ConfigError(f"{PROJECT}:{name}", "a secret in clear text", fix)


def _missing(stack: str, key: str, name: str) -> ConfigError:
    return ConfigError(key, f"the secret {name} has no value", f"run `agent-platform secret set {stack} {name}`")
