"""Secrets that a stack lists, and checks of a value before it is stored. A message never contains a value. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from automation.stack.document import Stack, StackDocument, stack_file
from automation.stack.file_checks import is_sealed
from components.configuration import PROJECT
from providers.contract.authentication import MIN_KEY_CHARACTERS, key_variable, sign_in_secrets
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.images import registry_login

MAX_VALUE_BYTES = {"aws": 65_536, "gcp": 65_536, "azure": 25_600, "docker": 65_536, "kubernetes": 65_536}
"""Size of one secret: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html,
https://cloud.google.com/secret-manager/quotas and
https://learn.microsoft.com/azure/key-vault/secrets/about-secrets (25 KB). Docker has no limit, and a Secret of
Kubernetes holds 1 MiB; the same value as on AWS is used, which a variable of a process can have."""
SecretState = Literal["set", "set in clear text", "missing"]


@dataclass(frozen=True)
class ListedSecret:
    """Secret that a stack lists: what reads it, and whether the stack file has a value."""

    name: str
    readers: tuple[str, ...]
    state: SecretState
    is_registry_login: bool = False
    """True for credentials of an image registry, whose value is `username:password`."""


def listed_secrets(document: StackDocument, stack: Stack) -> tuple[ListedSecret, ...]:
    """Return every secret that services, private images and the cloud's monitoring read, in the order of the file."""
    return tuple(
        ListedSecret(name, _readers(stack, name), _state(document, name), name in stack.spec.image_credentials)
        for name in (key.removeprefix(f"{PROJECT}:") for key in stack.secret_keys)
    )


def stack_for_values(folder: Path, name: str, secrets: Iterable[str]) -> tuple[StackDocument, Stack]:
    """Return the file of a stack and its checked content, without the present values of the secrets to set.

    The present value of a secret may be the error that a new value corrects. Raises InvalidConfiguration.
    """
    document = StackDocument.load(stack_file(folder, name))
    replaced = {f"{PROJECT}:{secret}" for secret in secrets}
    config = {key: value for key, value in document.config.items() if key not in replaced}
    return document, replace(document, content={**document.content, "config": config}).stack(name)


def value_errors(stack: Stack, secrets: Mapping[str, ListedSecret], values: Mapping[str, str]) -> Iterator[ConfigError]:
    """Yield an error for each secret that the stack does not list and for each value that cannot be right."""
    for name, value in values.items():
        if name not in secrets:
            yield unlisted_error(stack, name, secrets)
        elif problem := _problem(value, secrets[name], MAX_VALUE_BYTES[stack.spec.cloud]) or weakness(
            stack, name, value
        ):
            yield ConfigError(name, *problem)


def unlisted_error(stack: Stack, name: str, secrets: Mapping[str, ListedSecret]) -> ConfigError:
    """Return the error of a secret that the stack does not list."""
    known = f"use {listed(secrets)}, or add it" if secrets else "add it"
    fix = f"{known} to the `secrets` of a service in Pulumi.{stack.name}.yaml"
    return ConfigError(name, f"no service lists this secret{did_you_mean(name, secrets)}", fix)


def refuse(errors: Iterator[ConfigError]) -> None:
    """Raise InvalidConfiguration with all errors, if there are any."""
    found = tuple(errors)
    if found:
        raise InvalidConfiguration(found)


def _problem(value: str, secret: ListedSecret, max_bytes: int) -> tuple[str, str] | None:
    """Return problem and fix of a value; None for a valid one."""
    if not value.strip():
        return "the value is empty", "provide the value of the secret"
    if "\0" in value:
        return "the value contains a null character", "provide text; encode binary data in Base64"
    size = len(value.encode())
    if size > max_bytes:
        return f"the value has {size} bytes, and the cloud's limit is {max_bytes}", "provide a shorter value"
    if secret.is_registry_login and not all(part.strip() for part in registry_login(value)):
        return "the value is not of the form username:password", "write user name and password or token with a colon"
    return None


def weakness(stack: Stack, name: str, value: str) -> tuple[str, str] | None:
    """Return problem and fix of a key of clients that could be guessed, which production refuses; None for other secrets."""
    is_key = any(key_variable(stack.spec.services[reader]) == name for reader in stack.spec.readers_of(name))
    if stack.spec.profile != "production" or not is_key or len(value) >= MIN_KEY_CHARACTERS:
        return None
    return (
        f"the key has fewer than {MIN_KEY_CHARACTERS} characters",
        "provide a longer one, such as `openssl rand -hex 24`",
    )


def _readers(stack: Stack, name: str) -> tuple[str, ...]:
    spec = stack.spec
    images = tuple(f"image of {key}" for key, service in spec.services.items() if service.image_credentials == name)
    of_cloud = "entry" if name in sign_in_secrets(spec) else "monitoring"
    return (*spec.readers_of(name), *images) or (of_cloud,)


def _state(document: StackDocument, name: str) -> SecretState:
    value = document.config.get(f"{PROJECT}:{name}")
    if value is None:
        return "missing"
    return "set" if is_sealed(value) else "set in clear text"
