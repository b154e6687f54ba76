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
from providers.aws.recovery.backups import AwsVault, create_backups, receive_backups
from providers.aws.recovery.objects import ReplicationPlace, create_replication
from providers.aws.storage.bucket import SecureBucket
from providers.aws.storage.resources import AwsStorage
from providers.contract.component import Scope
from providers.contract.region_specs import is_warm
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
    receiver = standby.scope.component("recovery", _receive, base, standby, database, storage)
    rule = None
    if database is not None and receiver is not None:
        rule = create_backups(scope, base, database, receiver)
    if storage is not None:
        source = ReplicationPlace(base.context, base.keys.data, storage.secure)
        create_replication(scope, source, ReplicationPlace(standby.context, standby.key, _bucket(standby)))
    return AwsCopies(
        region=standby.region,
        copied_backups=rule,
        source_bucket=storage.secure.name if storage else None,
        destination_bucket=standby.bucket.name if standby.bucket else None,
    )


def _receive(
    scope: Scope, base: AwsBaseResources, standby: AwsStandby, database: AwsDatabase | None, storage: AwsStorage | None
) -> AwsVault | None:
    """Declare the resources of the standby region, in its scope; services there also return the objects that they write."""
    if storage is not None and is_warm(base.spec):
        source = ReplicationPlace(standby.context, standby.key, _bucket(standby))
        create_replication(scope, source, ReplicationPlace(base.context, base.keys.data, storage.secure))
    return receive_backups(scope, standby, database) if database is not None else None


def _bucket(standby: AwsStandby) -> SecureBucket:
    if standby.bucket is None:
        raise ValueError("the standby region has no bucket")
    return standby.bucket
