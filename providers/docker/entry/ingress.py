"""The machine's way in: the networks in which the entry meets the public services. The proxy itself stands in `entry`."""

from dataclasses import dataclass

import pulumi

from providers.contract.results import Origin
from providers.docker.base.resources import DockerBaseResources

__all__ = ["DockerIngress", "DockerOrigin", "regional_ingress"]


@dataclass(frozen=True)
class DockerOrigin(Origin):
    """`base` has the networks, the image and the certificate that the proxy is made of."""

    base: DockerBaseResources


@dataclass(frozen=True)
class DockerIngress:
    """What the machine shows to the entry."""

    origin: DockerOrigin


def regional_ingress(base: DockerBaseResources) -> DockerIngress | None:
    """The way to the public services; None when no service has a path."""
    if not base.spec.public:
        return None
    return DockerIngress(DockerOrigin(host=pulumi.Output.from_input(base.context.host), base=base))
