"""Promises of a stack on Google Cloud after each failure. Pure.

Sources: Cloud SQL documentation, "About high availability" (failover after about 60 s without an answer), "Availability in
Cloud SQL", "Perform point-in-time recovery", "Export and import using SQL dump files", "Use advanced disaster
recovery (DR)"; Cloud Storage, "Soft delete" and
"Object versioning"; Storage Transfer Service API, `Schedule.repeatInterval` (one hour at least); Cloud KMS, "Destroy and restore key versions"; Resource Manager, "Shutting down projects" (30 days);
Memorystore for Redis, "High availability" and "RDB snapshots".
"""

from providers.contract.recovery_plan import (
    DAY_MINUTES,
    NO_LIMIT,
    NOTHING,
    Bound,
    Condition,
    Incident,
    Promise,
    PromiseRow,
)
from providers.contract.recovery_promises import (
    COPIES,
    NO_DATABASE,
    ON_EVERY_CLOUD,
    ONE_ZONE,
    PROMOTION_MINUTES,
    REBUILD_MINUTES,
    REGION_WITHOUT_BACKUPS,
    RESTORE,
    RUNS_THERE,
    WITHOUT_BACKUPS,
)
from providers.gcp.recovery.differences import has_dr_replica

DR_REPLICA = Condition("a `database.size` of the edition ENTERPRISE_PLUS", has_dr_replica)

PROMISES = (
    PromiseRow(
        Incident.ZONE,
        Promise(
            rpo=Bound(5),
            rto=Bound(60),
            assumption=f"the database is cloned into another zone; {RESTORE}",
            by_itself="Cloud Run continues in the other zones; the database does not.",
        ),
        when=ONE_ZONE,
    ),
    PromiseRow(
        Incident.ZONE,
        Promise(
            rpo=NOTHING,
            rto=Bound(3),
            assumption="Cloud SQL fails over after about 60 s without an answer; the standby needs one or two minutes",
            by_itself=(
                "Cloud SQL starts its standby with the same address, Memorystore of the standard tier its replica; Cloud Run "
                "is regional and continues in the other zones."
            ),
        ),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=NO_LIMIT,
            rto=NO_LIMIT,
            assumption="data and backups exist in this region only, so both last until the region returns",
            by_itself="Nothing. The global load balancer answers 502 or 503, because its backends are in the region.",
        ),
        modes=("none",),
    ),
    REGION_WITHOUT_BACKUPS,
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(120),
            rto=REBUILD_MINUTES,
            assumption="objects are copied every hour, which takes less than an hour; the time is an estimate",
            by_itself=COPIES,
        ),
        when=NO_DATABASE,
        modes=("backup",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(DAY_MINUTES + 120),
            rto=REBUILD_MINUTES,
            assumption="the newest daily export, which ended within 2 h, is imported; the time is an estimate for 100 GiB",
            by_itself=COPIES,
        ),
        modes=("backup",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(120),
            rto=PROMOTION_MINUTES,
            assumption="objects are copied every hour, which takes less than an hour; the services only start more replicas",
            by_itself=RUNS_THERE,
        ),
        when=NO_DATABASE,
        modes=("warm",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(120),
            rto=PROMOTION_MINUTES,
            assumption=(
                "the replica is seconds behind as a rule, and an alarm fires above 60 s; objects are copied every hour; the old "
                "database becomes a replica by itself; the time is an estimate for failover, standby and start of all replicas"
            ),
            by_itself=RUNS_THERE,
        ),
        when=DR_REPLICA,
        modes=("warm",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(120),
            rto=PROMOTION_MINUTES,
            assumption=(
                "the replica is seconds behind as a rule, and an alarm fires above 60 s; objects are copied every hour; the old "
                "database follows no more, so there is no way back; the time is an estimate"
            ),
            by_itself=RUNS_THERE,
        ),
        modes=("warm",),
    ),
    PromiseRow(
        Incident.ACCOUNT,
        Promise(
            rpo=NOTHING,
            rto=Bound(DAY_MINUTES),
            assumption="the project is restored within the 30 days after its shutdown; some services delete their data earlier",
            by_itself="Nothing.",
        ),
    ),
    *WITHOUT_BACKUPS,
    PromiseRow(
        Incident.DATABASE,
        Promise(
            rpo=Bound(5),
            rto=Bound(60),
            assumption=f"the deleted instance is cloned from its retained backups and logs; {RESTORE}",
            by_itself="Nothing. Backups and logs are retained after the deletion, except in the profile development.",
        ),
    ),
    PromiseRow(
        Incident.ROWS,
        Promise(
            rpo=Bound(5),
            rto=Bound(90),
            assumption=f"the fault is noticed within the days of the logs; {RESTORE}, and so does the copy of the rows",
            by_itself="Nothing. The database keeps serving what it has.",
        ),
    ),
    PromiseRow(
        Incident.BUCKET,
        Promise(
            rpo=NOTHING,
            rto=Bound(30),
            assumption="overwritten objects are noncurrent versions; objects and buckets can be restored for 7 days",
            by_itself="Nothing.",
        ),
    ),
    PromiseRow(
        Incident.CACHE,
        Promise(
            rpo=NO_LIMIT,
            rto=Bound(20),
            assumption="snapshots of Memorystore do not outlive the instance, so the new cache is empty and queued jobs are lost",
            by_itself="A lost node is replaced by its replica; a deleted cache is not.",
        ),
    ),
    PromiseRow(
        Incident.SECRET,
        Promise(
            rpo=NOTHING,
            rto=Bound(15),
            assumption="the value is encrypted in the stack file; a destroyed version can be enabled again for 7 days",
            by_itself="Running instances keep the value; new instances do not start.",
        ),
    ),
    PromiseRow(
        Incident.KEY,
        Promise(
            rpo=NOTHING,
            rto=Bound(60),
            assumption="the key version is restored within 30 days; after them the encrypted data is lost",
            by_itself="Cloud SQL suspends an instance whose key is not usable; secrets, objects and images cannot be read.",
        ),
    ),
    *ON_EVERY_CLOUD,
)
