"""Images: found on this machine, or pulled by its Docker once. No registry is kept.

An image without a registry's host is one that was built here. Images stay when the stack goes, for others may use them.
A container is made of the image that was found, so a tag that is moved changes nothing until an update pulls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.docker.base.identity import DockerIdentity
from providers.docker.base.keys import DockerKeys
from providers.docker.base.platform_images import image_of, roles_of
from providers.docker.context import DockerContext


@dataclass(frozen=True)
class DockerRegistry:
    """Id of the image by service, and by role for the platform's own."""

    images: Mapping[str, pulumi.Input[str]]
    roles: Mapping[str, pulumi.Output[str]]


def create_registry(scope: Scope, context: DockerContext, keys: DockerKeys, identity: DockerIdentity) -> DockerRegistry:
    """The images of every service and of every role that the platform needs."""
    spec = context.spec
    return DockerRegistry(
        images={name: _image(scope, f"service-{name}", service.image) for name, service in spec.services.items()},
        roles={role: _image(scope, f"role-{role}", image_of(spec, role)) for role in roles_of(spec)},
    )


def _image(scope: Scope, part: str, reference: str) -> pulumi.Output[str]:
    return docker.RemoteImage(scope.named(part), name=reference, keep_locally=True, opts=scope.opts()).image_id
