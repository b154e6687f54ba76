"""Standby region of Google Cloud: what receives copies of the home region's data, and what services there continue."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import Standby
from providers.gcp.base.identity import GcpIdentity
from providers.gcp.base.keys import StandbyKeys
from providers.gcp.context import GcpContext
from providers.gcp.network.resources import GcpNetwork


@dataclass(frozen=True)
class SharedResources:
    """Resources of both regions: network and identities, which are global, and the database with its password."""

    network: GcpNetwork
    identity: GcpIdentity
    instance: pulumi.Output[str] | None
    """Name of the database instance in the home region; None without a database."""
    password: pulumi.Output[str] | None


@dataclass(frozen=True)
class GcpStandby(Standby):
    """Key, repository and bucket of the standby region, and the scopes in which more is declared there."""

    context: GcpContext
    scope: Scope
    keys: StandbyKeys
    repository: gcp.artifactregistry.Repository | None
    """Repository that receives images."""
    bucket: gcp.storage.Bucket | None
    """Bucket that receives objects; None without object storage."""
    scopes: Mapping[str, Scope]
    """Scopes of the components keys, registry, storage and secrets, to which services add what they need."""
    instance: pulumi.Output[str] | None = None
    """Name of the database instance there; None without services there, or without a database."""
    home: SharedResources | None = None
    """None until the home region is declared, and without services in the standby region."""

    @property
    def usable(self) -> Mapping[str, pulumi.Output[str]]:
        """Data key by service (`storage`, `secretmanager`, ...); depends on the grants of that service's agent."""
        return self.keys.usable
