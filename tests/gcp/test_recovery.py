"""Copies in a standby region: what is declared where, with which keys and permissions."""

import json
from functools import cache

import pytest

from automation.plan.inventory import Inventory
from providers import resource_traits
from tests.engine.fake_cloud.steps import lost, steps
from tests.gcp.plans import mapping_at, text_at, value_at
from tests.planning import DROP, changed_inputs, plan, production, resource_names, revealed

HOME, STANDBY = "us-central1", "us-east1"
COPIES: dict[str, object] = {"recovery": {"mode": "backup", "standby_region": STANDBY, "lock": "governance"}}
KEY = "<kms:CryptoKey prod-us-east1-keys-data>.id"
SOURCE, DESTINATION = "<storage:Bucket prod-storage>.name", "<storage:Bucket prod-us-east1-storage>.name"
NEW = {
    "agent-platform:Account prod-us-east1-account",
    "agent-platform:Keys prod-us-east1-keys",
    "agent-platform:Recovery prod-recovery",
    "agent-platform:Recovery prod-us-east1-recovery",
    "agent-platform:Region prod-us-east1",
    "agent-platform:Registry prod-us-east1-registry",
    "agent-platform:Secrets prod-us-east1-secrets",
    "agent-platform:Storage prod-us-east1-storage",
    "artifactregistry:Repository prod-us-east1-registry",
    "artifactregistry:RepositoryIamMember prod-us-east1-recovery-deployer",
    "cloudscheduler:Job prod-recovery-schedule",
    "random:RandomId prod-recovery-export-generation",
    "random:RandomId prod-recovery-start-exports-generation",
    "kms:CryptoKey prod-us-east1-keys-data",
    "kms:CryptoKeyIAMMember prod-us-east1-keys-data-artifactregistry",
    "kms:CryptoKeyIAMMember prod-us-east1-keys-data-secretmanager",
    "kms:CryptoKeyIAMMember prod-us-east1-keys-data-storage",
    "kms:KeyRing prod-us-east1-keys",
    "logging:Metric prod-monitoring-count-objects-failed",
    "monitoring:AlertPolicy prod-monitoring-copies-database-failed",
    "monitoring:AlertPolicy prod-monitoring-copies-database-missing",
    "monitoring:AlertPolicy prod-monitoring-copies-objects-failed",
    "projects:IAMCustomRole prod-recovery-export",
    "projects:IAMCustomRole prod-recovery-start-exports",
    "projects:IAMMember prod-recovery-agent-role",
    "projects:IAMMember prod-recovery-export",
    "projects:IAMMember prod-recovery-start-exports",
    "projects:IAMMember prod-us-east1-keys-role-artifactregistry",
    *(
        f"projects:Service prod-us-east1-account-{name}"
        for name in ("artifactregistry", "cloudkms", "containerscanning", "iam", "secretmanager", "storage")
    ),
    *(f"projects:Service prod-account-{name}" for name in ("cloudscheduler", "workflowexecutions", "workflows")),
    "projects:Service prod-recovery-storagetransfer",
    "projects:ServiceIdentity prod-recovery-agent",
    "projects:ServiceIdentity prod-us-east1-keys-agent-artifactregistry",
    "projects:ServiceIdentity prod-us-east1-keys-agent-secretmanager",
    "providers:gcp prod-us-east1",
    "providers:gcp prod-us-east1-services",
    *(
        f"secretmanager:{kind} prod-us-east1-secrets-{name}{part}"
        for name in ("OPENAI_API_KEY", "OS_SECURITY_KEY", "database-password")
        for kind, part in {"Secret": "", "SecretVersion": "-value"}.items()
    ),
    "serviceaccount:Account prod-recovery-account",
    "storage:Bucket prod-us-east1-recovery-database",
    "storage:Bucket prod-us-east1-storage",
    "storage:BucketIAMMember prod-us-east1-recovery-database",
    *(f"storage:BucketIAMMember prod-recovery-objects-{part}" for part in ("read", "list", "write", "describe")),
    "storage:TransferJob prod-recovery-objects",
    "workflows:Workflow prod-recovery-workflow",
}
"""Everything that copies add to production, by type and logical name: names that do not change once released."""


@cache
def before() -> Inventory:
    return plan(production(cloud="gcp"))


@cache
def copied() -> Inventory:
    return plan(production(COPIES, cloud="gcp"))


def test_a_standing_stack_gains_resources_and_loses_none() -> None:
    assert (
        resource_names(copied()) - resource_names(before()),
        resource_names(before()) - resource_names(copied()),
    ) == (NEW, set())


def test_nothing_that_exists_changes_but_the_logs_and_the_dashboard() -> None:
    assert changed_inputs(before(), copied()) == {
        ("logging:ProjectExclusion", "filter"),
        ("logging:ProjectSink", "filter"),
        ("monitoring:Dashboard", "dashboardJson"),
    }


def test_copies_of_a_standing_stack_are_creations_and_updates_in_place() -> None:
    taken = steps(before(), copied())
    assert {step.operation for step in taken} == {"create", "update"}
    assert [step for step in taken if step.refusal] == []


def test_without_copies_again_data_is_protected_from_deletion() -> None:
    deleted = {step.name for step in lost(steps(copied(), before()), resource_traits("gcp").holds)}
    assert deleted == {
        "prod-us-east1-keys",
        "prod-us-east1-keys-data",
        "prod-us-east1-recovery-database",
        "prod-us-east1-registry",
        "prod-us-east1-secrets-OPENAI_API_KEY",
        "prod-us-east1-secrets-OS_SECURITY_KEY",
        "prod-us-east1-secrets-database-password",
        "prod-us-east1-storage",
    }


def test_what_is_in_the_standby_region_has_its_name_and_its_provider() -> None:
    for resource in copied().custom:
        if resource.type.startswith("pulumi:providers:"):
            continue
        there = "prod-us-east1" in (resource.provider or "")
        assert there == resource.name.startswith("prod-us-east1-"), resource.name


def test_the_provider_of_the_standby_region_waits_for_its_services() -> None:
    (provider,) = [
        each for each in copied().resources if f"{each.short_type} {each.name}" == "providers:gcp prod-us-east1"
    ]
    enabled = {each.urn for each in copied().of_type("projects:Service") if each.name.startswith("prod-us-east1-")}
    assert enabled and enabled <= set(provider.depends_on)
    assert provider.inputs["region"] == STANDBY


def test_objects_are_copied_every_hour_and_never_deleted_in_the_copy() -> None:
    job = copied().one("prod-recovery-objects").inputs
    assert mapping_at(job, "transferSpec") == {
        "gcsDataSource": {"bucketName": SOURCE},
        "gcsDataSink": {"bucketName": DESTINATION},
        "transferOptions": {
            "overwriteWhen": "DIFFERENT",
            "deleteObjectsUniqueInSink": False,
            "deleteObjectsFromSourceAfterTransfer": False,
        },
    }
    assert value_at(job, "schedule", "repeatInterval") == "3600s"
    assert job["loggingConfig"] == {"logActions": ["COPY", "FIND"], "logActionStates": ["FAILED"]}


def test_the_transfer_may_read_one_bucket_and_write_the_other_before_it_is_created() -> None:
    grants = [each for each in copied().of_type("storage:BucketIAMMember") if each.name.startswith("prod-recovery-")]
    assert {(each.inputs["bucket"], each.inputs["role"]) for each in grants} == {
        (SOURCE, "roles/storage.objectViewer"),
        (SOURCE, "roles/storage.legacyBucketReader"),
        (DESTINATION, "roles/storage.objectUser"),
        (DESTINATION, "roles/storage.legacyBucketReader"),
    }
    assert {each.urn for each in grants} <= set(copied().one("prod-recovery-objects").depends_on)


@pytest.mark.parametrize(
    "key", ["versioning", "lifecycleRules", "publicAccessPrevention", "uniformBucketLevelAccess", "softDeletePolicy"]
)
def test_the_bucket_of_the_standby_region_has_the_settings_of_the_home_bucket(key: str) -> None:
    home, standby = (
        copied().one("prod-storage", "storage:Bucket"),
        copied().one("prod-us-east1-storage", "storage:Bucket"),
    )
    assert standby.inputs[key] == home.inputs[key]
    assert standby.inputs["location"] == "US-EAST1" and standby.inputs["encryption"] == {"defaultKmsKeyName": KEY}
    assert standby.protect


def test_listed_secrets_and_the_password_have_a_copy_that_nobody_may_read() -> None:
    copies = {each.name: each for each in copied().of_type("secretmanager:Secret") if "us-east1" in each.name}
    assert {each.inputs["secretId"] for each in copies.values()} == {
        "prod-us-east1-OPENAI_API_KEY",
        "prod-us-east1-OS_SECURITY_KEY",
        "prod-us-east1-database-password",
    }
    for secret in copies.values():
        replica = mapping_at(secret.inputs, "replication", "userManaged", "replicas", 0)
        assert replica == {"location": STANDBY, "customerManagedEncryption": {"kmsKeyName": KEY}}
    assert not [each for each in copied().of_type("secretmanager:SecretIamMember") if "us-east1" in str(each.inputs)]


def test_a_copied_secret_has_the_value_of_the_secret() -> None:
    for name in ("OPENAI_API_KEY", "OS_SECURITY_KEY"):
        home, standby = (
            copied().one(f"prod-{place}secrets-{name}-value").inputs["secretData"] for place in ("", "us-east1-")
        )
        assert revealed(home) == revealed(standby)


def test_no_secret_is_in_clear_text() -> None:
    declared = plan(production(COPIES, cloud="gcp"), secret="marker-4f9a2c")
    assert "marker-4f9a2c" not in json.dumps([dict(r.inputs) for r in declared.custom], default=lambda _value: "hidden")


def test_the_repository_has_the_same_id_and_the_deployer_may_push_to_it() -> None:
    home, standby = (
        copied().one(f"prod-{place}registry", "artifactregistry:Repository") for place in ("", "us-east1-")
    )
    assert standby.inputs["repositoryId"] == home.inputs["repositoryId"]
    assert (standby.inputs["location"], standby.inputs["kmsKeyName"]) == (STANDBY, KEY)
    grant = copied().one("prod-us-east1-recovery-deployer").inputs
    assert (grant["location"], grant["role"]) == (STANDBY, "roles/artifactregistry.writer")
    assert grant["repository"] == "<artifactregistry:Repository prod-us-east1-registry>.name"


def condition(key: str) -> dict[str, object]:
    policy = copied().one(f"prod-monitoring-copies-{key}", "monitoring:AlertPolicy").inputs
    return mapping_at(policy, "conditions", 0, "conditionPrometheusQueryLanguage")


def test_an_alarm_fires_when_no_export_has_succeeded_for_36_hours_also_before_the_first() -> None:
    declared = condition("database-missing")
    assert declared["query"] == (
        '(sum(increase(workflows_googleapis_com:finished_execution_count{monitored_resource="workflows.googleapis.com/'
        'Workflow",workflow_id="prod_copies",status="SUCCEEDED"}[43200s])) or vector(0)) < 1'
    )
    assert declared["duration"] == "86400s" and declared["disableMetricValidation"] is True


def test_an_alarm_counts_failed_exports() -> None:
    policy = copied().one("prod-monitoring-copies-database-failed", "monitoring:AlertPolicy").inputs
    declared = mapping_at(policy, "conditions", 0, "conditionThreshold")
    assert declared["filter"] == (
        'resource.type="workflows.googleapis.com/Workflow" AND resource.labels.workflow_id="prod_copies" AND '
        'metric.type="workflows.googleapis.com/finished_execution_count" AND metric.labels.status="FAILED"'
    )
    assert (declared["thresholdValue"], value_at(declared, "aggregations", 0, "alignmentPeriod")) == (0, "3600s")


def test_an_alarm_counts_the_failures_of_this_transfer() -> None:
    counted = text_at(copied().one("prod-monitoring-count-objects-failed").inputs, "filter")
    assert counted == (
        'resource.type="storage_transfer_job" AND resource.labels.job_id:"<storage:TransferJob prod-recovery-objects>.name" '
        'AND log_id("storagetransfer.googleapis.com/transfer_activity")'
    )
    assert condition("objects-failed")["query"] == (
        'sum(increase(logging_googleapis_com:user_prod_objects_failed{monitored_resource="storage_transfer_job"}[300s])) > 0'
    )


def test_the_logs_of_copies_are_in_the_bucket_of_the_stack() -> None:
    stored = text_at(copied().one("prod-monitoring-to-logs").inputs, "filter")
    assert 'resource.labels.workflow_id="prod_copies"' in stored and "storage_transfer_job" in stored


def test_a_platform_without_storage_copies_no_objects() -> None:
    changes = {**COPIES, "storage": DROP, "services.gateway.uses": ["database", "cache", "models"]}
    declared = plan(production(changes, cloud="gcp"))
    assert not declared.of_type("storage:TransferJob")
    assert [each.name for each in declared.of_type("storage:Bucket")] == ["prod-us-east1-recovery-database"]


def test_a_platform_without_a_database_exports_nothing() -> None:
    uses = {f"services.{name}.uses": DROP for name in ("chat", "worker")}
    changes = {"recovery": {"mode": "backup", "standby_region": STANDBY}, "database": DROP, **uses}
    declared = plan(production({**changes, "services.gateway.uses": ["storage"], "cache": DROP}, cloud="gcp"))
    assert not declared.of_type("workflows:Workflow") and declared.of_type("storage:TransferJob")
