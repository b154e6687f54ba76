"""Base resources of one region of AWS, on which every capability depends."""

from dataclasses import dataclass

from providers.aws.base.identity import AwsIdentity, create_identity
from providers.aws.base.keys import AwsKeys, create_keys, create_telemetry_key
from providers.aws.base.registry import AwsRegistry, create_registry, grant_pulls
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
    """Region that receives copies of this one; None with `recovery.mode: none`, and in the standby region itself."""
    received: AwsStandby | None = None
    """In the standby region: what it has before services run there; None in the home region."""

    @property
    def spec(self) -> Platform:
        """The spec that is built."""
        return self.context.spec


def create_base_resources(scope: Scope, context: AwsContext, standby: AwsStandby | None = None) -> AwsBaseResources:
    """Declare the base resources in the order of their dependencies, each in its own component."""
    received = standby if standby is not None and standby.region == context.region else None
    keys = _keys(scope, context, received)
    network = scope.component("network", create_network, context, keys)
    channels = scope.component("channels", create_channels, context, keys)
    identity = scope.component("identity", create_identity, context)
    if received is None:
        registry = scope.component("registry", create_registry, context, keys, identity)
    else:
        registry = grant_pulls(received.scopes["registry"], context, received.repositories, identity)
    prometheus = scope.component("prometheus", create_prometheus, context, keys, channels, identity)
    copies_to = standby if received is None else None
    return AwsBaseResources(context, keys, network, identity, registry, channels, prometheus, copies_to, received)


def _keys(scope: Scope, context: AwsContext, received: AwsStandby | None) -> AwsKeys:
    if received is None:
        return scope.component("keys", create_keys, context)
    return AwsKeys(data=received.key, telemetry=create_telemetry_key(received.scopes["keys"], context))
