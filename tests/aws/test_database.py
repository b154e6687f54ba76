"""RDS instance, parameters, logs and events."""

import pytest

from automation.plan.inventory import Declared, Inventory, Secret
from tests.aws.plans import development
from tests.aws.readers import json_objects, statements, strings


def instance(plan: Inventory, stack: str = "prod") -> Declared:
    return plan.one(f"{stack}-database", "rds:Instance")


def parameters(plan: Inventory, stack: str = "prod") -> dict[str, tuple[str, str]]:
    declared = plan.one(f"{stack}-database-parameters").inputs["parameters"]
    return {each["name"]: (each["value"], each["applyMethod"]) for each in json_objects(declared)}


def test_a_private_database_has_no_public_address(prod: Inventory) -> None:
    inputs = instance(prod).inputs
    assert inputs["publiclyAccessible"] is False
    assert inputs["vpcSecurityGroupIds"] == ["<ec2:SecurityGroup prod-network-database>.id"]


def test_a_database_is_in_the_database_tier(prod: Inventory) -> None:
    subnets = strings(prod.one("prod-database-subnets").inputs["subnetIds"])
    assert len(subnets) == 3
    assert all("database" in subnet for subnet in subnets)


def test_storage_and_insights_are_encrypted_with_the_data_key(prod: Inventory) -> None:
    inputs, key = instance(prod).inputs, "<kms:Key prod-keys-data>.arn"
    assert (inputs["storageEncrypted"], inputs["kmsKeyId"]) == (True, key)
    assert inputs["performanceInsightsKmsKeyId"] == key


def test_high_availability_is_a_standby_in_another_zone(prod: Inventory) -> None:
    assert instance(prod).inputs["multiAz"] is True
    assert instance(development(), "dev").inputs["multiAz"] is False


def test_storage_is_gp3_and_grows_to_its_maximum(prod: Inventory) -> None:
    inputs = instance(prod).inputs
    assert (inputs["storageType"], inputs["allocatedStorage"], inputs["maxAllocatedStorage"]) == ("gp3", 100, 500)


def test_storage_does_not_grow_when_its_maximum_is_its_initial_size() -> None:
    assert instance(development(), "dev").inputs["maxAllocatedStorage"] == 0


def test_the_instance_class_follows_the_size_of_the_spec(prod: Inventory) -> None:
    assert instance(prod).inputs["instanceClass"] == "db.r7g.large"


def test_only_the_major_version_is_fixed(prod: Inventory) -> None:
    assert (instance(prod).inputs["engineVersion"], instance(prod).inputs["autoMinorVersionUpgrade"]) == ("17", True)
    assert prod.one("prod-database-parameters").inputs["family"] == "postgres17"
    assert development().one("dev-database-parameters").inputs["family"] == "postgres16"


def test_backup_and_maintenance_windows_are_those_of_the_spec(prod: Inventory) -> None:
    inputs = instance(prod).inputs
    assert (inputs["backupRetentionPeriod"], inputs["backupWindow"]) == (7, "02:00-03:00")
    assert inputs["maintenanceWindow"] == "sun:04:00-sun:05:00"
    assert instance(development(), "dev").inputs["maintenanceWindow"] == "sun:23:30-mon:00:30"


def test_without_backups_there_is_no_backup_window() -> None:
    inputs = instance(development(), "dev").inputs
    assert inputs["backupRetentionPeriod"] == 0
    assert "backupWindow" not in inputs


def test_a_protected_database_is_protected_in_the_cloud_and_in_the_stack(prod: Inventory) -> None:
    assert (instance(prod).inputs["deletionProtection"], instance(prod).protect) == (True, True)
    unprotected = instance(development(), "dev")
    assert (unprotected.inputs["deletionProtection"], unprotected.protect) == (False, False)


def test_a_deleted_database_leaves_a_snapshot_and_its_backups(prod: Inventory) -> None:
    inputs = instance(prod).inputs
    assert inputs["skipFinalSnapshot"] is False
    assert str(inputs["finalSnapshotIdentifier"]).startswith("prod-database-final-<random:RandomId")
    assert inputs["deleteAutomatedBackups"] is False


def test_development_leaves_no_snapshot() -> None:
    inputs = instance(development(), "dev").inputs
    assert inputs["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in inputs
    assert not [resource for resource in development().of_type("random:RandomId") if "database" in resource.name]


def test_the_password_is_secret_and_not_managed_by_rds(prod: Inventory) -> None:
    inputs = instance(prod).inputs
    assert isinstance(inputs["password"], Secret)
    assert "manageMasterUserPassword" not in inputs
    assert inputs["username"] not in ("postgres", "admin")


def test_the_url_is_a_secret_of_the_services_that_use_the_database(prod: Inventory) -> None:
    value = prod.one("prod-database-database-url-value").inputs["secretString"]
    assert isinstance(value, Secret)
    url = str(value.value)
    assert url.startswith(
        "postgresql+psycopg://platform:%3Crandom%3ARandomPassword%20prod-database-password%3E.result@"
    )
    assert "@<rds:Instance prod-database>.address:5432/agents?sslmode=" in url
    readers = {
        policy.name.rpartition("-")[2] for policy in prod.of_type("iam:RolePolicy") if "-database-url-" in policy.name
    }
    assert readers == {"gateway", "chat", "worker"}


def test_a_connection_without_tls_is_refused(prod: Inventory) -> None:
    assert parameters(prod)["rds.force_ssl"] == ("1", "immediate")


def test_max_connections_waits_for_a_restart(prod: Inventory) -> None:
    assert parameters(prod)["max_connections"] == ("200", "pending-reboot")


def test_buffers_in_mib_become_pages_and_a_users_value_replaces_the_platforms() -> None:
    declared = parameters(development(), "dev")
    assert declared["shared_buffers"] == ("524288", "pending-reboot")
    assert declared["log_statement"] == ("all", "immediate")


@pytest.mark.parametrize("log", ["postgresql", "upgrade"])
def test_server_log_groups_exist_before_the_instance_with_retention_and_key(prod: Inventory, log: str) -> None:
    group = prod.one(f"prod-database-{log}-log")
    assert group.inputs["name"] == f"/aws/rds/instance/prod-database/{log}"
    assert group.inputs["retentionInDays"] == 365
    assert group.inputs["kmsKeyId"] == "<kms:Key prod-keys-telemetry>.arn"
    assert group.inputs["deletionProtectionEnabled"] is True
    assert group.urn in instance(prod).depends_on
    assert log in strings(instance(prod).inputs["enabledCloudwatchLogsExports"])


def test_enhanced_monitoring_has_a_role_for_this_instance_only(prod: Inventory) -> None:
    role = prod.one("prod-database-monitoring", "iam:Role")
    (statement,) = statements(role, "assumeRolePolicy")
    assert statement["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:rds:us-west-2:111122223333:db:prod-database"},
    }
    attachment = prod.one("prod-database-monitoring", "iam:RolePolicyAttachment")
    assert attachment.urn in instance(prod).depends_on
    assert instance(prod).inputs["monitoringInterval"] == 60


def test_insights_and_iam_authentication_are_on(prod: Inventory) -> None:
    inputs = instance(prod).inputs
    assert (inputs["performanceInsightsEnabled"], inputs["performanceInsightsRetentionPeriod"]) == (True, 7)
    assert inputs["iamDatabaseAuthenticationEnabled"] is True


@pytest.mark.parametrize(
    ("part", "topic", "category"),
    [
        ("critical", "critical", "failure"),
        ("warning", "warning", "maintenance"),
        ("parameter", "warning", "configuration change"),
    ],
)
def test_database_events_are_sent_to_the_channels(prod: Inventory, part: str, topic: str, category: str) -> None:
    inputs = prod.one(f"prod-database-{part}-events").inputs
    assert inputs["snsTopic"] == f"<sns:Topic prod-channels-{topic}>.arn"
    assert category in strings(inputs["eventCategories"])
    assert len(strings(inputs["sourceIds"])) == 1
