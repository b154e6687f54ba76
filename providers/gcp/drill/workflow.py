"""Workflow of a drill: restore the newest backup into a separate instance, query it, delete it, report. Pure.

Cloud SQL restores a backup over an instance, so the drill creates one of the same version, tier and disk first, with its own
key and without backups. A failed drill fails the execution; its result, or the error that it raises, is the evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.drill import AGE_METRIC, MAX_DRILL_SECONDS
from providers.gcp.base.workflows import Steps
from providers.gcp.drill.names import copy_prefix, query_job
from providers.gcp.drill.steps import Step, assign, call, expression, old_copies, put_metrics, seconds_since, when

QUERY_SECONDS = 1800
"""Time to start the job, to connect, and for the query, which itself may take ten minutes."""
DELETE_RETRIES, DELETE_RETRY_SECONDS = 5, 60
BACKUPS = 50
"""Backup runs to look through, newest first."""
GONE = 'default(map.get(error, "code"), 0) == 404'
"""Expression of an error about an instance that does not exist."""


@dataclass(frozen=True)
class DrillSettings:
    """Resources that the workflow refers to."""

    project: str
    region: str
    stack: str
    instance: pulumi.Input[str]
    key: pulumi.Input[str]
    network: pulumi.Input[str]
    private_range: pulumi.Input[str]

    @property
    def job(self) -> str:
        """Resource name of the Cloud Run job of the query."""
        return f"projects/{self.project}/locations/{self.region}/jobs/{query_job(self.stack)}"


def drill_workflow(settings: DrillSettings) -> Steps:
    """Return the workflow in the syntax of Workflows."""
    steps = [
        {"begin": _begin(settings)},
        {"sweep": _sweep(settings)},
        {"restore_and_query": _attempt(settings)},
        {"delete": when('copy != ""', {"delete_copy": _delete(settings)})},
        {"report": _report(settings)},
        {"evidence": assign(evidence=EVIDENCE)},
        {"failed": when("not (verified and deleted)", {"fail": {"raise": expression("evidence")}})},
        {"end": {"return": expression("evidence")}},
    ]
    return {
        "main": {"steps": steps},
        "newest_backup": _newest_backup(settings),
        "old_copies": old_copies(settings.project, settings.stack, MAX_DRILL_SECONDS),
        "exists": {"params": ["error"], "steps": [{"answer": {"return": expression(f"not ({GONE})")}}]},
    }


EVIDENCE = {
    "verified": expression("verified"),
    "deleted": expression("deleted"),
    "problem": expression("problem"),
    "recovery_point": expression("point"),
    "recovery_point_time": expression("point_time"),
    "restore_seconds": expression("restore_seconds"),
}
"""Evidence with the fields of `DrillEvidence`."""


def _begin(settings: DrillSettings) -> Step:
    return assign(
        now=expression("time.format(sys.now())"),
        name=expression(f'"{copy_prefix(settings.stack)}" + text.replace_all_regex(text.substring(now, 0, 19), "[^0-9]", "")'),
        copy="", host="", point=None, point_time=None, restore_seconds=None,
        verified=False, deleted=True, problem="", stage="the newest backup could not be read", left=[],
    )  # fmt: skip


def _sweep(settings: DrillSettings) -> Step:
    """Delete copies of drills that were interrupted; the alarm on leftovers reports one that stays."""
    delete = {"try": _deletion(settings, "leftover"), "except": {"as": "kept", "steps": [{"go_on": assign(left=[])}]}}
    each = {"for": {"value": "leftover", "in": expression("left"), "steps": [{"delete_leftover": delete}]}}
    return {"steps": [{"find_leftovers": {"call": "old_copies", "result": "left"}}, {"delete_leftovers": each}]}


def _deletion(settings: DrillSettings, name: str) -> Step:
    return call(
        "sqladmin.v1.instances.delete",
        {"project": settings.project, "instance": expression(name)},
        seconds=MAX_DRILL_SECONDS,
    )


def _attempt(settings: DrillSettings) -> Step:
    """Restore and query; an error is the problem of the stage in which it happened."""
    failed = {"problem": assign(problem=expression("stage"))}
    steps = [
        {"find_backup": {"call": "newest_backup", "result": "backup"}},
        {"has_backup": when("backup == null", {"say_none": assign(stage=NO_BACKUP)}, {"stop": {"raise": NO_BACKUP}})},
        {"found": assign(point=expression("string(backup.id)"), point_time=expression("backup.endTime"))},
        {"read_database": _read_instance(settings, settings.instance, "source")},
        {"create": assign(stage="the instance of the drill could not be created", copy=expression("name"))},
        {"create_copy": _create(settings)},
        {"restore": assign(stage="the backup could not be restored", started=expression("sys.now()"))},
        {"restore_backup": _restore(settings)},
        {"restored": assign(restore_seconds=expression("int(sys.now() - started)"), stage=QUERY_FAILED)},
        {"read_copy": _read_instance(settings, expression("copy"), "restored_copy")},
        {"addresses": _private_address()},
        {"query": _query(settings)},
        {"query_ended": when(NOT_SUCCEEDED, {"query_failed": {"raise": QUERY_FAILED}})},
        {"good": assign(verified=True)},
    ]
    return {"try": {"steps": steps}, "except": {"as": "error", "steps": [failed]}}


NOT_SUCCEEDED = 'default(map.get(execution, "succeededCount"), 0) < 1'
NO_BACKUP = "the database has no successful backup"
QUERY_FAILED = "the query did not return one number above 0; the log of the drill has the reason"


def _newest_backup(settings: DrillSettings) -> Steps:
    """Subworkflow that returns the newest successful backup; null without one."""
    listed = call(
        "sqladmin.v1.backupRuns.list",
        {"project": settings.project, "instance": settings.instance, "maxResults": BACKUPS},
        "runs",
    )
    newest = when('run.status == "SUCCESSFUL"', {"found": {"return": expression("run")}})
    each = {
        "for": {"value": "run", "in": expression('default(map.get(runs, "items"), [])'), "steps": [{"look": newest}]}
    }
    return {"steps": [{"list": listed}, {"find": each}, {"none": {"return": None}}]}


def _read_instance(settings: DrillSettings, instance: pulumi.Input[str], result: str) -> Step:
    return call("sqladmin.v1.instances.get", {"project": settings.project, "instance": instance}, result)


def _create(settings: DrillSettings) -> Step:
    """Create the instance of the drill; the settings that decide whether a backup fits are those of the database now."""
    access = {
        "ipv4Enabled": False,
        "privateNetwork": settings.network,
        "allocatedIpRange": settings.private_range,
        "sslMode": "ENCRYPTED_ONLY",
    }
    body: Mapping[str, object] = {
        "name": expression("copy"),
        "region": settings.region,
        "databaseVersion": expression("source.databaseVersion"),
        "diskEncryptionConfiguration": {"kmsKeyName": settings.key},
        "settings": {
            "tier": expression("source.settings.tier"),
            "edition": expression("source.settings.edition"),
            "dataDiskType": expression("source.settings.dataDiskType"),
            "dataDiskSizeGb": expression("source.settings.dataDiskSizeGb"),
            "databaseFlags": expression('default(map.get(source, ["settings", "databaseFlags"]), [])'),
            "availabilityType": "ZONAL",
            "ipConfiguration": access,
            "backupConfiguration": {"enabled": False},
            "deletionProtectionEnabled": False,
            "userLabels": {"stack": settings.stack, "drill": expression("text.substring(now, 0, 10)")},
        },
    }
    return call("sqladmin.v1.instances.insert", {"project": settings.project, "body": body}, seconds=MAX_DRILL_SECONDS)


def _restore(settings: DrillSettings) -> Step:
    backup = {"project": settings.project, "instanceId": settings.instance, "backupRunId": expression("backup.id")}
    return call(
        "sqladmin.v1.instances.restoreBackup",
        {"project": settings.project, "instance": expression("copy"), "body": {"restoreBackupContext": backup}},
        seconds=MAX_DRILL_SECONDS,
    )


def _private_address() -> Step:
    private = when('address.type == "PRIVATE"', {"set_host": assign(host=expression("address.ipAddress"))})
    addresses = expression("restored_copy.ipAddresses")
    return {"for": {"value": "address", "in": addresses, "steps": [{"look_at_address": private}]}}


def _query(settings: DrillSettings) -> Step:
    override = {"env": [{"name": "PGHOST", "value": expression("host")}]}
    return call(
        "run.v2.projects.locations.jobs.run",
        {"name": settings.job, "body": {"overrides": {"containerOverrides": [override]}}},
        "execution",
        seconds=QUERY_SECONDS,
    )


def _delete(settings: DrillSettings) -> Step:
    """Delete the copy; an instance that was never created is gone too."""
    backoff = {"initial_delay": DELETE_RETRY_SECONDS, "max_delay": DELETE_RETRY_SECONDS, "multiplier": 1}
    kept = assign(problem=expression('"the restored copy " + copy + " could not be deleted"'))
    steps = [
        {"is_gone": {"switch": [{"condition": expression(GONE), "next": "deletion_ended"}]}},
        {"is_kept": assign(deleted=False)},
        {"first_problem": when('problem == ""', {"name_copy": kept})},
        {"deletion_ended": assign(left=[])},
    ]
    return {
        "try": _deletion(settings, "copy"),
        "retry": {"predicate": expression("exists"), "max_retries": DELETE_RETRIES, "backoff": backoff},
        "except": {"as": "error", "steps": steps},
    }


def _report(settings: DrillSettings) -> Step:
    """Put the age of the verified backup; the hourly report puts it again."""
    put = put_metrics(settings.project, settings.stack, {AGE_METRIC: seconds_since("point_time")})
    unreported = {"as": "error", "steps": [{"later": assign(left=[])}]}
    return when("verified", {"put_age": {"try": put, "except": unreported}})
