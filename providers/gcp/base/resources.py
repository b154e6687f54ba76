"""Base resources of a region, which every other component uses, and secrets for its services."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import SecretRef
from providers.contract.spec import Platform
from providers.gcp.base.identity import GcpIdentity
from providers.gcp.base.keys import GcpKeys
from providers.gcp.base.registry import GcpRegistry
from providers.gcp.base.secrets import store_secret
from providers.gcp.context import GcpContext
from providers.gcp.network.resources import GcpNetwork
from providers.gcp.observability.channels import GcpChannels


@dataclass(frozen=True)
class GcpBaseResources:
    """Keys, network, identities, images and alarm channels of one region."""

    context: GcpContext
    project_number: pulumi.Output[str]
    keys: GcpKeys
    network: GcpNetwork
    identity: GcpIdentity
    registry: GcpRegistry
    channels: GcpChannels

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.context.spec


def create_secret(
    scope: Scope, base: GcpBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
) -> SecretRef:
    """Store a secret that the services `readers` may read."""
    members = {reader: base.identity.member(reader) for reader in readers}
    return store_secret(scope, base.context, base.keys, name, value, members)
