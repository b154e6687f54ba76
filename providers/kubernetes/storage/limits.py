"""Settings of storage that a cluster refuses or adjusts. Pure."""

from collections.abc import Iterator
from typing import cast

from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported
from providers.contract.json_data import Raw
from providers.contract.spec import Platform, StorageSpec
from providers.contract.spec.defaults import complete
from providers.kubernetes.context import block_of

VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_REGION")
SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""Stack secrets with the keys of the bucket, which become variables of the services that use storage."""


def storage_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Storage without a bucket, settings of the bucket itself, and variables that the platform sets."""
    if spec.storage is None:
        return []
    return [*_without_bucket(spec), *_settings_of_bucket(spec, spec.storage), *_reserved_variables(spec)]


def _without_bucket(spec: Platform) -> Iterator[Diagnostic]:
    if block_of(spec).bucket is None:
        yield Unsupported(
            "kubernetes",
            "storage",
            problem="a cluster has no object storage, and kubernetes.bucket names none",
            fix="set kubernetes.bucket to an existing S3-compatible bucket, or remove storage",
        )


def _settings_of_bucket(spec: Platform, storage: StorageSpec) -> Iterator[Diagnostic]:
    """Every setting with another value than the default, which the stack file therefore contains."""
    defaults = _default_storage(spec).model_dump()
    for key, value in storage.model_dump().items():
        if value != defaults[key]:
            problem = "the bucket exists already, and the platform does not change it"
            yield Unsupported(
                "kubernetes", f"storage.{key}", problem, "remove the key, and set it on the bucket itself"
            )


def _default_storage(spec: Platform) -> StorageSpec:
    completed = complete({"profile": spec.profile, "cloud": spec.cloud, "services": {}, "storage": {}})
    return StorageSpec.model_validate(cast("Raw", completed["storage"]))


def _reserved_variables(spec: Platform) -> Iterator[Diagnostic]:
    reserved = (*VARIABLES, *SECRETS)
    for name in spec.users_of("storage"):
        service = spec.services[name]
        keys = {variable: f"environment.{variable}" for variable in service.environment}
        keys |= dict.fromkeys(service.secrets, "secrets")
        for variable, key in keys.items():
            if variable in reserved:
                problem = f"{variable} is set by the platform for kubernetes.bucket"
                yield ConfigError(f"services.{name}.{key}", problem, "use another name")


def storage_adjustments(spec: Platform) -> list[Adjustment]:
    """Versions of objects, which are a setting of the existing bucket."""
    if spec.storage is None:
        return []
    reason = "the bucket exists already: versions and their expiry are those that its owner has set"
    return [Adjustment("storage", requested=spec.storage.model_dump(), effect=Effect.IGNORED, reason=reason)]
