"""Checks of a stack file around the platform: its structure, and the keys beside the platform. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from components.configuration import PLATFORM_KEY, PROJECT
from providers.contract.diagnostics import ConfigError, did_you_mean, listed
from providers.contract.json_data import Raw, is_list, is_mapping

EXPIRES_KEY = f"{PROJECT}:expires_at"
"""Configuration key with the time after which `sweep` destroys a stack, in ISO 8601."""
SEALED_WITH = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys of a stack file that open its sealed values."""
TOP_LEVEL = ("config", "environment", *SEALED_WITH)
"""Keys of a stack file that the engine reads."""
PROVIDER_KEYS = {
    "aws:region": "aws.region",
    "gcp:project": "gcp.project",
    "gcp:region": "gcp.region",
    "azure-native:location": "azure.location",
    "azure-native:subscriptionId": "azure.subscription_id",
    "azure-native:tenantId": "azure.tenant_id",
}
"""Settings of default providers, which the platform does not use, and its own keys for the same."""


def _platform_keys() -> Collection[str]:
    """Return the keys of a platform, from the spec, whose models pydantic builds at import."""
    from providers.contract.spec import Platform

    return Platform.model_fields


def is_sealed(value: object) -> bool:
    """Return whether a value of a stack file is sealed."""
    return is_mapping(value) and set(value) == {"secure"}


def structure_errors(file: str, content: Raw) -> Iterator[ConfigError]:
    """Yield errors in the keys at the top level of a stack file, which must hold a configuration."""
    outside = [key for key in content if key in _platform_keys() or key == PLATFORM_KEY]
    if outside:
        inside = "config" if outside == [PLATFORM_KEY] else f"config, {PLATFORM_KEY}"
        problem = f"{listed(outside, 'and')} {_are(outside)} at the top level"
        yield ConfigError(file, problem, f"indent {_them(outside)} under {inside}")
    for key in content:
        if key not in TOP_LEVEL and key not in outside:
            problem = f"unknown key{did_you_mean(key, TOP_LEVEL)}"
            fix = f"remove it; the keys at the top level are {listed(TOP_LEVEL, 'and')}"
            yield ConfigError(f"{file}: {key}", problem, fix)
    config = content.get("config")
    if is_mapping(config) or outside:
        return
    problem = "missing" if "config" not in content else "empty" if config is None else "not a mapping"
    yield ConfigError(f"{file}: config", problem, f"describe the platform under config, {PLATFORM_KEY}")


def config_errors(file: str, config: Raw) -> Iterator[ConfigError]:
    """Yield errors in the keys beside the platform: its own keys that were not indented, and keys that nothing reads."""
    names = [key for key in config if key in _platform_keys()]
    if names:
        problem = f"{listed(names, 'and')} {_are(names)} directly under config"
        yield ConfigError(f"{file}: config", problem, f"indent {_them(names)} under {PLATFORM_KEY}")
    for key, value in config.items():
        if key not in (PLATFORM_KEY, EXPIRES_KEY, *names) and not key.startswith("pulumi:"):
            yield from _key_errors(key, value)


def _key_errors(key: str, value: object) -> Iterator[ConfigError]:
    namespace, colon, name = key.partition(":")
    if key in PROVIDER_KEYS:
        problem = "no effect: the platform configures its providers itself"
        yield ConfigError(key, problem, f"set {PROVIDER_KEYS[key]} inside {PLATFORM_KEY} and remove this key")
    elif key == "platform":
        yield ConfigError(key, "unknown key", f"write it as {PLATFORM_KEY}")
    elif not colon or namespace != PROJECT:
        yield ConfigError(key, "unknown key", "remove it")
    elif name in _platform_keys():
        yield ConfigError(key, "unknown key", f"indent {name} under {PLATFORM_KEY}")
    elif not name.isupper():
        fix = "remove it; a secret has the name of its variable, in upper case"
        yield ConfigError(key, f"unknown key{did_you_mean(name, ['platform'])}", fix)
    elif (is_list(value) or is_mapping(value)) and not is_sealed(value):
        yield ConfigError(key, "a secret is text", f"remove it and run `agent-platform secret set STACK {name}`")


def secret_errors(unlisted: Mapping[str, object], missing: Sequence[str]) -> Iterator[ConfigError]:
    """Yield errors in secrets that no service lists: nearly the name of a missing one, or a value in clear text."""
    for key, value in unlisted.items():
        hint = did_you_mean(key.removeprefix(f"{PROJECT}:"), missing)
        if hint:
            yield ConfigError(key, f"no service lists this secret{hint}", "correct its name, or remove it")
        elif not is_sealed(value):
            name = key.removeprefix(f"{PROJECT}:")
            fix = f"list it under a service's `secrets` and run `agent-platform secret set STACK {name}`, or remove it"
            yield ConfigError(key, "a value in clear text that no service lists", fix)


def clear_text_errors(stack: str, secrets: Mapping[str, object]) -> Iterator[ConfigError]:
    """Yield an error for each listed secret whose value is not sealed: the file, the state and CI's log would show it."""
    for key, value in secrets.items():
        if not is_sealed(value) and not is_list(value) and not is_mapping(value):
            fix = f"remove it and run `agent-platform secret set {stack} {key.removeprefix(f'{PROJECT}:')}`"
            yield ConfigError(key, "a secret in clear text", fix)


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
