"""Copies of the home region's data in the standby region.

Database: a daily export. Objects: an hourly transfer. Secrets have their copies where they are declared (base/secrets.py);
images are copied by `images push`, which the deployer may do there too.
"""

from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Copies, ObjectStore
from providers.gcp.base.registry import allow_pushes
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.standby import GcpStandby
from providers.gcp.database.resources import GcpDatabase
from providers.gcp.recovery.exports import ExportBucket, create_exports, receive_exports
from providers.gcp.recovery.objects import create_transfer


@dataclass(frozen=True)
class GcpCopies(Copies):
    """Name of the transfer of objects, `transferJobs/<number>`; None without object storage."""

    transfer: pulumi.Output[str] | None


def create_recovery(
    scope: Scope, base: GcpBaseResources, standby: GcpStandby, database: GcpDatabase | None, storage: ObjectStore | None
) -> GcpCopies:
    """Create the copies of the database and the objects; raises ValueError for a bucket without its copy."""
    bucket = standby.scope.component("recovery", _create_receivers, base, standby, database)
    if database is not None and bucket is not None:
        create_exports(scope, base, database, bucket)
    transfer = None
    if storage is not None:
        if standby.bucket is None:
            raise ValueError("the standby region has no bucket")
        transfer = create_transfer(scope, base, standby, storage.bucket, standby.bucket)
    return GcpCopies(region=standby.region, transfer=transfer)


def _create_receivers(
    scope: Scope, base: GcpBaseResources, standby: GcpStandby, database: GcpDatabase | None
) -> ExportBucket | None:
    """Create what only serves copies in the standby region, and needs the database or the deployer."""
    if base.identity.deployer is not None:
        allow_pushes(scope, standby.context, standby.region, standby.repository, base.identity.deployer)
    return receive_exports(scope, standby, database) if database is not None else None
