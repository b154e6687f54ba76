"""What the alarms and graphs of this region look at: each subject by its resource id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from providers.contract.spec import Platform

if TYPE_CHECKING:
    # For types alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.azure.base.resources import AzureBaseResources
    from providers.azure.workloads import AzureWatched


@dataclass(frozen=True)
class AzureTargets:
    """Resource ids by subject (`gateway`, `database`, `cache`), and the connections that the database's server takes."""

    base: AzureBaseResources
    ids: Mapping[str, pulumi.Output[str]]
    max_connections: int

    @property
    def spec(self) -> Platform:
        """The spec that is watched."""
        return self.base.spec


def find_targets(base: AzureBaseResources, watched: AzureWatched) -> AzureTargets:
    """Everything that the alarm rules name."""
    ids = {name: app.id for name, app in watched.workloads.compute.apps.items()}
    if watched.database is not None:
        ids["database"] = watched.database.server_id
    if watched.cache is not None:
        ids["cache"] = watched.cache.cluster_id
    return AzureTargets(base, ids, watched.database.max_connections if watched.database else 0)
