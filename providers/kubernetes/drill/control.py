"""Restore drills on Kubernetes: a Job of the drill's CronJob at once, and the time of the last success."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.drill import (
    KEY,
    LEFTOVER_SECONDS,
    DrillControl,
    DrillEvidence,
    drill_in_progress,
    ended_execution,
    execution_evidence,
    require_deployed,
)
from providers.contract.json_data import Raw, is_mapping, mappings
from providers.contract.spec import Platform
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.drill.limits import CLUSTER
from providers.kubernetes.naming import DRILL

CRON_JOB_TYPE = "kubernetes:batch/v1:CronJob"
CLUSTERS = "clusters.postgresql.cnpg.io"
CONSOLE = "the cluster"
RUNNING, FINISHED = "running", ("Complete", "Failed")


class KubernetesDrills:
    """See `providers.contract.drill.DrillControl` for each method."""

    def declared(self, spec: Platform) -> bool:
        """See `DrillControl.declared`."""
        return spec.recovery.drill is not None

    def run(self, stack: DeployedStack, shell: Shell) -> DrillEvidence:
        """See `DrillControl.run`; Ctrl-C leaves the Job, which deletes the restored database itself."""
        require_deployed(stack, CRON_JOB_TYPE, "drill-schedule")
        if _cluster(stack, shell) is not None:
            raise drill_in_progress("database")
        job = f"{DRILL}-{datetime.now(UTC):%Y%m%d%H%M%S}"
        shell.output(_kubectl(stack, "create", "job", job, f"--from=cronjob/{DRILL}"))
        ended = ended_execution(lambda: _state(stack, job, shell), "state", (RUNNING,), job, CONSOLE, shell)
        log = shell.output(_kubectl(stack, "logs", f"job/{job}"))
        return execution_evidence(log, ended["state"], CONSOLE)

    def last_verified(self, stack: DeployedStack, shell: Shell) -> datetime | None:
        """See `DrillControl.last_verified`; a drill restores what was archived when it began, so its end is close to that."""
        query = "jsonpath={.status.lastSuccessfulTime}"
        text = shell.output(_kubectl(stack, "get", "cronjob", DRILL, "--output", query)).strip()
        return datetime.fromisoformat(text) if text else None

    def leftovers(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """See `DrillControl.leftovers`."""
        cluster = _cluster(stack, shell)
        if cluster is None:
            return ()
        metadata = cluster.get("metadata")
        created = str(metadata.get("creationTimestamp")) if is_mapping(metadata) else ""
        if datetime.now(UTC) - datetime.fromisoformat(created) < timedelta(seconds=LEFTOVER_SECONDS):
            raise drill_in_progress("database")
        return (CLUSTER,)

    def delete(self, stack: DeployedStack, leftover: str, shell: Shell) -> None:
        """See `DrillControl.delete`."""
        shell.output(_kubectl(stack, "delete", CLUSTERS, leftover, "--ignore-not-found"))


def _cluster(stack: DeployedStack, shell: Shell) -> Raw | None:
    """Return the restored Cluster; None without one."""
    return _object(shell.output(_kubectl(stack, "get", CLUSTERS, CLUSTER, "--ignore-not-found", "--output", "json")))


def _state(stack: DeployedStack, job: str, shell: Shell) -> Raw:
    described = _object(shell.output(_kubectl(stack, "get", "job", job, "--output", "json"))) or {}
    status = described.get("status")
    conditions = mappings(status.get("conditions")) if is_mapping(status) else ()
    ended = [str(each.get("type")) for each in conditions if each.get("status") == "True"]
    return {"state": next((name for name in FINISHED if name in ended), RUNNING)}


def _object(text: str) -> Raw | None:
    if not text.strip():
        return None
    try:
        document: object = json.loads(text)
    except ValueError:
        document = None
    if not is_mapping(document):
        raise CliFailure(KEY, "kubectl printed no JSON object", "run its command by hand")
    return dict(document)


def _kubectl(stack: DeployedStack, *arguments: str) -> CliCommand:
    """Command in the context and the namespace of the stack; the current context is never used."""
    context = KubernetesContext(stack.spec, stack.name, "")
    options = (f"--context={context.block.context}", f"--namespace={context.namespace}")
    return CliCommand(("kubectl", *options, *arguments))


CONTROL: DrillControl = KubernetesDrills()
