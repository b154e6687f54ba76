"""What `open` lays before any verb: the AWS facts that rooms share, never seen by neutral code."""

from dataclasses import dataclass

from providers.aws.base.identity import Identity
from providers.aws.base.keys import Keys
from providers.aws.base.registry import Registry
from providers.aws.context import Site
from providers.aws.network.resources import Network
from providers.aws.observability.channels import Channels
from providers.aws.observability.metrics_collector import Prometheus
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
