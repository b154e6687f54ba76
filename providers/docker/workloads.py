"""Services of a Docker host with their backups and origin, and the typed values that monitoring receives."""

from dataclasses import dataclass

import pulumi

from providers.contract.adapter import DataStores, Watched
from providers.contract.results import Copies, RegionIdentifiers, ServiceIdentifiers, Workloads
from providers.docker.base.resources import DockerBaseResources
from providers.docker.cache.resources import DockerCache
from providers.docker.compute.resources import DockerCompute
from providers.docker.database.backup import DockerBackup
from providers.docker.database.resources import DockerDatabase
from providers.docker.entry.resources import regional_origin
from providers.docker.jobs.resources import DockerJobs
from providers.docker.network.flows import internal_network
from providers.docker.storage.resources import DockerObjectStore


@dataclass(frozen=True)
class DockerWorkloads(Workloads):
    """Services, and the resources that alarms and dashboards refer to."""

    compute: DockerCompute
    backup: DockerBackup | None


DockerDataStores = DataStores[DockerDatabase, DockerCache, DockerObjectStore]
DockerWatched = Watched[DockerDatabase, DockerCache, DockerWorkloads, DockerJobs, Copies]


def collect_workloads(
    base: DockerBaseResources, compute: DockerCompute, backup: DockerBackup | None
) -> DockerWorkloads:
    """Return the declared services with their addresses, and the origin of the public ones."""
    addresses = {name: pulumi.Output.from_input(base.address(name)) for name in base.spec.services}
    identifiers = RegionIdentifiers(
        {name: ServiceIdentifiers(security_group=base.network.names[internal_network(name)]) for name in addresses}
    )
    return DockerWorkloads(addresses, regional_origin(base), compute, backup, identifiers=identifiers)
