"""Promises of a stack on AWS after each failure. Pure.

Sources: Amazon RDS User Guide, "Multi-AZ DB instance deployments" (failover 60 to 120 s), "Restoring a DB instance to a
specified time" (latest restorable time: the last five minutes), "Replicating automated backups to another Region"; AWS
Prescriptive Guidance, dr-standard-edition-amazon-rds (RPO 5 to 30 min with replicated backups); Amazon S3 User Guide,
"Using versioning"; AWS KMS Developer Guide, "Deleting keys"; AWS Account Management, "Close an account" (90 days).
"""

from providers.contract.recovery_plan import NO_LIMIT, NOTHING, Bound, Incident, Promise, PromiseRow
from providers.contract.recovery_promises import (
    COPIES,
    NO_DATABASE,
    ON_EVERY_CLOUD,
    ONE_ZONE,
    PROMOTION_MINUTES,
    REBUILD_MINUTES,
    REGION_WITHOUT_BACKUPS,
    RESTORE,
    ROWS_FROM_BACKUP,
    RUNS_THERE,
    WITHOUT_BACKUPS,
)

PROMISES = (
    PromiseRow(
        Incident.ZONE,
        Promise(
            rpo=Bound(5),
            rto=Bound(60),
            assumption=f"the database is restored into another zone; {RESTORE}",
            by_itself="Services, load balancer and NAT gateways continue in the other zones; the database does not.",
        ),
        when=ONE_ZONE,
    ),
    PromiseRow(
        Incident.ZONE,
        Promise(
            rpo=NOTHING,
            rto=Bound(2),
            assumption="RDS fails over within 60 to 120 s; services have replicas in other zones",
            by_itself=(
                "RDS promotes its standby and ElastiCache its replica; the load balancer sends no more requests to the zone, "
                "and ECS starts the lost tasks in the others."
            ),
        ),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=NO_LIMIT,
            rto=NO_LIMIT,
            assumption="data and backups exist in this region only, so both last until the region returns",
            by_itself="Nothing. The entry does not answer, because its load balancer is in the region.",
        ),
        modes=("none",),
    ),
    REGION_WITHOUT_BACKUPS,
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(15),
            rto=REBUILD_MINUTES,
            assumption="objects and images are copied within 15 min as a rule; the time is an estimate",
            by_itself=COPIES,
        ),
        when=NO_DATABASE,
        modes=("backup",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(30),
            rto=REBUILD_MINUTES,
            assumption="RDS copies the logs within 5 to 30 min; the time is an estimate for 100 GiB",
            by_itself=COPIES,
        ),
        modes=("backup",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(15),
            rto=PROMOTION_MINUTES,
            assumption="objects and images are copied within 15 min as a rule; the services only start more replicas",
            by_itself=RUNS_THERE,
        ),
        when=NO_DATABASE,
        modes=("warm",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(15),
            rto=PROMOTION_MINUTES,
            assumption=(
                "the replica is seconds behind as a rule, and an alarm fires above 60 s; objects are copied within 15 min as a "
                "rule; the time is an estimate for the promotion and the start of all replicas"
            ),
            by_itself=RUNS_THERE,
        ),
        modes=("warm",),
    ),
    PromiseRow(
        Incident.ACCOUNT,
        Promise(
            rpo=NO_LIMIT,
            rto=NO_LIMIT,
            assumption="every copy is in the account; a closed account can be reopened for 90 days",
            by_itself="Nothing.",
        ),
    ),
    *WITHOUT_BACKUPS,
    PromiseRow(
        Incident.DATABASE,
        Promise(
            rpo=Bound(5),
            rto=Bound(60),
            assumption=f"the latest restorable time is at most 5 min ago; {RESTORE}",
            by_itself="Nothing. Automated backups remain after the deletion, for the days that backups are kept.",
        ),
    ),
    ROWS_FROM_BACKUP,
    PromiseRow(
        Incident.BUCKET,
        Promise(
            rpo=NOTHING,
            rto=Bound(30),
            assumption="deleted and overwritten objects are noncurrent versions; a bucket with versions cannot be deleted",
            by_itself="Nothing.",
        ),
    ),
    PromiseRow(
        Incident.CACHE,
        Promise(
            rpo=NO_LIMIT,
            rto=Bound(20),
            assumption="the daily snapshots are deleted with the cache, so the new one is empty and queued jobs are lost",
            by_itself="A lost node is replaced by its replica; a deleted cache is not.",
        ),
    ),
    PromiseRow(
        Incident.SECRET,
        Promise(
            rpo=NOTHING,
            rto=Bound(15),
            assumption="the value is encrypted in the stack file, and the secret can be restored in its recovery window",
            by_itself="Running tasks keep the value; new tasks do not start.",
        ),
    ),
    PromiseRow(
        Incident.KEY,
        Promise(
            rpo=NOTHING,
            rto=Bound(60),
            assumption="the deletion is cancelled within 30 days; after them the encrypted data is lost",
            by_itself="RDS stops an instance whose key is not usable; secrets and images cannot be read.",
        ),
    ),
    *ON_EVERY_CLOUD,
)
