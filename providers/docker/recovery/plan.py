"""Promises of a stack on a Docker host after each failure, and the docker commands of its recovery. Pure.

The measured numbers are those of docs/reliability.md, on two cores. Containers have names that the program completes with
random digits, so they are looked up by their labels and by how their names begin.
"""

from collections.abc import Iterator, Mapping

from providers.contract.recovery_plan import (
    DAY_MINUTES,
    NO_LIMIT,
    NOTHING,
    BackupQuestion,
    Bound,
    CloudCommand,
    CloudRecovery,
    CloudSteps,
    Incident,
    Promise,
    PromiseRow,
    RecoverySite,
    Step,
    StepsOf,
    Variable,
)
from providers.contract.recovery_promises import NOT_RESTORABLE, WITHOUT_BACKUPS

ONE_HOST = ("none",)
DUMP_SCRIPT, COURIER_SCRIPT = "/etc/agent-platform/dump.sh", "/etc/agent-platform/courier.sh"
RESTORED_DUMP = "/exchange/restore.dump"
COPIES = {"docker:index/volume:Volume": "volumes of the stack; `backup-data` has the dumps"}

PROMISES = (
    PromiseRow(
        Incident.HOST,
        Promise(
            rpo=NO_LIMIT,
            rto=NO_LIMIT,
            assumption="volumes and dumps are on the host; only what is copied from it, and `.local` beside it, can be restored",
            by_itself="After a restart of the host or of Docker, all containers start again.",
        ),
        modes=ONE_HOST,
    ),
    *WITHOUT_BACKUPS,
    PromiseRow(
        Incident.DATABASE,
        Promise(
            rpo=Bound(DAY_MINUTES),
            rto=Bound(1),
            assumption="the dump of the last night is restored; measured with the example: 55 s",
            by_itself="Nothing. `up` creates the volume empty.",
            measured=True,
        ),
        modes=ONE_HOST,
    ),
    PromiseRow(
        Incident.ROWS,
        Promise(
            rpo=Bound(DAY_MINUTES),
            rto=Bound(5),
            assumption="the dump before the fault is restored over the whole database",
            by_itself="Nothing.",
        ),
        modes=ONE_HOST,
    ),
    PromiseRow(Incident.BUCKET, NOT_RESTORABLE, modes=ONE_HOST),
    PromiseRow(
        Incident.CACHE,
        Promise(
            rpo=NO_LIMIT,
            rto=Bound(1),
            assumption="the cache has no backup; the new volume is empty and queued jobs are lost",
            by_itself="A cache whose process ends starts again with its data.",
        ),
        modes=ONE_HOST,
    ),
    PromiseRow(
        Incident.SECRET,
        Promise(
            rpo=NOTHING,
            rto=Bound(2),
            assumption="the value is encrypted in the stack file, or in the state under `.local`",
            by_itself="Nothing.",
        ),
        modes=ONE_HOST,
    ),
    PromiseRow(
        Incident.SERVICE,
        Promise(
            rpo=NOTHING,
            rto=Bound(1),
            assumption="measured with the example: one of three replicas is replaced within 12 s; a deleted one by one `up`",
            by_itself="A container that ends is started again; one that was stopped or deleted is not.",
            measured=True,
        ),
        modes=ONE_HOST,
    ),
    PromiseRow(
        Incident.REGISTRY,
        Promise(
            rpo=NOTHING,
            rto=Bound(10),
            assumption="images are built again from their source; the time depends on the images",
            by_itself="Running containers continue.",
        ),
        modes=ONE_HOST,
    ),
    PromiseRow(
        Incident.STATE,
        Promise(
            rpo=NOTHING,
            rto=Bound(5),
            assumption="volumes and their data are imported again by `up`",
            by_itself="The containers continue. Nothing can be changed.",
        ),
        modes=ONE_HOST,
    ),
    PromiseRow(
        Incident.SECRETS_KEY,
        Promise(
            rpo=NOTHING,
            rto=Bound(5),
            assumption="the values of the listed secrets are also kept outside the stack file",
            by_itself="The containers continue. Nothing can be changed.",
        ),
        modes=ONE_HOST,
    ),
)


def variables(site: RecoverySite) -> Iterator[Variable]:
    """Variables that the operator sets."""
    yield Variable("DUMP_NAME", "name of the dump, from the step before", "20260131T020000Z.dump")
    yield Variable(
        "CONTAINER", "name of the container, from the step before", f"{site.stack}-compute-gateway-1-1a2b3c4"
    )


def questions(site: RecoverySite) -> Iterator[BackupQuestion]:
    """Question for the newest dump in the object store."""
    if _backs_up(site):
        yield BackupQuestion(
            "database", (_find(site, "backup-courier", "COURIER"), _dumps("Contents[].LastModified", "json"))
        )


def drill(site: RecoverySite) -> Iterator[BackupQuestion]:
    """Question for the dump that the drill has restored last; its name is its time."""
    if _backs_up(site):
        verified = CloudCommand(("docker", "exec", "$DRILL", "cat", "/exchange/verified"))
        yield BackupQuestion("database", (_find(site, "backup-drill", "DRILL"), verified))


def _backs_up(site: RecoverySite) -> bool:
    return site.spec.database is not None and site.spec.database.backup.retention_days > 0


def _labels(site: RecoverySite) -> tuple[str, ...]:
    return ("--filter", "label=project=agent-platform", "--filter", f"label=stack={site.stack}")


def _find(site: RecoverySite, part: str, sets: str) -> CloudCommand:
    """Command that finds a running container; those that only hold files never run."""
    name = ("--filter", f"name=^{site.stack}-{part}-")
    return CloudCommand(("docker", "ps", "--quiet", *_labels(site), *name), sets)


def _dumps(query: str, output: str) -> CloudCommand:
    listed = ("aws", "s3api", "list-objects-v2", "--bucket", "backups", "--query", query, "--output", output)
    return CloudCommand(("docker", "exec", "$COURIER", *listed))


def _dump_names(site: RecoverySite) -> Step:
    names = (_find(site, "backup-courier", "COURIER"), _dumps("Contents[].Key", "text"))
    return Step("Dumps in the object store.", commands=names)


def _fetch(site: RecoverySite, *name: str) -> tuple[CloudCommand, ...]:
    return (
        _find(site, "backup-courier", "COURIER"),
        CloudCommand(("docker", "exec", "$COURIER", "sh", COURIER_SCRIPT, "fetch", *name)),
    )


def _restore(site: RecoverySite, *name: str) -> tuple[CloudCommand, ...]:
    return (
        *_fetch(site, *name),
        _find(site, "backup-dump", "DUMP"),
        CloudCommand(("docker", "exec", "$DUMP", "sh", DUMP_SCRIPT, "restore", RESTORED_DUMP)),
    )


def _containers(site: RecoverySite) -> Step:
    listed = ("docker", "ps", "--all", *_labels(site), "--format", "table {{.Names}}  {{.Status}}")
    return Step("Containers of the stack and their state.", commands=(CloudCommand(listed),))


def _volumes(site: RecoverySite, part: str) -> Step:
    listed = ("docker", "volume", "ls", *_labels(site), "--filter", f"name={site.stack}-{part}-")
    return Step("Volumes of this part.", commands=(CloudCommand(listed),))


def _host(site: RecoverySite) -> CloudSteps:
    state = Step(
        "Docker and the containers of the stack.",
        commands=(CloudCommand(("docker", "info")), *_containers(site).commands),
    )
    if not _backs_up(site):
        return CloudSteps(detect=(state,))
    copy = Step(
        "Before the loss: copy the newest dump and the folder `.local` to another machine, every day.",
        commands=(*_fetch(site), CloudCommand(("docker", "cp", f"$COURIER:{RESTORED_DUMP}", f"{site.stack}.dump"))),
    )
    restore = Step(
        "On the new host: restore the dump that was copied.",
        commands=(
            _find(site, "backup-dump", "DUMP"),
            CloudCommand(("docker", "cp", f"{site.stack}.dump", f"$DUMP:{RESTORED_DUMP}")),
            CloudCommand(("docker", "exec", "$DUMP", "sh", DUMP_SCRIPT, "restore", RESTORED_DUMP)),
        ),
    )
    return CloudSteps(detect=(state,), assess=(copy,), after=(restore,))


def _database(site: RecoverySite) -> CloudSteps:
    if not _backs_up(site):
        return CloudSteps(detect=(_volumes(site, "database"),))
    restore = Step("Restore the newest dump over the empty database.", commands=_restore(site))
    return CloudSteps(
        detect=(_volumes(site, "database"),), assess=(_dump_names(site),), after=(restore,), without_tool=(restore,)
    )


def _rows(site: RecoverySite) -> CloudSteps:
    if not _backs_up(site):
        return CloudSteps()
    restore = Step(
        "Restore the dump before the fault. It replaces the whole database, so rows that were written since are lost too.",
        commands=_restore(site, "$DUMP_NAME"),
    )
    return CloudSteps(assess=(_dump_names(site),), recover=(restore,), without_tool=(restore,))


def _bucket(site: RecoverySite) -> CloudSteps:
    return CloudSteps(detect=(_volumes(site, "storage"),))


def _cache(site: RecoverySite) -> CloudSteps:
    # the beginning of every cache's names
    return CloudSteps(detect=(_volumes(site, "cache"),))


def _images(_site: RecoverySite) -> CloudSteps:
    return CloudSteps(detect=(Step("Images of the host.", commands=(CloudCommand(("docker", "image", "ls")),)),))


def _nothing(_site: RecoverySite) -> CloudSteps:
    """Return no steps: those of this project's own commands are all."""
    return CloudSteps()


def _service(site: RecoverySite) -> CloudSteps:
    start = Step("Start a container that was stopped.", commands=(CloudCommand(("docker", "start", "$CONTAINER")),))
    return CloudSteps(detect=(_containers(site),), without_tool=(start,))


STEPS: Mapping[Incident, StepsOf] = {
    Incident.HOST: _host,
    Incident.DATABASE: _database,
    Incident.ROWS: _rows,
    Incident.BUCKET: _bucket,
    Incident.CACHE: _cache,
    Incident.SECRET: _nothing,
    Incident.SERVICE: _service,
    Incident.REGISTRY: _images,
    Incident.STATE: _nothing,
    Incident.SECRETS_KEY: _nothing,
}

RECOVERY = CloudRecovery(
    place="host", promises=PROMISES, steps=STEPS, variables=variables, questions=questions, drill=drill, copies=COPIES
)
