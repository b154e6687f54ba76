"""What `open` lays before any verb: the facts of this machine that rooms share, never seen by neutral code."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from providers.contract.spec import Platform
from providers.docker.base.container import Seat
from providers.docker.base.identity import Identity
from providers.docker.base.keys import Keys
from providers.docker.base.registry import Registry
from providers.docker.context import Site
from providers.docker.network.plan import inside
from providers.docker.network.resources import Network
from providers.docker.observability.channels import Channels


@dataclass(frozen=True)
class Ground:
    """Keys, networks, keys to the store, images and alarm channels of this machine."""

    site: Site
    keys: Keys
    network: Network
    identity: Identity
    registry: Registry
    channels: Channels

    @property
    def spec(self) -> Platform:
        """The spec that is built."""
        return self.site.spec

    def image(self, role: str) -> pulumi.Output[str]:
        """Id of the image that fills a role."""
        return self.registry.roles[role]

    def seat(self, part: str, *aliases: str, address: str | None = None) -> Seat:
        """A place in the network `part`, under these names."""
        return Seat(self.network.names[part], aliases, address)

    def beside(self, part: str, alias: str) -> Sequence[Seat]:
        """A place beside each service that uses a part of the platform, under the name by which it is known."""
        return [self.seat(inside(service), alias) for service in self.spec.users_of(part)]
