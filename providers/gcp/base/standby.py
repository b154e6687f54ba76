"""Standby region of Google Cloud: what receives copies of the home region's data."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Standby
from providers.gcp.context import GcpContext


@dataclass(frozen=True)
class GcpStandby(Standby):
    """Key, repository and bucket of the standby region, and the scopes in which copies are declared there."""

    context: GcpContext
    scope: Scope
    secrets: Scope
    """Scope of the copied secrets."""
    usable: Mapping[str, pulumi.Output[str]]
    """Data key by service (`storage`, `secretmanager`, ...); depends on the grants of that service's agent."""
    repository: pulumi.Output[str]
    """Name of the repository that receives images."""
    bucket: pulumi.Output[str] | None
    """Name of the bucket that receives objects; None without object storage."""
