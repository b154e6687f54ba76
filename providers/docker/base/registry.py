"""Images of the services and of the platform, pulled once by the host's Docker; there is no registry.

An image reference without a registry host is one that was built on this host. Images are kept when the stack is
destroyed, since other containers may use them. Containers refer to the image id, so a moved tag has no effect until an
update pulls it. The provider logs in to registries with `image_credentials`; the host's Docker does not store the login.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.context import ProgramValues
from providers.contract.credentials import image_credentials
from providers.contract.spec import Platform
from providers.docker.base.platform_images import credentials_by_registry, image_of, roles_of
from providers.docker.context import DockerContext


@dataclass(frozen=True)
class DockerRegistry:
    """Image ids by service, and by role for the platform's own images."""

    images: Mapping[str, pulumi.Input[str]]
    roles: Mapping[str, pulumi.Output[str]]


def create_registry(scope: Scope, context: DockerContext) -> DockerRegistry:
    """Images of every service and of every role that the platform needs."""
    spec = context.spec
    return DockerRegistry(
        images={
            name: _image(scope, f"service-{name}", context.values.image(spec, name), f"linux/{service.architecture}")
            for name, service in spec.services.items()
        },
        roles={role: _image(scope, f"role-{role}", image_of(spec, role)) for role in roles_of(spec)},
    )


def registry_logins(spec: Platform, values: ProgramValues) -> list[docker.ProviderRegistryAuthArgs]:
    """Logins of the provider to the registries of private images."""
    logins = {
        registry: image_credentials(values.secret(secret)) for registry, secret in credentials_by_registry(spec).items()
    }
    return [
        docker.ProviderRegistryAuthArgs(address=registry, username=login.username, password=login.password)
        for registry, login in logins.items()
    ]


def _image(scope: Scope, part: str, reference: pulumi.Input[str], platform: str | None = None) -> pulumi.Output[str]:
    """Id of an image that is on the host or is pulled.

    The platform is set here only: a container runs its image as it is, and reading a container back returns `linux`
    instead of `linux/amd64`, which would be drift in every container (terraform-provider-docker 4.5,
    resource_docker_container_funcs.go, `d.Set("platform", container.Platform)`).
    """
    image = docker.RemoteImage(
        scope.named(part), name=reference, platform=platform, keep_locally=True, opts=scope.opts()
    )
    return image.image_id
