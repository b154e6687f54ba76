"""Images of the services and of the platform, pulled once by the host's Docker; there is no registry.

An image reference without a registry host is one that was built on this host. Images are kept when the stack is
destroyed, since other containers may use them. Containers refer to the image id, so a moved tag has no effect until an
update pulls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.docker.base.platform_images import image_of, roles_of
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
        images={name: _image(scope, f"service-{name}", service.image) for name, service in spec.services.items()},
        roles={role: _image(scope, f"role-{role}", image_of(spec, role)) for role in roles_of(spec)},
    )


def _image(scope: Scope, part: str, reference: str) -> pulumi.Output[str]:
    return docker.RemoteImage(scope.named(part), name=reference, keep_locally=True, opts=scope.opts()).image_id
