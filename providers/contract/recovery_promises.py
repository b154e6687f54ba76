"""Conditions of promises, and the promises that are the same on every cloud. Pure.

A cloud's table has its own rows before these: the first row that matches a spec applies.
"""

from providers.contract.cost import default_usage
from providers.contract.recovery_plan import NO_LIMIT, NOTHING, Bound, Condition, Incident, Promise, PromiseRow

NO_BACKUP = Condition(
    "`database.backup.retention_days: 0`",
    lambda spec: spec.database is not None and spec.database.backup.retention_days == 0,
)
ONE_ZONE = Condition(
    "`database.high_availability: false`",
    lambda spec: spec.database is not None and not spec.database.high_availability,
)
UNVERSIONED = Condition(
    "`storage.versioning: false`", lambda spec: spec.storage is not None and not spec.storage.versioning
)
NO_DATABASE = Condition("no database", lambda spec: spec.database is None)
RESTORE = "the time of the restore is an estimate for 100 GiB and grows with the data"
REBUILD_MINUTES = Bound(240)
"""Estimate for a new stack, the restore of its data and the change of DNS; a drill of it needs an account."""
PROMOTION_MINUTES = Bound(30)
"""Estimate for the promotion of a replica and the start of all replicas; a drill of it needs an account."""
COPIES = "Copies of backups, objects, images and secrets remain in the standby region; nothing runs there."
RUNS_THERE = "Services and a replica of the database run in the standby region; nothing there serves until a command moves the requests."
OBJECTS_GB, IMAGES_GB = default_usage("objects_gb"), default_usage("images_gb")
"""Assumed amounts of copies, the same as those of the cost estimate."""
NOT_RESTORABLE = Promise(
    rpo=NO_LIMIT,
    rto=NO_LIMIT,
    assumption="without backups or versions lost data cannot be restored",
    by_itself="Nothing.",
)

WITHOUT_BACKUPS = (
    PromiseRow(
        Incident.DATABASE,
        Promise(
            rpo=NO_LIMIT,
            rto=Bound(30),
            assumption="without backups an empty database is created",
            by_itself="Nothing. `up` creates an empty database.",
        ),
        when=NO_BACKUP,
    ),
    PromiseRow(Incident.ROWS, NOT_RESTORABLE, when=NO_BACKUP),
    PromiseRow(Incident.BUCKET, NOT_RESTORABLE, when=UNVERSIONED),
)
"""Rows of stacks that keep no backups or versions."""

REGION_WITHOUT_BACKUPS = PromiseRow(
    Incident.REGION,
    Promise(
        rpo=NO_LIMIT,
        rto=REBUILD_MINUTES,
        assumption="without database backups no database is copied; the time is an estimate",
        by_itself=COPIES,
    ),
    when=NO_BACKUP,
    modes=("backup",),
)

ROWS_FROM_BACKUP = PromiseRow(
    Incident.ROWS,
    Promise(
        rpo=Bound(5),
        rto=Bound(90),
        assumption=f"the fault is noticed while the backup exists; {RESTORE}, and so does the copy of the rows",
        by_itself="Nothing. The database keeps serving what it has.",
    ),
)

ON_EVERY_CLOUD = (
    PromiseRow(
        Incident.SERVICE,
        Promise(
            rpo=NOTHING,
            rto=Bound(10),
            assumption="images and configuration exist; the time is that of one update",
            by_itself="A replica that ends is replaced within one or two minutes; a deleted service is not.",
        ),
    ),
    PromiseRow(
        Incident.REGISTRY,
        Promise(
            rpo=NOTHING,
            rto=Bound(30),
            assumption="images can be built again from their source",
            by_itself="Running replicas continue; no new replica of an affected service starts.",
        ),
    ),
    PromiseRow(
        Incident.STATE,
        Promise(
            rpo=NOTHING,
            rto=Bound(120),
            assumption=(
                "the state is restored from a version of its object, or imported again by `recover`; the time is an estimate "
                "for 300 resources"
            ),
            by_itself="The services continue. Nothing can be changed until the state is back.",
        ),
    ),
    PromiseRow(
        Incident.SECRETS_KEY,
        Promise(
            rpo=NOTHING,
            rto=Bound(120),
            assumption="the values of the listed secrets are also kept outside the stack file",
            by_itself="The services continue. Nothing can be changed until the values are encrypted again.",
        ),
    ),
    PromiseRow(
        Incident.BY_HAND,
        Promise(
            rpo=NOTHING,
            rto=Bound(30),
            assumption="the restored database has the name of the stack's",
            by_itself="Nothing. The state has the old database until it is refreshed.",
        ),
    ),
)
