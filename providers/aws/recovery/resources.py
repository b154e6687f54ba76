"""Copies of the home region's data in the standby region.

Database: RDS replicates automated backups with their logs, so a restore there loses minutes. AWS Backup adds a daily snapshot
in a vault, which can be locked, and which outlives the instance. Objects: S3 replicates every version and delete marker.
Secrets have their replicas where they are declared (base/secrets.py); images are copied by `images push`.
"""

from dataclasses import dataclass

import pulumi

from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.standby import AwsStandby
from providers.aws.database.resources import AwsDatabase
from providers.aws.recovery.backups import create_backups, receive_backups
from providers.aws.recovery.objects import create_replication
from providers.aws.storage.resources import AwsStorage
from providers.contract.component import Scope
from providers.contract.results import Copies


@dataclass(frozen=True)
class AwsCopies(Copies):
    """Dimensions of the metrics of copies; None for data that the platform does not have."""

    copied_backups: pulumi.Output[str] | None
    """Name of the event rule that matches each finished copy of a database backup."""
    source_bucket: pulumi.Output[str] | None
    destination_bucket: pulumi.Output[str] | None


def create_recovery(
    scope: Scope, base: AwsBaseResources, standby: AwsStandby, database: AwsDatabase | None, storage: AwsStorage | None
) -> AwsCopies:
    """Declare the copies of database backups and objects; raises ValueError for a bucket without its copy."""
    rule = None
    if database is not None:
        receiver = standby.scope.component("recovery", receive_backups, standby, database)
        rule = create_backups(scope, base, database, receiver)
    if storage is not None:
        if standby.bucket is None:
            raise ValueError("the standby region has no bucket")
        create_replication(scope, base, standby, storage.secure, standby.bucket)
    return AwsCopies(
        region=standby.region,
        copied_backups=rule,
        source_bucket=storage.secure.name if storage else None,
        destination_bucket=standby.bucket.name if standby.bucket else None,
    )
