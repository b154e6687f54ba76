"""What the network hands to the other rooms."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class AzureNetwork:
    """Subnets by what stands in them, the private DNS zones, and what must exist before a name in them resolves."""

    vnet_id: pulumi.Output[str]
    apps_subnet_id: pulumi.Output[str]
    """Delegated to Container Apps; nothing else may stand in it."""
    database_subnet_id: pulumi.Output[str] | None
    """Delegated to PostgreSQL; None without a database."""
    endpoints_subnet_id: pulumi.Output[str] | None
    """Holds the private endpoints; None when `network.private_endpoints` is off."""
    zones: Mapping[str, pulumi.Output[str]]
    """Ids of the private DNS zones by name (`privatelink.blob.core.windows.net`)."""
    ready: tuple[pulumi.Resource, ...]
    """Links of the zones to the network: an id of a zone does not tell that names in it resolve."""
