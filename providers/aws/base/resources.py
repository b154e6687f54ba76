"""Base resources of one region of AWS, on which every capability depends."""

from dataclasses import dataclass

from providers.aws.base.identity import AwsIdentity, create_identity
from providers.aws.base.keys import AwsKeys, create_keys
from providers.aws.base.registry import AwsRegistry, create_registry
from providers.aws.base.standby import AwsStandby
from providers.aws.context import AwsContext
from providers.aws.network.resources import AwsNetwork, create_network
from providers.aws.observability.channels import AwsChannels, create_channels
from providers.aws.observability.metrics_collector import AwsMetricsCollector, create_prometheus
from providers.contract.component import Scope
from providers.contract.spec import Platform


@dataclass(frozen=True)
class AwsBaseResources:
    """Keys, network, identities, images, alarm channels and metrics collection of one region."""

    context: AwsContext
    keys: AwsKeys
    network: AwsNetwork
    identity: AwsIdentity
    registry: AwsRegistry
    channels: AwsChannels
    prometheus: AwsMetricsCollector | None
    standby: AwsStandby | None = None
    """None with `recovery.mode: none`."""

    @property
    def spec(self) -> Platform:
        """The spec that is built."""
        return self.context.spec


def create_base_resources(scope: Scope, context: AwsContext, standby: AwsStandby | None = None) -> AwsBaseResources:
    """Declare the base resources in the order of their dependencies, each in its own component."""
    keys = scope.component("keys", create_keys, context)
    network = scope.component("network", create_network, context, keys)
    channels = scope.component("channels", create_channels, context, keys)
    identity = scope.component("identity", create_identity, context)
    registry = scope.component("registry", create_registry, context, keys, identity)
    prometheus = scope.component("prometheus", create_prometheus, context, keys, channels, identity)
    return AwsBaseResources(context, keys, network, identity, registry, channels, prometheus, standby)
