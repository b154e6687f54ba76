"""Settings of a platform in the program of a user, from a spec, secrets and Outputs of other resources.

Images, environment values and tags can be Outputs, which are known in the update only. The rules over a spec need text, so a
placeholder is checked in the place of an Output. Everything else in a spec decides what is declared, and Pulumi declares no
resource by a value that it does not know yet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pulumi

from components.settings import DeferredValues, Settings, all_secrets, key_of_cloud_secret
from components.validation.parse import parse
from components.validation.rules import overlap
from providers import AVAILABLE, limits
from providers.contract.authentication import keys_of_program
from providers.contract.context import ProgramValues
from providers.contract.diagnostics import ConfigError, Diagnostic, InvalidConfiguration
from providers.contract.json_data import is_list, is_mapping
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw

Path = tuple[str, ...]
PLACEHOLDER = "deferred"
DIGEST = f"@sha256:{'0' * 64}"
"""Digest of a placeholder: production requires one, and an image of another resource has its own."""
Spec = Settings | Platform | Mapping[str, object]
"""Settings of a stack, a spec, or a mapping with the keys of a stack file."""
Secrets = Mapping[str, pulumi.Input[str]] | pulumi.Output[Mapping[str, str]]
"""Values of secrets by name; of an Output, the names are those that the spec needs."""


def settings_of(name: str, spec: Spec, secrets: Secrets | None = None) -> Settings:
    """Return the settings of the platform `name`; raises InvalidConfiguration with every error at once."""
    if isinstance(spec, Settings):
        return replace(spec, stack=name)
    raw = spec.model_dump(mode="json", by_alias=True, exclude_unset=True) if isinstance(spec, Platform) else spec
    plain, deferred, errors = split(raw)
    try:
        checked = parse(plain, name)
    except InvalidConfiguration as refused:
        # the placeholder of a refused Output can be invalid, too
        others = [each for each in refused.diagnostics if not any(overlap(each.key, error.key) for error in errors)]
        raise InvalidConfiguration([*errors, *others]) from None
    values = _values(checked, {} if secrets is None else secrets)
    problems: list[Diagnostic] = [*errors, *_missing(checked, values), *_unused(checked, values)]
    if problems:
        raise InvalidConfiguration(problems)
    of_services = {key: value for key, value in values.items() if key in checked.secrets}
    return Settings(name, checked, of_services, values=ProgramValues(values, deferred.images), deferred=deferred)


def _values(spec: Platform, secrets: Secrets) -> dict[str, pulumi.Output[str]]:
    """Return the value of each secret, marked as one."""
    if not isinstance(secrets, pulumi.Output):
        return {name: pulumi.Output.secret(value) for name, value in secrets.items()}
    generated = keys_of_program(spec)
    names = [name for name in all_secrets(spec) if name not in generated]
    return {name: pulumi.Output.secret(_item(secrets, name)) for name in names}


def _item(values: pulumi.Output[Mapping[str, str]], name: str) -> pulumi.Output[str]:
    return values.apply(lambda known: known[name])


def _missing(spec: Platform, values: Mapping[str, object]) -> list[ConfigError]:
    """Return the secrets without a value; the platform generates the keys of clients itself."""
    generated = keys_of_program(spec)
    return [
        ConfigError(_key_of(spec, name), f"the secret {name} has no value", "pass its value in `secrets`")
        for name in all_secrets(spec)
        if name not in values and name not in generated
    ]


def _key_of(spec: Platform, name: str) -> str:
    if name in spec.secrets:
        return f"services.{spec.readers_of(name)[0]}.secrets"
    users = [service for service, value in spec.services.items() if value.image_credentials == name]
    return f"services.{users[0]}.image_credentials" if users else key_of_cloud_secret(spec, name)


def _unused(spec: Platform, values: Mapping[str, object]) -> list[ConfigError]:
    known = all_secrets(spec)
    return [
        ConfigError(
            f"secrets.{name}", "no service lists this secret", "list it under a service's `secrets`, or remove it"
        )
        for name in values
        if name not in known
    ]


def split(platform: Mapping[str, object]) -> tuple[Raw, DeferredValues, list[ConfigError]]:
    """Return the platform with placeholders, its Outputs, and the refusals of Outputs in other places."""
    outputs = dict(_outputs(platform, ()))
    errors = [_refusal(path) for path in outputs if output_kind(path) is None]
    errors += [error for path in outputs if output_kind(path) == "image" for error in _credentials(platform, path[1])]
    images = {path[1]: value for path, value in outputs.items() if output_kind(path) == "image"}
    tags = {path[1]: value for path, value in outputs.items() if output_kind(path) == "tags"}
    environment: dict[str, dict[str, pulumi.Output[str]]] = {}
    for path, value in outputs.items():
        if output_kind(path) == "environment":
            environment.setdefault(path[1], {})[path[3]] = value
    image = placeholder_image(platform)
    raw = _without_outputs(platform, image)
    return (raw if is_mapping(raw) else {}), DeferredValues(images, environment, tags), errors


def placeholder_image(platform: Mapping[str, object]) -> str:
    """Return an image in the registry in which the cloud expects the image of another resource."""
    cloud = platform.get("cloud")
    block = platform.get(cloud) if isinstance(cloud, str) else None
    region = (block.get("region") or block.get("location")) if is_mapping(block) else None
    pattern = limits(cloud).deferred_image if cloud in AVAILABLE and isinstance(cloud, str) else "{region}"
    return pattern.format(region=region or "nowhere") + DIGEST


def output_kind(path: Path) -> str | None:
    """Return the kind of a place that takes an Output; None for any other."""
    match path:
        case ("tags", _):
            return "tags"
        case ("services", _, "image"):
            return "image"
        case ("services", _, "environment", _):
            return "environment"
        case _:
            return None


def _refusal(path: Path) -> ConfigError:
    fix = "use a plain value; Outputs can be images and environment values of services, and tags"
    return ConfigError(".".join(path), "an Output, whose value is known in the update only", fix)


def _credentials(platform: Mapping[str, object], service: str) -> Iterator[ConfigError]:
    services = platform.get("services")
    settings = services.get(service) if is_mapping(services) else None
    if is_mapping(settings) and settings.get("image_credentials") is not None:
        problem = "a login belongs to a registry, and that of an Output is known in the update only"
        yield ConfigError(
            f"services.{service}.image_credentials", problem, "use the address of the image as plain text"
        )


def _outputs(value: object, path: Path) -> Iterator[tuple[Path, pulumi.Output[str]]]:
    if isinstance(value, pulumi.Output):
        yield path, value
    elif is_mapping(value):
        for key, inner in value.items():
            yield from _outputs(inner, (*path, str(key)))
    elif is_list(value):
        for index, inner in enumerate(value):
            yield from _outputs(inner, (*path, str(index)))


def _without_outputs(value: object, image: str, path: Path = ()) -> object:
    if isinstance(value, pulumi.Output):
        return image if output_kind(path) == "image" else PLACEHOLDER
    if is_mapping(value):
        return {key: _without_outputs(inner, image, (*path, str(key))) for key, inner in value.items()}
    if is_list(value):
        return [_without_outputs(inner, image, (*path, str(index))) for index, inner in enumerate(value)]
    return value
