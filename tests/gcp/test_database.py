"""PostgreSQL on Cloud SQL: closed, encrypted, kept, told."""

from typing import cast

from automation.plan.inventory import Declared, Inventory, Secret
from tests.gcp.asked import refused
from tests.gcp.lighter import lighter

Values = dict[str, object]


def instance(plan: Inventory, stack: str = "prod") -> Declared:
    return plan.one(f"{stack}-database", "sql:DatabaseInstance")


def settings(plan: Inventory, stack: str = "prod") -> dict[str, Values]:
    return cast("dict[str, Values]", instance(plan, stack).inputs["settings"])


def flags(plan: Inventory, stack: str = "prod") -> dict[str, str]:
    declared = cast("list[dict[str, str]]", settings(plan, stack)["databaseFlags"])
    return {flag["name"]: flag["value"] for flag in declared}


def test_a_private_database_has_no_public_address(prod: Inventory) -> None:
    address = settings(prod)["ipConfiguration"]
    assert address["ipv4Enabled"] is False
    assert address["privateNetwork"] == "<compute:Network prod-network>.id"
    assert address["allocatedIpRange"] == "<compute:GlobalAddress prod-network-private>.name"
    assert "authorizedNetworks" not in address


def test_a_connection_without_tls_is_refused(prod: Inventory) -> None:
    assert settings(prod)["ipConfiguration"]["sslMode"] == "ENCRYPTED_ONLY"


def test_sql_is_not_open_through_googles_public_api(prod: Inventory) -> None:
    assert settings(prod)["dataApiAccess"] == "DISALLOW_DATA_API"


def test_a_plain_url_is_enough_to_connect(prod: Inventory) -> None:
    assert settings(prod)["connectorEnforcement"] == "NOT_REQUIRED"


def test_the_edition_is_stated_and_the_tier_is_one_of_its_own(prod: Inventory) -> None:
    assert (settings(prod)["edition"], settings(prod)["tier"]) == ("ENTERPRISE_PLUS", "db-perf-optimized-N-2")
    assert (settings(lighter(), "dev")["edition"], settings(lighter(), "dev")["tier"]) == (
        "ENTERPRISE",
        "db-custom-2-4096",
    )


def test_high_availability_is_a_standby_in_another_zone(prod: Inventory) -> None:
    assert settings(prod)["availabilityType"] == "REGIONAL"
    assert settings(lighter(), "dev")["availabilityType"] == "ZONAL"


def test_backups_run_at_two_and_are_kept_for_a_week_to_the_second(prod: Inventory) -> None:
    assert settings(prod)["backupConfiguration"] == {
        "enabled": True,
        "startTime": "02:00",
        "location": "us-central1",
        "pointInTimeRecoveryEnabled": True,
        "transactionLogRetentionDays": 7,
        "backupRetentionSettings": {"retainedBackups": 7, "retentionUnit": "COUNT"},
    }


def test_no_retention_means_no_backup() -> None:
    assert settings(lighter(), "dev")["backupConfiguration"] == {"enabled": False, "pointInTimeRecoveryEnabled": False}


def test_deletion_is_refused_by_the_stack_and_by_the_api(prod: Inventory) -> None:
    for plan, stack, protected in ((prod, "prod", True), (lighter(), "dev", False)):
        database = instance(plan, stack)
        assert (database.protect, database.inputs["deletionProtection"]) == (protected, protected)
        assert settings(plan, stack)["deletionProtectionEnabled"] is protected


def test_what_is_deleted_all_the_same_leaves_a_last_backup(prod: Inventory) -> None:
    assert settings(prod)["finalBackupConfig"] == {"enabled": True, "retentionDays": 30}
    assert settings(prod)["retainBackupsOnDelete"] is True
    assert settings(lighter(), "dev")["finalBackupConfig"] == {"enabled": False}


def test_growth_of_the_disk_is_no_reason_to_replace_the_database(prod: Inventory) -> None:
    assert instance(prod).ignore_changes == ("settings.diskSize",)
    values = settings(prod)
    assert (values["diskSize"], values["diskAutoresize"], values["diskAutoresizeLimit"]) == (100, True, 500)


def test_a_bound_equal_to_the_disk_means_that_it_does_not_grow() -> None:
    assert settings(lighter(), "dev")["diskAutoresize"] is False
    assert "diskAutoresizeLimit" not in settings(lighter(), "dev")


def test_maintenance_comes_at_the_hour_of_the_spec(prod: Inventory) -> None:
    assert settings(prod)["maintenanceWindow"] == {"day": 7, "hour": 4, "updateTrack": "stable"}
    assert settings(lighter(), "dev")["maintenanceWindow"] == {"day": 1, "hour": 23, "updateTrack": "stable"}


def test_the_major_version_is_the_specs(prod: Inventory) -> None:
    assert instance(prod).inputs["databaseVersion"] == "POSTGRES_17"
    assert instance(lighter(), "dev").inputs["databaseVersion"] == "POSTGRES_16"


def test_flags_of_the_spec_stand_beside_the_platforms(prod: Inventory) -> None:
    assert (flags(prod)["max_connections"], flags(prod)["cloudsql.enable_pgaudit"]) == ("200", "on")
    assert (flags(lighter(), "dev")["shared_buffers"], flags(lighter(), "dev")["log_statement"]) == ("131072", "all")


def test_a_generated_password_passes_the_password_policy(prod: Inventory) -> None:
    policy = settings(prod)["passwordValidationPolicy"]
    assert cast("int", policy["minLength"]) <= cast("int", prod.one("prod-database-password").inputs["length"])
    assert "complexity" not in policy


def test_insights_record_no_clients_address(prod: Inventory) -> None:
    insights = settings(prod)["insightsConfig"]
    assert (insights["queryInsightsEnabled"], insights["recordClientAddress"]) == (True, False)


def test_the_instance_carries_the_stacks_labels(prod: Inventory) -> None:
    assert settings(prod)["userLabels"]["stack"] == "prod"


def test_the_url_is_whole_and_secret(prod: Inventory) -> None:
    value = prod.one("prod-database-database-url-value").inputs["secretData"]
    password, host = "<random:RandomPassword prod-database-password>.result", "<sql:DatabaseInstance prod-database>"
    assert isinstance(value, Secret)
    url = str(value.value).replace("%3C", "<").replace("%3E", ">").replace("%3A", ":").replace("%20", " ")
    assert url == f"postgresql+psycopg://platform:{password}@{host}.privateIpAddress:5432/agents?sslmode=require"


def test_readers_of_the_url_wait_for_the_user_and_database_in_it(prod: Inventory) -> None:
    waits = set(prod.one("prod-compute-gateway", "cloudrunv2:Service").depends_on)
    assert {prod.one("prod-database-user").urn, prod.one("prod-database-agents").urn} <= waits


def test_user_and_database_go_with_their_instance(prod: Inventory) -> None:
    for name in ("user", "agents"):
        assert prod.one(f"prod-database-{name}").inputs["deletionPolicy"] == "ABANDON"


def test_a_standby_without_backups_is_refused() -> None:
    risk = {"accept_risk": {"database.backup.retention_days": "tried out for a day"}}
    told = refused({"database.backup.retention_days": 0, **risk})
    assert told == [
        "database.high_availability: true is not possible on gcp: a standby needs backups and recovery to any second; "
        "set database.backup.retention_days to 1 or more, or high_availability to false."
    ]
