"""Resources that alarms and graphs refer to, by the subject of the alarm rules."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.azure.base.resources import AzureBaseResources
from providers.azure.workloads import AzureWatched
from providers.contract.spec import Platform


@dataclass(frozen=True)
class AzureTargets:
    """Resource ids by subject (`gateway`, `database`, `cache`), and the database server's maximum connections."""

    base: AzureBaseResources
    ids: Mapping[str, pulumi.Output[str]]
    max_connections: int

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.base.spec


def monitoring_targets(base: AzureBaseResources, watched: AzureWatched) -> AzureTargets:
    """Collect the resources that the alarm rules refer to."""
    ids = {name: app.id for name, app in watched.workloads.compute.apps.items()}
    if watched.database is not None:
        ids["database"] = watched.database.server_id
    if watched.cache is not None:
        ids["cache"] = watched.cache.cluster_id
    return AzureTargets(base, ids, watched.database.max_connections if watched.database else 0)
