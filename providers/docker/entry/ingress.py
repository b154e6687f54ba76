"""The machine's way in: the networks in which the entry meets the public services. The proxy itself stands in `entry`."""

from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Origin
from providers.docker.base.resources import Ground
from providers.docker.compute.resources import Compute

__all__ = ["DockerOrigin", "Ingress", "create_ingress"]


@dataclass(frozen=True)
class DockerOrigin(Origin):
    """`ground` has the networks, the image and the certificate that the proxy is made of."""

    ground: Ground


@dataclass(frozen=True)
class Ingress:
    """What the machine shows to the entry."""

    origin: DockerOrigin


def create_ingress(room: Scope, ground: Ground, compute: Compute) -> Ingress | None:
    """The way to the public services; None when no service has a path."""
    if not ground.spec.public:
        return None
    return Ingress(DockerOrigin(host=pulumi.Output.from_input(ground.site.host), ground=ground))
