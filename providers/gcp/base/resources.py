"""What `open` lays before any verb: the Google Cloud facts that rooms share, never seen by neutral code."""

from dataclasses import dataclass

import pulumi

from providers.contract.spec import Platform
from providers.gcp.base.identity import Identity
from providers.gcp.base.keys import Keys
from providers.gcp.base.registry import Registry
from providers.gcp.context import Site
from providers.gcp.network.resources import Network
from providers.gcp.observability.channels import Channels


@dataclass(frozen=True)
class Ground:
    """Keys, network, identities, images and alarm channels of one region."""

    site: Site
    project_number: pulumi.Output[str]
    keys: Keys
    network: Network
    identity: Identity
    registry: Registry
    channels: Channels

    @property
    def spec(self) -> Platform:
        """The spec that is built."""
        return self.site.spec
