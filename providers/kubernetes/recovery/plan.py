"""Promises of a stack on a cluster after each failure, and the kubectl commands of its recovery. Pure.

Nothing here has been measured on a cluster: times are the sum of what the operator, the volumes and the images need as a rule.
"""

from collections.abc import Iterator, Mapping

from providers.contract.recovery_plan import (
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
from providers.contract.recovery_promises import NO_BACKUP, NOT_RESTORABLE, REBUILD_MINUTES, WITHOUT_BACKUPS
from providers.kubernetes.context import KubernetesContext, keeps_backups
from providers.kubernetes.naming import DATABASE, DRILL

ONE_CLUSTER = ("none",)
ARCHIVE_MINUTES = 5
"""A change is archived after 5 minutes at most (`archive_timeout` of CloudNativePG)."""
CLUSTERS, BACKUPS = "clusters.postgresql.cnpg.io", "backups.postgresql.cnpg.io"
COPIES = {
    "kubernetes:barmancloud.cnpg.io/v1:ObjectStore": "backups of the database and every archived change, in the bucket"
}
RESTORE_NOTE = (
    "Restore the newest backup as the Cluster `database`: its manifest by `agent-platform render`, with `bootstrap.recovery` in place of "
    "`initdb`, an external cluster with the former folder of the bucket (`serverName`, in the state of the stack), and a new folder for "
    "its own archive."
)

PROMISES = (
    PromiseRow(
        Incident.ZONE,
        Promise(
            rpo=NOTHING,
            rto=Bound(10),
            assumption="another node has room; volumes can be attached to it, and the cache is one pod",
            by_itself="Pods start on other nodes after some minutes; a replica of the database becomes the primary.",
        ),
        modes=ONE_CLUSTER,
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=NO_LIMIT,
            rto=NO_LIMIT,
            assumption="the database is lost with the cluster",
            by_itself="Nothing.",
        ),
        when=NO_BACKUP,
        modes=ONE_CLUSTER,
    ),
    PromiseRow(
        Incident.REGION,
        Promise(
            rpo=Bound(ARCHIVE_MINUTES),
            rto=REBUILD_MINUTES,
            assumption="another cluster has the same operators, and the bucket is not lost with the first",
            by_itself="Nothing.",
        ),
        modes=ONE_CLUSTER,
    ),
    *WITHOUT_BACKUPS,
    PromiseRow(
        Incident.DATABASE,
        Promise(
            rpo=Bound(ARCHIVE_MINUTES),
            rto=Bound(120),
            assumption="the bucket exists; the time grows with the size of the database and the age of the backup",
            by_itself="Nothing. With the loss of one instance, the operator creates it again from another one.",
        ),
        modes=ONE_CLUSTER,
    ),
    PromiseRow(
        Incident.ROWS,
        Promise(
            rpo=NOTHING,
            rto=Bound(120),
            assumption="a restore to the moment before the fault, into a new Cluster from which the rows are copied",
            by_itself="Nothing.",
        ),
        modes=ONE_CLUSTER,
    ),
    PromiseRow(Incident.BUCKET, NOT_RESTORABLE, modes=ONE_CLUSTER),
    PromiseRow(
        Incident.CACHE,
        Promise(
            rpo=NO_LIMIT,
            rto=Bound(10),
            assumption="the volume of the cache has no backup; queued jobs are lost with it",
            by_itself="A cache whose pod ends starts again with its volume.",
        ),
        modes=ONE_CLUSTER,
    ),
    PromiseRow(
        Incident.SECRET,
        Promise(
            rpo=NOTHING,
            rto=Bound(5),
            assumption="the value is encrypted in the stack file, or in the state",
            by_itself="Nothing.",
        ),
        modes=ONE_CLUSTER,
    ),
    PromiseRow(
        Incident.SERVICE,
        Promise(
            rpo=NOTHING,
            rto=Bound(5),
            assumption="a deleted pod is replaced in the time that it takes to start; a deleted Deployment by one `up`",
            by_itself="Pods that end or are deleted are replaced.",
        ),
        modes=ONE_CLUSTER,
    ),
    PromiseRow(
        Incident.REGISTRY,
        Promise(
            rpo=NOTHING,
            rto=Bound(30),
            assumption="images are built again and pushed to another registry; the time depends on the images",
            by_itself="Running pods continue. New nodes cannot start them.",
        ),
        modes=ONE_CLUSTER,
    ),
    PromiseRow(
        Incident.STATE,
        Promise(
            rpo=NOTHING,
            rto=Bound(15),
            assumption="objects are imported again by `up`",
            by_itself="The pods continue. Nothing can be changed.",
        ),
        modes=ONE_CLUSTER,
    ),
    PromiseRow(
        Incident.SECRETS_KEY,
        Promise(
            rpo=NOTHING,
            rto=Bound(5),
            assumption="the values of the listed secrets are also kept outside the stack file",
            by_itself="The pods continue. Nothing can be changed.",
        ),
        modes=ONE_CLUSTER,
    ),
)


def variables(site: RecoverySite) -> Iterator[Variable]:
    """Variables that the operator sets."""
    yield Variable("MANIFEST", "file with the Cluster that restores the backup", "restore.yaml")
    yield Variable("POD", "name of the pod, from the step before", "gateway-7c9d8b6f5-x2v4k")


def kubectl(site: RecoverySite, *arguments: str, sets: str = "") -> CloudCommand:
    """Command in the context and the namespace of the stack."""
    context = KubernetesContext(site.spec, site.stack, "")
    options = (f"--context={context.block.context}", f"--namespace={context.namespace}")
    return CloudCommand(("kubectl", *options, *arguments), sets)


def questions(site: RecoverySite) -> Iterator[BackupQuestion]:
    """Question for the newest backup."""
    if keeps_backups(site.spec):
        newest = kubectl(
            site, "get", BACKUPS, "--sort-by=.status.stoppedAt", "--output", "jsonpath={.items[*].status.stoppedAt}"
        )
        yield BackupQuestion("database", (newest,))


def drill(site: RecoverySite) -> Iterator[BackupQuestion]:
    """Question for the last drill that succeeded."""
    if site.spec.recovery.drill is not None and keeps_backups(site.spec):
        query = "jsonpath={.status.lastSuccessfulTime}"
        yield BackupQuestion("database", (kubectl(site, "get", "cronjob", DRILL, "--output", query),))


def _pods(site: RecoverySite) -> Step:
    return Step("Pods of the stack and their nodes.", commands=(kubectl(site, "get", "pods", "--output", "wide"),))


def _volumes(site: RecoverySite) -> Step:
    return Step("Volumes of the stack.", commands=(kubectl(site, "get", "persistentvolumeclaims"),))


def _nodes(site: RecoverySite) -> CloudSteps:
    nodes = Step("Nodes of the cluster.", commands=(kubectl(site, "get", "nodes"),))
    return CloudSteps(detect=(nodes, _pods(site)))


def _whole_cluster(site: RecoverySite) -> CloudSteps:
    answers = Step("Whether the API server answers.", commands=(kubectl(site, "cluster-info"),))
    if not keeps_backups(site.spec):
        return CloudSteps(detect=(answers,))
    return CloudSteps(detect=(answers,), recover=(_restore_step(site),))


def _restore_step(site: RecoverySite) -> Step:
    """Step that restores the newest backup as the Cluster `database` from a manifest."""
    return Step(RESTORE_NOTE, commands=(kubectl(site, "apply", "--filename=$MANIFEST"), _wait(site)))


def _wait(site: RecoverySite) -> CloudCommand:
    return kubectl(site, "wait", f"{CLUSTERS}/{DATABASE}", "--for=condition=Ready", "--timeout=2h")


def _database(site: RecoverySite) -> CloudSteps:
    state = Step(
        "Cluster of the database and its instances.",
        commands=(
            kubectl(site, "get", CLUSTERS, DATABASE),
            kubectl(site, "get", "pods", f"--selector=cnpg.io/cluster={DATABASE}", "--output", "wide"),
        ),
    )
    if not keeps_backups(site.spec):
        return CloudSteps(detect=(state, _volumes(site)))
    restore = _restore_step(site)
    return CloudSteps(
        detect=(state, _volumes(site)), assess=(_backups(site),), recover=(restore,), without_tool=(restore,)
    )


def _backups(site: RecoverySite) -> Step:
    return Step("Backups of the database.", commands=(kubectl(site, "get", BACKUPS),))


def _rows(site: RecoverySite) -> CloudSteps:
    if not keeps_backups(site.spec):
        return CloudSteps()
    note = (
        "Restore to the moment before the fault, by the same manifest with another `metadata.name` and `recoveryTarget.targetTime`; "
        "then copy the rows with pg_dump, and delete that Cluster."
    )
    beside = Step(note, commands=(kubectl(site, "apply", "--filename=$MANIFEST"),))
    return CloudSteps(assess=(_backups(site),), recover=(beside,), without_tool=(beside,))


def _cache(site: RecoverySite) -> CloudSteps:
    return CloudSteps(detect=(_pods(site), _volumes(site)))


def _service(site: RecoverySite) -> CloudSteps:
    described = Step("Events of a pod.", commands=(kubectl(site, "describe", "pod", "$POD"),))
    return CloudSteps(detect=(_pods(site),), assess=(described,))


def _images(site: RecoverySite) -> CloudSteps:
    return CloudSteps(detect=(_pods(site),))


def _nothing(_site: RecoverySite) -> CloudSteps:
    """Return no steps: those of this project's own commands are all."""
    return CloudSteps()


STEPS: Mapping[Incident, StepsOf] = {
    Incident.ZONE: _nodes,
    Incident.REGION: _whole_cluster,
    Incident.DATABASE: _database,
    Incident.ROWS: _rows,
    Incident.BUCKET: _nothing,
    Incident.CACHE: _cache,
    Incident.SECRET: _nothing,
    Incident.SERVICE: _service,
    Incident.REGISTRY: _images,
    Incident.STATE: _nothing,
    Incident.SECRETS_KEY: _nothing,
}

RECOVERY = CloudRecovery(
    place="cluster",
    promises=PROMISES,
    steps=STEPS,
    variables=variables,
    questions=questions,
    drill=drill,
    copies=COPIES,
)
