"""Questions of the audit to a Google Cloud project, through gcloud. Pure.

Sources: gcloud reference, `services list`, `projects get-iam-policy`, `org-policies list`, `sql instances describe` and
`storage buckets describe`.
"""

from collections.abc import Iterator

from providers.contract.audit import BACKUP_DAYS, equals, is_false, is_true, minimum_of
from providers.contract.cli import CliCommand, DeployedResource, DeployedStack
from providers.contract.live_audit import (
    CloudLiveAudit,
    LiveEvidence,
    LiveQuery,
    deployed,
    in_account,
    items,
    of_resource,
)
from providers.gcp.audit.data import AUDIT_LOGS

DATABASE, BUCKET = "gcp:sql/databaseInstance:DatabaseInstance", "gcp:storage/bucket:Bucket"
SECURITY_CENTER = "securitycenter.googleapis.com"


def project_of(stack: DeployedStack) -> str:
    """Return the project of a stack."""
    return stack.spec.gcp.project if stack.spec.gcp else ""


def _queries(stack: DeployedStack) -> Iterator[LiveQuery]:
    enabled = f"config.name={SECURITY_CENTER}"
    yield LiveQuery(_json(stack, "services", "list", "--enabled", f"--filter={enabled}"), _security_center)
    yield LiveQuery(_json(stack, "projects", "get-iam-policy", project_of(stack), project=False), _audit_logs)
    yield LiveQuery(_json(stack, "org-policies", "list"), _constraints)
    for database in deployed(stack, DATABASE):
        command = _json(stack, "sql", "instances", "describe", str(database.outputs.get("name")))
        yield LiveQuery(command, lambda answer, each=database: _database(each, answer))
    for bucket in deployed(stack, BUCKET):
        command = _json(stack, "storage", "buckets", "describe", f"gs://{bucket.outputs.get('name')}", project=False)
        yield LiveQuery(command, lambda answer, each=bucket: _bucket(each, answer))


def _json(stack: DeployedStack, *arguments: str, project: bool = True) -> CliCommand:
    scope = (f"--project={project_of(stack)}",) if project else ()
    return CliCommand(("gcloud", *arguments, *scope, "--format=json"))


def _security_center(answer: object) -> Iterator[LiveEvidence]:
    found = bool(items(answer))
    why = "nothing searches the project for threats"
    yield in_account("Security Command Center", "enabled" if found else "none", found, why)


def _audit_logs(answer: object) -> Iterator[LiveEvidence]:
    kinds = {
        str(log.get("logType"))
        for config in items(answer, "auditConfigs")
        if config.get("service") == "allServices"
        for log in items(config, "auditLogConfigs")
    }
    yield in_account(
        "audit logs of every service", sorted(kinds) or "none", kinds >= AUDIT_LOGS, "access has no record"
    )


def _constraints(answer: object) -> Iterator[LiveEvidence]:
    names = [str(each.get("constraint", each.get("name"))) for each in items(answer)]
    why = "the organization limits nothing in the project"
    yield in_account("policies of the organization", len(names), bool(names), why)


def _database(database: DeployedResource, answer: object) -> Iterator[LiveEvidence]:
    kept = "settings.backupConfiguration.backupRetentionSettings.retainedBackups"
    for check, path, test, why in (
        ("data-stores-are-private", "settings.ipConfiguration.ipv4Enabled", is_false, "has a public address"),
        ("backups-are-kept", "settings.backupConfiguration.enabled", is_true, "no backups"),
        ("backups-are-kept", kept, minimum_of(BACKUP_DAYS), "backups end too early"),
        ("deletion-is-guarded", "settings.deletionProtectionEnabled", is_true, "one command deletes the data"),
    ):
        yield of_resource(check, database, "sql:DatabaseInstance", answer, path, test, why)


def _bucket(bucket: DeployedResource, answer: object) -> Iterator[LiveEvidence]:
    enforced, why = equals("enforced"), "objects can be made public"
    check, path = "objects-are-private", "public_access_prevention"
    yield of_resource(check, bucket, "storage:Bucket", answer, path, enforced, why)


LIVE = CloudLiveAudit(
    key="gcp.project",
    account=lambda stack: CliCommand(
        ("gcloud", "projects", "describe", project_of(stack), "--format=value(projectId)")
    ),
    expected=project_of,
    queries=_queries,
)
