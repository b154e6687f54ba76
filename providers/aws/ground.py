"""What `open` lays before any verb: the AWS facts that rooms share, never seen by neutral code."""

from dataclasses import dataclass

from providers.aws.identity import Identity
from providers.aws.keys import Keys
from providers.aws.monitoring.channels import Channels
from providers.aws.monitoring.prometheus import Prometheus
from providers.aws.network import Network
from providers.aws.registry import Registry
from providers.aws.site import Site
from providers.contract.spec import Platform


@dataclass(frozen=True)
class Ground:
    """Keys, network, identities, images, alarm channels and Prometheus of one region."""

    site: Site
    keys: Keys
    network: Network
    identity: Identity
    registry: Registry
    channels: Channels
    prometheus: Prometheus | None

    @property
    def spec(self) -> Platform:
        """The spec that is built."""
        return self.site.spec
