"""Exports of the database to a bucket in the standby region, once a day.

Cloud SQL encrypts a backup with the key of its instance, wherever the backup is stored, so a backup in another region cannot
be read while the region of the key is lost. An export is a dump, encrypted with the key of the bucket. Cloud SQL makes it
on a temporary instance (`offload`), without load on the database, as the service account of the instance, which may only
create objects in this bucket. The bucket deletes exports after `retention_days`; a lock keeps each of them until then:
`governance` can be removed by principals that may change the bucket, `compliance` by no principal.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.region_specs import is_passive
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.standby import GcpStandby
from providers.gcp.base.workflows import (
    INSTANCE_TYPE,
    START,
    Steps,
    create_account,
    create_agent,
    create_schedule,
    create_workflow,
    grant_permissions,
)
from providers.gcp.database.resources import GcpDatabase
from providers.gcp.naming import COPIER, DATABASE_NAME, copier_id
from providers.gcp.recovery.schedule import export_schedule
from providers.gcp.storage.resources import SOFT_DELETE_SECONDS, incomplete_upload_rule

DAY_SECONDS = 86_400
EXPORT_TIMEOUT_SECONDS = 12 * 3600
RETRIES, RETRY_SECONDS = 2, 900
"""Cloud SQL refuses an export while another operation of the instance runs."""
WRITE_ROLE = "roles/storage.objectCreator"


@dataclass(frozen=True)
class ExportBucket:
    """Bucket of the exports, and the permission of the instance to write to it."""

    name: pulumi.Output[str]
    grant: pulumi.Resource


def receive_exports(scope: Scope, standby: GcpStandby, database: GcpDatabase) -> ExportBucket:
    """Create the bucket of the exports in the standby region."""
    context, recovery = standby.context, standby.context.spec.recovery
    days = recovery.retention_days
    bucket = gcp.storage.Bucket(
        scope.named("database"),
        project=context.project,
        location=context.region.upper(),
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=standby.usable["storage"]),
        soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(retention_duration_seconds=SOFT_DELETE_SECONDS),
        retention_policy=_lock(days, permanent=recovery.lock == "compliance") if recovery.lock != "none" else None,
        lifecycle_rules=[
            gcp.storage.BucketLifecycleRuleArgs(
                action=gcp.storage.BucketLifecycleRuleActionArgs(type="Delete"),
                condition=gcp.storage.BucketLifecycleRuleConditionArgs(age=days),
            ),
            incomplete_upload_rule(),
        ],
        force_destroy=False,
        deletion_policy=context.deletion_policy,
        opts=scope.opts(protect=context.production),
    )
    grant = gcp.storage.BucketIAMMember(
        scope.named("database"),
        bucket=bucket.name,
        role=WRITE_ROLE,
        member=pulumi.Output.concat("serviceAccount:", database.account),
        opts=scope.opts(),
    )
    return ExportBucket(bucket.name, grant)


def _lock(days: int, *, permanent: bool) -> gcp.storage.BucketRetentionPolicyArgs:
    return gcp.storage.BucketRetentionPolicyArgs(retention_period=str(days * DAY_SECONDS), is_locked=permanent)


def create_exports(scope: Scope, base: GcpBaseResources, database: GcpDatabase, bucket: ExportBucket) -> None:
    """Create the workflow that exports the database, its account and its schedule."""
    context, settings = base.context, base.spec.database
    if settings is None:
        raise ValueError("the platform has no database")
    account = create_account(scope, context, copier_id(context.stack), "Exports the database")
    this_instance = gcp.projects.IAMMemberConditionArgs(
        title="this database",
        expression=pulumi.Output.concat(
            f'resource.type == "{INSTANCE_TYPE}" && resource.name == "projects/{context.project}/instances/',
            database.instance,
            '"',
        ),
    )
    grants = [
        create_agent(scope, context),
        grant_permissions(
            scope, context, "export", ["cloudsql.instances.export"], account.member, condition=this_instance
        ),
        # the state of an export is read from its operation, which no condition can name
        grant_permissions(scope, context, "start-exports", ["cloudsql.instances.get", START], account.member),
        bucket.grant,
    ]
    source = export_workflow(context.project, database.instance, bucket.name)
    workflow = create_workflow(scope, context, COPIER, account, source, grants)
    # while the other region serves, the database here is a replica, or has old data
    paused = is_passive(base.spec) or None
    create_schedule(scope, context, COPIER, export_schedule(settings), account, workflow, paused=paused)


def export_workflow(project: str, instance: pulumi.Input[str], bucket: pulumi.Input[str]) -> Steps:
    """Workflow that exports the database to an object with the time as its name, and waits for the end.

    An export to an object that exists fails (Cloud SQL Admin API, `ExportContext.uri`), so each attempt has its own.
    """
    address = '${"gs://" + bucket + "/" + moment + ".sql.gz"}'
    name = {"assign": [{"moment": '${text.replace_all(text.substring(time.format(sys.now()), 0, 19), ":", "")}'}]}
    export = {
        "call": "googleapis.sqladmin.v1.instances.export",
        "args": {
            "project": project,
            "instance": instance,
            "body": {
                "exportContext": {
                    "fileType": "SQL",
                    "uri": address,
                    "databases": [DATABASE_NAME],
                    "offload": True,
                    # an import replaces tables that a new stack has created before it
                    "sqlExportOptions": {"postgresExportOptions": {"clean": True, "ifExists": True}},
                }
            },
            "connector_params": {"timeout": EXPORT_TIMEOUT_SECONDS},
        },
    }
    backoff = {"initial_delay": RETRY_SECONDS, "max_delay": RETRY_SECONDS, "multiplier": 1}
    attempts = {
        "try": {"steps": [{"name_object": name}, {"export_database": export}]},
        "retry": {"predicate": "${always}", "max_retries": RETRIES, "backoff": backoff},
    }
    steps = [
        {"begin": {"assign": [{"bucket": bucket}, {"moment": ""}]}},
        {"attempts": attempts},
        {"end": {"return": address}},
    ]
    return {
        "main": {"steps": steps},
        "always": {"params": ["error"], "steps": [{"answer": {"return": True}}]},
    }
