"""Copies in a standby region: what is declared where, with which keys and permissions, and what is refused."""

import json
from functools import cache

import pytest

from automation.plan.inventory import Inventory
from providers import resource_traits
from tests.aws.plans import production_plan
from tests.aws.readers import json_object, json_objects, statements, text
from tests.engine.fake_cloud.steps import lost, steps
from tests.planning import DROP, changed_inputs, plan, production, resource_names

HOME, STANDBY = "us-west-2", "us-east-1"
COPIES: dict[str, object] = {"recovery": {"mode": "backup", "standby_region": STANDBY, "lock": "governance"}}
KEY = "<kms:Key prod-us-east-1-keys-data>.arn"
SOURCE, DESTINATION = "<s3:Bucket prod-storage>", "<s3:Bucket prod-us-east-1-storage>"
NEW = {
    "agent-platform:Keys prod-us-east-1-keys",
    "agent-platform:Recovery prod-recovery",
    "agent-platform:Recovery prod-us-east-1-recovery",
    "agent-platform:Region prod-us-east-1",
    "agent-platform:Registry prod-us-east-1-registry",
    "agent-platform:Storage prod-us-east-1-storage",
    "backup:Plan prod-recovery-plan",
    "backup:Selection prod-recovery-database",
    "backup:Vault prod-recovery-vault",
    "backup:Vault prod-us-east-1-recovery-vault",
    "backup:VaultLockConfiguration prod-recovery-vault-lock",
    "backup:VaultLockConfiguration prod-us-east-1-recovery-vault-lock",
    "cloudwatch:EventRule prod-recovery-copies",
    "cloudwatch:EventTarget prod-recovery-copies",
    "cloudwatch:LogGroup prod-recovery-copies",
    "cloudwatch:LogResourcePolicy prod-recovery-copies",
    "cloudwatch:MetricAlarm prod-monitoring-copies-database-missing",
    "cloudwatch:MetricAlarm prod-monitoring-copies-objects-failed",
    "cloudwatch:MetricAlarm prod-monitoring-copies-objects-lag-seconds",
    "ecr:LifecyclePolicy prod-us-east-1-registry-chat-retention",
    "ecr:LifecyclePolicy prod-us-east-1-registry-worker-retention",
    "ecr:Repository prod-us-east-1-registry-chat",
    "ecr:Repository prod-us-east-1-registry-worker",
    "iam:Role prod-recovery-backup",
    "iam:Role prod-recovery-objects",
    "iam:RolePolicy prod-recovery-objects",
    "iam:RolePolicyAttachment prod-recovery-backup",
    "kms:Alias prod-us-east-1-keys-data-alias",
    "kms:Key prod-us-east-1-keys-data",
    "providers:aws prod-us-east-1",
    "rds:InstanceAutomatedBackupsReplication prod-us-east-1-recovery-automated-backups",
    "s3:BucketReplicationConfig prod-recovery-objects",
    *(
        f"s3:{kind} prod-us-east-1-storage{part}{setting}"
        for part in ("", "-access")
        for kind, setting in {
            "Bucket": "",
            "BucketLifecycleConfiguration": "-lifecycle",
            "BucketNotification": "-events",
            "BucketOwnershipControls": "-ownership",
            "BucketPolicy": "-policy",
            "BucketPublicAccessBlock": "-private",
            "BucketServerSideEncryptionConfiguration": "-encryption",
            "BucketVersioning": "-versioning",
        }.items()
    ),
    "s3:BucketLogging prod-us-east-1-storage-access-log",
}
"""Everything that copies add to production, by type and logical name: names that do not change once released."""


@cache
def copied() -> Inventory:
    return plan(production(COPIES, cloud="aws"))


def test_a_standing_stack_gains_resources_and_loses_none() -> None:
    before, after = resource_names(production_plan()), resource_names(copied())
    assert (after - before, before - after) == (NEW, set())


def test_nothing_that_exists_changes_but_secrets_roles_and_the_dashboard() -> None:
    assert changed_inputs(production_plan(), copied()) == {
        ("secretsmanager:Secret", "replicas"),
        ("iam:RolePolicy", "policy"),
        ("cloudwatch:Dashboard", "dashboardBody"),
    }


def test_copies_of_a_standing_stack_are_creations_and_updates_in_place() -> None:
    taken = steps(production_plan(), copied())
    assert {step.operation for step in taken} == {"create", "update"}
    assert [step for step in taken if step.refusal] == []


def test_without_copies_again_data_is_protected_from_deletion() -> None:
    taken = steps(copied(), production_plan())
    deleted = {step.name for step in lost(taken, resource_traits("aws").holds)}
    assert deleted == {
        "prod-recovery-vault",
        "prod-us-east-1-keys-data",
        "prod-us-east-1-recovery-automated-backups",
        "prod-us-east-1-recovery-vault",
        "prod-us-east-1-registry-chat",
        "prod-us-east-1-registry-worker",
        "prod-us-east-1-storage",
        "prod-us-east-1-storage-access",
    }


def test_what_is_in_the_standby_region_has_its_name_and_its_provider() -> None:
    for resource in copied().custom:
        if resource.type.startswith("pulumi:providers:"):
            continue
        there = "<providers:aws prod-us-east-1>" in (resource.provider or "") or "::prod-us-east-1::" in (
            resource.provider or ""
        )
        assert there == resource.name.startswith("prod-us-east-1-"), resource.name


def test_automated_backups_are_copied_with_the_key_of_the_standby_region() -> None:
    replication = copied().one("prod-us-east-1-recovery-automated-backups").inputs
    assert replication == {
        "kmsKeyId": KEY,
        "retentionPeriod": 35,
        "sourceDbInstanceArn": "<rds:Instance prod-database>.arn",
    }


def test_a_daily_snapshot_is_copied_into_the_vault_of_the_standby_region() -> None:
    (rule,) = json_objects(copied().one("prod-recovery-plan").inputs["rules"])
    assert rule == {
        "ruleName": "daily",
        "targetVaultName": "<backup:Vault prod-recovery-vault>.name",
        "schedule": "cron(0 5 ? * * *)",
        "startWindow": 60,
        "completionWindow": 480,
        "lifecycle": {"deleteAfter": 35},
        "copyActions": [
            {
                "destinationVaultArn": "<backup:Vault prod-us-east-1-recovery-vault>.arn",
                "lifecycle": {"deleteAfter": 35},
            }
        ],
    }
    selection = copied().one("prod-recovery-database").inputs
    assert selection["resources"] == ["<rds:Instance prod-database>.arn"]
    assert selection["iamRoleArn"] == "<iam:Role prod-recovery-backup>.arn"
    assert any(urn.endswith("::prod-recovery-backup") for urn in copied().one("prod-recovery-database").depends_on)


def test_each_vault_has_the_key_of_its_region_and_is_protected() -> None:
    home, standby = copied().one("prod-recovery-vault"), copied().one("prod-us-east-1-recovery-vault")
    assert home.inputs["kmsKeyArn"] == "<kms:Key prod-keys-data>.arn"
    assert standby.inputs["kmsKeyArn"] == KEY
    assert home.protect and standby.protect
    assert home.inputs["forceDestroy"] is standby.inputs["forceDestroy"] is False


def locks(lock: str) -> list[dict[str, object]]:
    risk = {"accept_risk": {"recovery.lock": "the law requires it"}} if lock == "compliance" else {}
    changes = {"recovery": {"mode": "backup", "standby_region": STANDBY, "lock": lock, "retention_days": 14}, **risk}
    declared = plan(production(changes, cloud="aws"))
    inputs = [dict(resource.inputs) for resource in declared.of_type("backup:VaultLockConfiguration")]
    return sorted(inputs, key=lambda each: text(each["backupVaultName"]))


def test_only_a_compliance_lock_becomes_permanent() -> None:
    kept = {"minRetentionDays": 14, "maxRetentionDays": 35}
    vaults = ["<backup:Vault prod-recovery-vault>.name", "<backup:Vault prod-us-east-1-recovery-vault>.name"]
    assert locks("none") == []
    assert locks("governance") == [{"backupVaultName": name, **kept} for name in vaults]
    assert locks("compliance") == [{"backupVaultName": name, "changeableForDays": 3, **kept} for name in vaults]


def test_only_aws_backup_for_this_account_has_the_backup_role() -> None:
    (statement,) = statements(copied().one("prod-recovery-backup", "iam:Role"), "assumeRolePolicy")
    assert statement["Principal"] == {"Service": "backup.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_objects_and_delete_markers_are_copied_encrypted_by_the_key_there() -> None:
    replication = copied().one("prod-recovery-objects", "s3:BucketReplicationConfig")
    (rule,) = json_objects(replication.inputs["rules"])
    assert (replication.inputs["bucket"], replication.inputs["role"]) == (
        f"{SOURCE}.id",
        "<iam:Role prod-recovery-objects>.arn",
    )
    assert rule == {
        "id": "standby",
        "status": "Enabled",
        "priority": 1,
        "filter": {"prefix": ""},
        "deleteMarkerReplication": {"status": "Enabled"},
        "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
        "destination": {
            "bucket": f"{DESTINATION}.arn",
            "encryptionConfiguration": {"replicaKmsKeyId": KEY},
            "replicationTime": {"status": "Enabled", "time": {"minutes": 15}},
            "metrics": {"status": "Enabled", "eventThreshold": {"minutes": 15}},
        },
    }


def test_replication_waits_for_versions_in_both_buckets_and_for_its_permissions() -> None:
    waited = " ".join(copied().one("prod-recovery-objects", "s3:BucketReplicationConfig").depends_on)
    assert "::prod-storage-versioning" in waited and "::prod-us-east-1-storage-versioning" in waited
    assert "aws:iam/rolePolicy:RolePolicy::prod-recovery-objects" in waited


def test_the_role_of_replication_may_read_one_bucket_and_write_the_other() -> None:
    listing, reading, writing, decrypting, encrypting = statements(
        copied().one("prod-recovery-objects", "iam:RolePolicy")
    )
    assert (listing["Resource"], reading["Resource"]) == (f"{SOURCE}.arn", f"{SOURCE}.arn/*")
    assert (writing["Resource"], writing["Action"]) == (
        f"{DESTINATION}.arn/*",
        ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
    )
    for statement, key, region, bucket in (
        (decrypting, "<kms:Key prod-keys-data>.arn", HOME, SOURCE),
        (encrypting, KEY, STANDBY, DESTINATION),
    ):
        condition = {
            "kms:ViaService": f"s3.{region}.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": f"{bucket}.arn",
        }
        assert (statement["Resource"], statement["Condition"]) == (key, {"StringEquals": condition})


@pytest.mark.parametrize("setting", ["-private", "-ownership", "-lifecycle", "-versioning"])
def test_the_bucket_of_the_standby_region_has_the_settings_of_the_home_bucket(setting: str) -> None:
    home = dict(copied().one(f"prod-storage{setting}").inputs)
    standby = dict(copied().one(f"prod-us-east-1-storage{setting}").inputs)
    assert (home.pop("bucket"), standby.pop("bucket")) == (f"{SOURCE}.id", f"{DESTINATION}.id")
    assert standby == home


def test_the_bucket_of_the_standby_region_is_encrypted_closed_to_plain_text_and_protected() -> None:
    (rule,) = json_objects(copied().one("prod-us-east-1-storage-encryption").inputs["rules"])
    assert rule["applyServerSideEncryptionByDefault"] == {"kmsMasterKeyId": KEY, "sseAlgorithm": "aws:kms"}
    denied = [statement["Sid"] for statement in statements(copied().one("prod-us-east-1-storage-policy"))]
    assert denied == ["RefusePlainText", "RefuseOldTls"]
    assert copied().one("prod-us-east-1-storage", "s3:Bucket").protect


def test_listed_secrets_and_the_password_have_replicas_and_addresses_have_none() -> None:
    replicas = {secret.name: secret.inputs.get("replicas") for secret in copied().of_type("secretsmanager:Secret")}
    replica = [{"region": STANDBY, "kmsKeyId": KEY}]
    assert replicas == {
        "prod-cache-redis-url": None,
        "prod-database-database-password": replica,
        "prod-database-database-url": None,
        "prod-secrets-OPENAI_API_KEY": replica,
        "prod-secrets-OS_SECURITY_KEY": replica,
    }


def test_repositories_have_the_same_names_and_the_key_of_the_standby_region() -> None:
    for image in ("chat", "worker"):
        home, standby = (
            copied().one(f"prod-{place}registry-{image}", "ecr:Repository") for place in ("", "us-east-1-")
        )
        assert standby.inputs["name"] == home.inputs["name"] == f"agent-platform/prod/{image}"
        assert standby.inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY}]
        assert standby.inputs["imageTagMutability"] == "IMMUTABLE"


def test_the_deployer_may_push_to_the_repositories_of_both_regions() -> None:
    pushed = [
        statement["Resource"]
        for statement in statements(copied().one("prod-identity-deployer-policy"))
        if "ecr:PutImage" in statement["Action"]
    ]
    arns = [f"arn:aws:ecr:{region}:111122223333:repository/agent-platform/prod/*" for region in (HOME, STANDBY)]
    assert pushed == [arns]


def test_only_iam_policies_of_the_account_grant_the_key_of_the_standby_region() -> None:
    (statement,) = statements(copied().one("prod-us-east-1-keys-data"))
    assert statement["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert copied().one("prod-us-east-1-keys-data").inputs["enableKeyRotation"] is True


def test_an_alarm_fires_when_no_copy_of_a_backup_has_finished_for_36_hours() -> None:
    alarm = copied().one("prod-monitoring-copies-database-missing").inputs
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/Events", "Invocations")
    assert alarm["dimensions"] == {"RuleName": "<cloudwatch:EventRule prod-recovery-copies>.name"}
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["period"], alarm["evaluationPeriods"], alarm["treatMissingData"]) == (3600, 36, "breaching")
    pattern = json_object(copied().one("prod-recovery-copies", "cloudwatch:EventRule").inputs["eventPattern"])
    assert pattern == {
        "source": ["aws.backup"],
        "detail-type": ["Copy Job State Change"],
        "detail": {
            "state": ["COMPLETED"],
            "destinationBackupVaultArn": ["<backup:Vault prod-us-east-1-recovery-vault>.arn"],
        },
    }


@pytest.mark.parametrize(
    ("part", "metric", "statistic", "threshold", "periods"),
    [
        ("objects-failed", "OperationsFailedReplication", "Sum", 0, 1),
        ("objects-lag-seconds", "ReplicationLatency", "Maximum", 1800, 3),
    ],
)
def test_alarms_watch_the_replication_of_objects(
    part: str, metric: str, statistic: str, threshold: int, periods: int
) -> None:
    alarm = copied().one(f"prod-monitoring-copies-{part}").inputs
    assert (alarm["namespace"], alarm["metricName"], alarm["statistic"]) == ("AWS/S3", metric, statistic)
    assert alarm["dimensions"] == {
        "SourceBucket": f"{SOURCE}.id",
        "DestinationBucket": f"{DESTINATION}.id",
        "RuleId": "standby",
    }
    assert (alarm["threshold"], alarm["period"], alarm["evaluationPeriods"]) == (threshold, 300, periods)


def test_no_secret_is_in_clear_text() -> None:
    declared = plan(production(COPIES, cloud="aws"), secret="marker-4f9a2c")
    assert "marker-4f9a2c" not in json.dumps([dict(r.inputs) for r in declared.custom], default=lambda _value: "hidden")


def test_a_platform_without_storage_copies_no_objects() -> None:
    changes = {**COPIES, "storage": DROP, "services.gateway.uses": ["database", "cache", "models"]}
    declared = plan(production(changes, cloud="aws"))
    assert not [r for r in declared.custom if r.short_type.startswith("s3:") and "us-east-1" in r.name]
    assert text(declared.one("prod-us-east-1-recovery-automated-backups").inputs["kmsKeyId"]) == KEY
