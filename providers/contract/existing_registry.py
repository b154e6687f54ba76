"""Container registry that exists already, in place of the platform's own: the spec of a platform whose images are in it. Pure.

An adapter sees a spec in which such an image names its registry, as an image of any other registry does. So nothing of a registry is
declared on any target; each adapter adds what pulling and pushing need.
"""

from collections.abc import Callable, Iterator, Mapping

from providers.contract.diagnostics import Adjustment, ConfigError, Effect, listed
from providers.contract.images import Image, parse_image
from providers.contract.spec import ExistingRegistrySpec, Platform, Service

KEY = "registry.existing"
ExistingImage = Callable[[Platform, Service], str | None]
"""Address, without tag and digest, of the image of a service in the existing registry; None for one that is not in it."""


def existing_registry(spec: Platform) -> ExistingRegistrySpec | None:
    """Return the registry of a spec that has the block of its cloud; None where the platform has its own registry."""
    existing = spec.registry.existing if spec.registry is not None else None
    return existing if existing is not None and getattr(existing, spec.cloud, None) is not None else None


def with_existing_registry(spec: Platform, existing_image: ExistingImage) -> Platform:
    """Return the spec in which images of the existing registry name it, and the platform declares no registry for them."""
    if existing_registry(spec) is None:
        return spec
    services, stored = dict(spec.services), dict[str, str]()
    for name, service in spec.services.items():
        image = parse_image(service.image)
        address = existing_image(spec, service) if image.registry is None else None
        if address is not None:
            stored[name] = service.image
            services[name] = service.model_copy(update={"image": f"{address}{image.suffix}"})
    return spec.model_copy(update={"services": services}).with_stored_images(stored)


def written_image(spec: Platform, name: str) -> str:
    """Return the image of a service as the stack file has it."""
    return spec.stored_images.get(name, spec.services[name].image)


def stored_images(spec: Platform) -> Mapping[str, Image]:
    """Return by service the images in the existing registry, with its address."""
    return {name: parse_image(spec.services[name].image) for name in spec.stored_images}


def stored_addresses(spec: Platform) -> dict[str, str]:
    """Return by service the address of the images in the existing registry, without tag and digest."""
    return {name: image.repository for name, image in stored_images(spec).items()}


def registry_errors(spec: Platform) -> Iterator[ConfigError]:
    """Require the block of the chosen cloud alone, and an image that is in the registry."""
    existing = spec.registry.existing if spec.registry is not None else None
    if existing is None:
        return
    others = [name for name in existing.model_fields_set if name != spec.cloud and getattr(existing, name) is not None]
    if others:
        problem = f"it names a registry on {listed(sorted(others), 'and')}, and the cloud is {spec.cloud}"
        yield ConfigError(KEY, problem, f"name one under {KEY}.{spec.cloud} alone, or remove it")
    elif existing_registry(spec) is None:
        yield ConfigError(KEY, "it names no registry", f"name one under {KEY}.{spec.cloud}, or remove it")
    elif not spec.stored_images and all(parse_image(each.image).registry for each in spec.services.values()):
        problem = "no image is in it: every image names its registry"
        yield ConfigError(KEY, problem, "remove the host from the images that are in it, or remove the key")


def owner_decides(requested: str) -> Adjustment:
    """Return the report that the platform declares no setting of a registry of others."""
    reason = (
        "scans, immutable tags, retention and encryption are those of its owner; the platform declares none of them and deletes "
        "no image"
    )
    return Adjustment(KEY, requested, Effect.PARTIAL, reason)
