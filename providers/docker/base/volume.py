"""A volume that outlives the containers that use it, open to whichever user their images have.

A new volume belongs to root, and no container here runs as root: one that does, once and without a network, opens the
volume's folder before the others begin. It leaves a file there, because Docker gives an empty volume the owner that an
image has in its place.
"""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.docker.base.container import ContainerSpec, create_container
from providers.docker.context import DockerContext

MOUNT = "/volume"
MEMORY_MIB = 64


@dataclass(frozen=True)
class Volume:
    """A volume's name, and what must have happened before it can be used."""

    name: pulumi.Output[str]
    ready: pulumi.Resource


def create_volume(
    scope: Scope, context: DockerContext, part: str, image: pulumi.Input[str], *, protect: bool = False
) -> Volume:
    """The volume `part`, opened by a container of `image`."""
    volume = docker.Volume(
        scope.named(part),
        driver="local",
        labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in sorted(scope.tags.items())],
        # a new label would make a new volume, and an empty one
        opts=scope.opts(protect=protect, ignore_changes=["labels"]),
    )
    opener = ContainerSpec(
        image=image,
        memory_mib=MEMORY_MIB,
        vcpu=0.5,
        user="0:0",
        entrypoint=["/bin/sh", "-c", f"touch {MOUNT}/.opened && chmod 0777 {MOUNT}"],
        volumes={MOUNT: volume.name},
        once=True,
    )
    return Volume(volume.name, create_container(scope, context, f"{part}-opened", opener))
