"""Copies of the home region's data in the standby region.

Database: a daily export. Objects: an hourly transfer, with services in the standby region also back from there. Secrets have their copies where they are declared (base/secrets.py);
images are copied by `images push`, which the deployer may do there too.
"""

from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.region_specs import is_passive, is_warm
from providers.contract.results import Copies, ObjectStore
from providers.gcp.base.registry import allow_pushes
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.standby import GcpStandby
from providers.gcp.database.resources import GcpDatabase
from providers.gcp.recovery.exports import ExportBucket, create_exports, receive_exports
from providers.gcp.recovery.objects import Transfer, create_transfer


@dataclass(frozen=True)
class GcpCopies(Copies):
    """Name of the transfer of objects, `transferJobs/<number>`; None without object storage."""

    transfer: pulumi.Output[str] | None


def create_recovery(
    scope: Scope, base: GcpBaseResources, standby: GcpStandby, database: GcpDatabase | None, storage: ObjectStore | None
) -> GcpCopies:
    """Create the copies of the database and the objects; raises ValueError for a bucket without its copy."""
    bucket = standby.scope.component("recovery", _create_receivers, base, standby, database, storage)
    if database is not None and bucket is not None:
        create_exports(scope, base, database, bucket)
    transfer = None
    if storage is not None:
        enabled = not is_passive(base.spec)
        there = Transfer(storage.bucket, _bucket(standby), standby.region, enabled)
        transfer = create_transfer(scope, base, there)
    return GcpCopies(region=standby.region, transfer=transfer)


def _create_receivers(
    scope: Scope, base: GcpBaseResources, standby: GcpStandby, database: GcpDatabase | None, storage: ObjectStore | None
) -> ExportBucket | None:
    """Create what only serves copies in the standby region, and needs the data of the home region or the deployer."""
    if base.identity.deployer is not None and standby.repository is not None:
        allow_pushes(scope, standby.context, standby.region, standby.repository.name, base.identity.deployer)
    if storage is not None and is_warm(base.spec):
        back = Transfer(_bucket(standby), storage.bucket, base.context.region, is_passive(base.spec))
        create_transfer(scope, base, back)
    return receive_exports(scope, standby, database) if database is not None else None


def _bucket(standby: GcpStandby) -> pulumi.Output[str]:
    if standby.bucket is None:
        raise ValueError("the standby region has no bucket")
    return standby.bucket.name
