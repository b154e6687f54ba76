"""Promises of a stack on Azure after each failure. Pure.

Sources: Azure Database for PostgreSQL flexible server, "High availability" (failover 60 to 120 s), "Backup and restore"
(logs every 5 min; geo-redundant backup: RPO up to 1 h, no point in time; a dropped server for 5 days); Azure Storage,
"Azure storage redundancy" (copies in the paired region as a rule within 15 min), "Initiate account failover" (about 1 h),
"Point-in-time restore for block blobs"; Azure Key Vault, "Soft delete"; subscriptions, "Reactivate a disabled subscription"
(90 days).
"""

from providers.contract.recovery_plan import (
    DAY_MINUTES,
    NO_LIMIT,
    NOTHING,
    Bound,
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
    ROWS_FROM_BACKUP,
    WITHOUT_BACKUPS,
)

RUNS_THERE = "Services and a replica of the database run in the standby region; nothing there serves until a command moves the requests."

PROMISES = (
    PromiseRow(
        Incident.ZONE,
        Promise(
            rpo=Bound(5),
            rto=Bound(60),
            assumption=f"the database is restored into another zone; {RESTORE}",
            by_itself="Container Apps continues in the other zones, if its environment is zone redundant; the database does not.",
        ),
        when=ONE_ZONE,
    ),
    PromiseRow(
        Incident.ZONE,
        Promise(
            rpo=NOTHING,
            rto=Bound(2),
            assumption="the database fails over within 60 to 120 s; the environment is zone redundant",
            by_itself=(
                "The database starts its standby in the other zone with the same name; Container Apps starts the lost replicas "
                "in the other zones, and the entry is in all of them."
            ),
        ),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=NO_LIMIT,
            rto=NO_LIMIT,
            assumption="database and backups exist in this region only; objects of a geo-redundant account are in its pair",
            by_itself="Nothing. Front Door answers 503, because its origins are in the region; an Application Gateway is in it, too.",
        ),
        modes=("none",),
    ),
    REGION_WITHOUT_BACKUPS,
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(15),
            rto=REBUILD_MINUTES,
            assumption="objects are copied within 15 min as a rule, which Azure does not guarantee; the time is an estimate",
            by_itself=COPIES,
        ),
        when=NO_DATABASE,
        modes=("backup",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(60),
            rto=REBUILD_MINUTES,
            assumption="the geo-redundant backup is at most 1 h old; the time is an estimate for 100 GiB",
            by_itself=COPIES,
        ),
        modes=("backup",),
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(15),
            rto=PROMOTION_MINUTES,
            assumption="objects are copied within 15 min as a rule, which Azure does not guarantee; services only start more replicas",
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
                "the replica is up to 5 min behind while its region is lost, and an alarm fires above 60 s; objects are copied within "
                "15 min as a rule, which Azure does not guarantee; the time is an estimate for the switchover, the start of all "
                "replicas and the change of Front Door"
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
            assumption="the subscription is reactivated within the 90 days after it was cancelled",
            by_itself="Nothing.",
        ),
    ),
    *WITHOUT_BACKUPS,
    PromiseRow(
        Incident.DATABASE,
        Promise(
            rpo=Bound(5),
            rto=Bound(60),
            assumption=f"the dropped server is restored within 5 days; {RESTORE}",
            by_itself="Nothing. Azure keeps the backups of a dropped server for 5 days.",
        ),
    ),
    ROWS_FROM_BACKUP,
    PromiseRow(
        Incident.BUCKET,
        Promise(
            rpo=NOTHING,
            rto=Bound(30),
            assumption="deleted and overwritten blobs and containers are kept for the days of `storage.noncurrent_days`",
            by_itself="Nothing.",
        ),
    ),
    PromiseRow(
        Incident.CACHE,
        Promise(
            rpo=NO_LIMIT,
            rto=Bound(30),
            assumption="the files of the cache do not outlive it, so the new cache is empty and queued jobs are lost",
            by_itself="A lost node is replaced; a deleted cache is not.",
        ),
    ),
    PromiseRow(
        Incident.SECRET,
        Promise(
            rpo=NOTHING,
            rto=Bound(15),
            assumption="the vault keeps deleted secrets for 90 days, and the value is encrypted in the stack file",
            by_itself="Running replicas keep the value; new replicas do not start.",
        ),
    ),
    PromiseRow(
        Incident.KEY,
        Promise(
            rpo=NOTHING,
            rto=Bound(60),
            assumption="vault and key are recovered within 90 days of their deletion; data under the key cannot be read until then",
            by_itself="Running replicas continue; new replicas cannot read their secrets.",
        ),
    ),
    *ON_EVERY_CLOUD,
)
