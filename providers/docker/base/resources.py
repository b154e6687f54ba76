"""What `open` lays before any verb: the facts of this machine that rooms share, never seen by neutral code."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from providers.contract.spec import Platform
from providers.docker.base.containers import NetworkAttachment
from providers.docker.base.identity import DockerIdentity
from providers.docker.base.keys import DockerKeys
from providers.docker.base.registry import DockerRegistry
from providers.docker.context import DockerContext
from providers.docker.network.plan import inside
from providers.docker.network.resources import DockerNetwork
from providers.docker.observability.channels import DockerChannels


@dataclass(frozen=True)
class DockerBaseResources:
    """Keys, networks, keys to the store, images and alarm channels of this machine."""

    context: DockerContext
    keys: DockerKeys
    network: DockerNetwork
    identity: DockerIdentity
    registry: DockerRegistry
    channels: DockerChannels

    @property
    def spec(self) -> Platform:
        """The spec that is built."""
        return self.context.spec

    def image(self, role: str) -> pulumi.Output[str]:
        """Id of the image that fills a role."""
        return self.registry.roles[role]

    def seat(self, part: str, *aliases: str, address: str | None = None) -> NetworkAttachment:
        """A place in the network `part`, under these names."""
        return NetworkAttachment(self.network.names[part], aliases, address)

    def beside(self, part: str, alias: str) -> Sequence[NetworkAttachment]:
        """A place beside each service that uses a part of the platform, under the name by which it is known."""
        return [self.seat(inside(service), alias) for service in self.spec.users_of(part)]
