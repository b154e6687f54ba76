"""Base resources of a region, which every other component uses, and secrets for its services."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.region_specs import is_warm
from providers.contract.results import SecretRef
from providers.contract.spec import Platform
from providers.gcp.base.identity import GcpIdentity
from providers.gcp.base.keys import GcpKeys
from providers.gcp.base.registry import GcpRegistry
from providers.gcp.base.secrets import copy_secret, store_secret
from providers.gcp.base.standby import GcpStandby
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
    standby: GcpStandby | None = None
    """Region that receives copies of this one; None with `recovery.mode: none`, and in the standby region itself."""
    received: GcpStandby | None = None
    """In the standby region: what it has before services run there; None in the home region."""

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.context.spec


def create_secret(
    scope: Scope,
    base: GcpBaseResources,
    name: str,
    value: pulumi.Output[str],
    readers: Sequence[str],
    *,
    copied: bool = True,
    stored: str | None = None,
) -> SecretRef:
    """Store a secret that the services `readers` may read; see `store_secret`.

    A `copied` secret has a copy in the standby region; one with an address of the home region is of no use there. With services
    there, that copy is their secret.
    """
    if base.received is not None and copied:
        scope = base.received.scopes["secrets"]
    members = {reader: base.identity.member(reader) for reader in readers}
    secret = store_secret(scope, base.context, base.keys.usable["secretmanager"], name, value, members, stored)
    if copied and base.standby is not None and not is_warm(base.spec):
        copy_secret(base.standby, name, value)
    return secret
