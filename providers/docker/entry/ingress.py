"""The machine's way in: the networks in which the entry meets the public services. The proxy itself stands in `entry`."""

from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Origin
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.resources import DockerCompute

__all__ = ["DockerIngress", "DockerOrigin", "create_ingress"]


@dataclass(frozen=True)
class DockerOrigin(Origin):
    """`ground` has the networks, the image and the certificate that the proxy is made of."""

    ground: DockerBaseResources


@dataclass(frozen=True)
class DockerIngress:
    """What the machine shows to the entry."""

    origin: DockerOrigin


def create_ingress(room: Scope, ground: DockerBaseResources, compute: DockerCompute) -> DockerIngress | None:
    """The way to the public services; None when no service has a path."""
    if not ground.spec.public:
        return None
    return DockerIngress(DockerOrigin(host=pulumi.Output.from_input(ground.site.host), ground=ground))
