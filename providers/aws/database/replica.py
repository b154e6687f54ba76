"""Settings of the instance in a region of a warm standby: a read replica across regions while the other region serves.

A replica takes engine, user, database and disk from its source; RDS refuses a master password and a final snapshot of one. Without
`replicate_source_db` the provider promotes the instance first and waits, then makes the other changes (terraform-provider-aws,
internal/service/rds/instance.go). Nothing makes an instance that writes a replica again, so the settings of a replica apply to a
new instance only: one that was promoted, or that served before a failover, keeps its own until it is deleted.
"""

import pulumi
import pulumi_aws as aws

NEVER_CHANGED = ["dbName", "engine", "username"]
"""Inputs for which the provider would replace an instance, and which one that began as a replica does not have."""
OF_A_REPLICA = [
    "allocatedStorage", "engineVersion", "finalSnapshotIdentifier", "password", "replicateSourceDb", "skipFinalSnapshot",
]  # fmt: skip
"""Inputs in which a replica differs from an instance that writes."""


def follow(settings: aws.rds.InstanceArgs, source_arn: pulumi.Input[str]) -> None:
    """Change the settings of an instance into those of a replica of `source_arn`."""
    settings.replicate_source_db = source_arn
    settings.engine = None
    settings.engine_version = None
    settings.db_name = None
    settings.username = None
    settings.password = None
    settings.allocated_storage = None
    settings.skip_final_snapshot = True
    settings.final_snapshot_identifier = None


def ignored(*, warm: bool, passive: bool) -> list[str]:
    """Return the inputs whose differences are no change of an instance in a role; none without a warm standby."""
    if not warm:
        return []
    return [*NEVER_CHANGED, *(OF_A_REPLICA if passive else [])]
