"""Services of a Docker host with their backups and origin, and the typed values that monitoring receives."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.adapter import DataStores, Watched
from providers.contract.component import Scope
from providers.contract.results import Environment, Workloads
from providers.docker.base.resources import DockerBaseResources
from providers.docker.cache.resources import DockerCache
from providers.docker.compute.resources import DockerCompute, create_compute
from providers.docker.database.backup import DockerBackup, create_backup
from providers.docker.database.resources import DockerDatabase
from providers.docker.entry.resources import regional_origin
from providers.docker.storage.resources import DockerObjectStore


@dataclass(frozen=True)
class DockerWorkloads(Workloads):
    """Services, and the resources that alarms and dashboards refer to."""

    compute: DockerCompute
    backup: DockerBackup | None


DockerDataStores = DataStores[DockerDatabase, DockerCache, DockerObjectStore]
DockerWatched = Watched[DockerDatabase, DockerCache, DockerWorkloads]


def create_workloads(
    scope: Scope, base: DockerBaseResources, stores: DockerDataStores, environments: Mapping[str, Environment]
) -> DockerWorkloads:
    """Every service of the spec, and the backups of its database."""
    backup = None
    if stores.database is not None and base.context.keeps_backups:
        store = stores.storage.store if stores.storage else None
        backup = scope.component("backup", create_backup, base, stores.database, store)
    compute = scope.component("compute", create_compute, base, environments)
    addresses = {name: pulumi.Output.from_input(base.address(name)) for name in base.spec.services}
    return DockerWorkloads(services=addresses, origin=regional_origin(base), compute=compute, backup=backup)
