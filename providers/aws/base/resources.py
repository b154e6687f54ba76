"""What `open` lays before any verb: the AWS facts that rooms share, never seen by neutral code."""

from dataclasses import dataclass

from providers.aws.base.identity import AwsIdentity
from providers.aws.base.keys import AwsKeys
from providers.aws.base.registry import AwsRegistry
from providers.aws.context import AwsContext
from providers.aws.network.resources import AwsNetwork
from providers.aws.observability.channels import AwsChannels
from providers.aws.observability.metrics_collector import AwsMetricsCollector
from providers.contract.spec import Platform


@dataclass(frozen=True)
class AwsBaseResources:
    """Keys, network, identities, images, alarm channels and Prometheus of one region."""

    context: AwsContext
    keys: AwsKeys
    network: AwsNetwork
    identity: AwsIdentity
    registry: AwsRegistry
    channels: AwsChannels
    prometheus: AwsMetricsCollector | None

    @property
    def spec(self) -> Platform:
        """The spec that is built."""
        return self.context.spec
