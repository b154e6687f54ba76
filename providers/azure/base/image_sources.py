"""Registries that images are pulled from: the platform's registry, or a public one. Pure."""

import re

from providers.azure.base.existing_registry import KEY, registry_of_others
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.egress import names_leave
from providers.contract.existing_registry import stored_images
from providers.contract.images import other_registries, own_images
from providers.contract.spec import Platform

REPOSITORY_PATTERN = re.compile(r"([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*")
MAX_REPOSITORY_CHARACTERS = 256
"""Microsoft Learn, "Azure Container Registry service limits" and "Naming conventions of repositories"."""
MICROSOFT_REGISTRY = "mcr.microsoft.com"
"""Reachable by its service tag without outbound internet access."""


def registry_adjustments(spec: Platform) -> list[Adjustment]:
    """Images that are pulled without credentials, and credentials that the platform's registry does not need."""
    return [*_anonymous_pulls(spec), *_unused_credentials(spec)]


def _anonymous_pulls(spec: Platform) -> list[Adjustment]:
    return [
        Adjustment(
            f"services.{name}.image",
            spec.services[name].image,
            Effect.PARTIAL,
            f"pulled without credentials; {registry} must allow anonymous pulls, or set services.{name}.image_credentials",
        )
        for name, registry in other_registries(spec).items()
        if spec.services[name].image_credentials is None
        and registry != MICROSOFT_REGISTRY
        and name not in spec.stored_images
    ]


def _unused_credentials(spec: Platform) -> list[Adjustment]:
    reason = "the registry is read with a managed identity"
    return [
        Adjustment(f"services.{name}.image_credentials", spec.services[name].image_credentials, Effect.IGNORED, reason)
        for name in (*own_images(spec), *spec.stored_images)
        if spec.services[name].image_credentials is not None
    ]


def registry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Repository names that the registry rejects, and images that cannot be pulled without egress."""
    return [*_refused_repositories(spec), *_unreachable_images(spec)]


def _refused_repositories(spec: Platform) -> list[Diagnostic]:
    fix = (
        "use lower-case letters and digits, single dots, hyphens or underscores between them and slashes between "
        f"path components, at most {MAX_REPOSITORY_CHARACTERS} characters before the tag"
    )
    return [
        Unsupported("azure", f"services.{name}.image", f"{image.name} is not a valid repository name", fix)
        for name, image in {**own_images(spec), **stored_images(spec)}.items()
        if not REPOSITORY_PATTERN.fullmatch(image.name) or len(image.name) > MAX_REPOSITORY_CHARACTERS
    ]


def _unreachable_images(spec: Platform) -> list[Diagnostic]:
    if names_leave(spec):
        return []
    setting = "network.egress" if spec.network.egress == "none" else "network.egress_control"
    fix = "set network.egress to per_zone or single" if setting == "network.egress" else f"remove {setting}"
    existing = registry_of_others(spec)
    if existing is not None and not existing.private:
        problem = f"{existing.login_server} cannot be reached while {setting} is {_value(spec)}"
        return [Unsupported("azure", f"{KEY}.private_endpoint", problem, f"set it to true, or {fix}")]
    return [
        Unsupported(
            "azure",
            f"services.{name}.image",
            problem=f"{registry} cannot be reached while {setting} is {_value(spec)}",
            fix=f"import the image into the platform's registry and remove the host from the reference, or {fix}",
        )
        for name, registry in other_registries(spec).items()
        if registry != MICROSOFT_REGISTRY and name not in spec.stored_images
    ]


def _value(spec: Platform) -> str:
    return "none" if spec.network.egress == "none" else spec.network.egress_control
