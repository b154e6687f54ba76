"""Neutral targets -> nothing: one machine runs a fixed number of copies, and a greatest number above it is refused."""

from providers.contract.component import Scope
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.resources import DockerCompute
from providers.docker.entry.ingress import DockerIngress


def create_autoscaling(
    room: Scope, ground: DockerBaseResources, ingress: DockerIngress | None, compute: DockerCompute
) -> None:
    """Declares nothing."""
