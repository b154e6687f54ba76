"""Images without a registry host, by service: address in the registry of the stack, pinned version, and the source to build from.

The registry is the stack's own, or one that exists already (`registry.existing`).

On a Docker host there is no registry: an image without a registry host is one that was built on the host.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from providers import command_line
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, unknown_service
from providers.contract.existing_registry import written_image
from providers.contract.images import Image, parse_image
from providers.contract.spec import Platform
from providers.contract.spec.service import UNBUILT_TAG, Build


@dataclass(frozen=True)
class OwnImage:
    """Image of one service in the stack's own registry."""

    service: str
    image: Image
    repository: str
    """Address without tag; on a Docker host the image's name."""
    architecture: str
    build: Build | None = None

    @property
    def built(self) -> bool:
        """False for an image that `build` describes and that no version is pinned of."""
        return self.image.tag != UNBUILT_TAG or self.image.digest is not None

    @property
    def reference(self) -> str:
        """Full reference of the pinned version."""
        return f"{self.repository}{self.image.suffix}"

    @property
    def platform(self) -> str:
        """Platform of the image, as docker names it."""
        return f"linux/{self.architecture}"

    def source(self, folder: Path) -> tuple[Path, Path]:
        """Return build context and Dockerfile, relative to the folder of the stack file; raises InvalidConfiguration."""
        build, key = self.build or Build(), f"services.{self.service}.build"
        context = Path(build.context)
        if not (folder / context).is_dir():
            fix = "correct the path, which is relative to the stack file"
            raise InvalidConfiguration([ConfigError(f"{key}.context", f"no folder {build.context}", fix)])
        dockerfile = context / build.dockerfile
        if not (folder / dockerfile).resolve().is_relative_to((folder / context).resolve()):
            problem = f"{build.dockerfile} is outside the build context {build.context}"
            raise InvalidConfiguration([ConfigError(f"{key}.dockerfile", problem, "use a file inside the context")])
        if not (folder / dockerfile).is_file():
            fix = "create it, or name another file in `dockerfile`"
            raise InvalidConfiguration([ConfigError(f"{key}.dockerfile", f"no file {dockerfile}", fix)])
        return context, dockerfile


def own_images(spec: Platform, stack: str) -> tuple[OwnImage, ...]:
    """Return the images of the stack's own registry, in the order of the services."""
    images = {name: parse_image(written_image(spec, name)) for name in spec.services}
    cli = command_line(spec.cloud)
    addresses = cli.repositories(spec, stack)
    if cli.keeps_images_on_host:
        built = {
            name: image for name, image in images.items() if image.registry is None and name not in spec.stored_images
        }
        addresses = {name: image.name for name, image in built.items()}
    return tuple(
        OwnImage(name, images[name], addresses[name], service.architecture, service.build)
        for name, service in spec.services.items()
        if name in addresses
    )


def selected(images: Sequence[OwnImage], spec: Platform, services: Sequence[str]) -> tuple[OwnImage, ...]:
    """Return the images of some services, or all; raises InvalidConfiguration for a service without an own image."""
    by_service = {image.service: image for image in images}
    errors: list[ConfigError] = []
    for name in services:
        if name not in spec.services:
            errors.append(unknown_service(name, spec.services))
        elif name not in by_service:
            problem = f"its image is in another registry ({spec.services[name].image})"
            fix = "remove the registry host from `image`, or add `build` and remove `image`"
            errors.append(ConfigError(f"services.{name}.image", problem, fix))
    if errors:
        raise InvalidConfiguration(errors)
    return tuple(by_service[name] for name in services) if services else tuple(images)
