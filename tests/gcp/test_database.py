"""Cloud SQL for PostgreSQL: access, encryption, backups and flags."""

from functools import cache

from automation.plan.inventory import Declared, Inventory, Secret
from providers.contract.diagnostics import Effect
from tests.gcp.plans import adjustments, development, mapping_at, number_at, text_at, values_at
from tests.planning import plan, production


def instance(of: Inventory, stack: str = "prod") -> Declared:
    return of.one(f"{stack}-database", "sql:DatabaseInstance")


def settings(of: Inventory, stack: str = "prod") -> dict[str, object]:
    return mapping_at(instance(of, stack).inputs, "settings")


def flags(of: Inventory, stack: str = "prod") -> dict[str, str]:
    declared = values_at(settings(of, stack), "databaseFlags")
    return {text_at(flag, "name"): text_at(flag, "value") for flag in declared}


def test_a_private_database_has_no_public_address(prod: Inventory) -> None:
    address = mapping_at(settings(prod), "ipConfiguration")
    assert address["ipv4Enabled"] is False
    assert address["privateNetwork"] == "<compute:Network prod-network>.id"
    assert address["allocatedIpRange"] == "<compute:GlobalAddress prod-network-private>.name"
    assert "authorizedNetworks" not in address


def test_a_connection_without_tls_is_refused(prod: Inventory) -> None:
    assert text_at(settings(prod), "ipConfiguration", "sslMode") == "ENCRYPTED_ONLY"


def test_sql_is_not_available_through_the_data_api(prod: Inventory) -> None:
    assert settings(prod)["dataApiAccess"] == "DISALLOW_DATA_API"


def test_a_plain_url_is_enough_to_connect(prod: Inventory) -> None:
    assert settings(prod)["connectorEnforcement"] == "NOT_REQUIRED"


def test_the_edition_is_declared_with_one_of_its_tiers(prod: Inventory) -> None:
    assert (settings(prod)["edition"], settings(prod)["tier"]) == ("ENTERPRISE_PLUS", "db-perf-optimized-N-2")
    assert (settings(development(), "dev")["edition"], settings(development(), "dev")["tier"]) == (
        "ENTERPRISE",
        "db-custom-2-4096",
    )


def test_high_availability_is_a_standby_in_another_zone(prod: Inventory) -> None:
    assert settings(prod)["availabilityType"] == "REGIONAL"
    assert settings(development(), "dev")["availabilityType"] == "ZONAL"


def test_backups_start_at_two_with_a_week_of_point_in_time_recovery(prod: Inventory) -> None:
    assert settings(prod)["backupConfiguration"] == {
        "enabled": True,
        "startTime": "02:00",
        "location": "us-central1",
        "pointInTimeRecoveryEnabled": True,
        "transactionLogRetentionDays": 7,
        "backupRetentionSettings": {"retainedBackups": 7, "retentionUnit": "COUNT"},
    }


def test_no_retention_means_no_backup() -> None:
    assert settings(development(), "dev")["backupConfiguration"] == {
        "enabled": False,
        "pointInTimeRecoveryEnabled": False,
    }


def test_deletion_is_refused_by_the_stack_and_by_the_api(prod: Inventory) -> None:
    for of, stack, protected in ((prod, "prod", True), (development(), "dev", False)):
        database = instance(of, stack)
        assert (database.protect, database.inputs["deletionProtection"]) == (protected, protected)
        assert settings(of, stack)["deletionProtectionEnabled"] is protected


def test_a_deleted_instance_leaves_a_final_backup(prod: Inventory) -> None:
    assert settings(prod)["finalBackupConfig"] == {"enabled": True, "retentionDays": 30}
    assert settings(prod)["retainBackupsOnDelete"] is True
    assert settings(development(), "dev")["finalBackupConfig"] == {"enabled": False}


def test_a_grown_disk_does_not_replace_the_database(prod: Inventory) -> None:
    assert instance(prod).ignore_changes == ("settings.diskSize",)
    values = settings(prod)
    assert (values["diskSize"], values["diskAutoresize"], values["diskAutoresizeLimit"]) == (100, True, 500)


def test_a_disk_that_grows_by_itself_is_reported_with_its_later_changes() -> None:
    (adjustment,) = adjustments()["database.storage_gib"]
    assert (adjustment.requested, adjustment.effect) == (100, Effect.PARTIAL)
    assert "A larger value enlarges the disk with the next `agent-platform up`" in adjustment.reason
    assert "database.storage_gib" not in adjustments({"database.max_storage_gib": 100})


def test_a_disk_of_a_fixed_size_grows_with_the_spec() -> None:
    assert not instance(development(), "dev").ignore_changes
    assert settings(development(), "dev")["diskSize"] == 100


def test_a_disk_at_its_maximum_does_not_grow() -> None:
    assert settings(development(), "dev")["diskAutoresize"] is False
    assert "diskAutoresizeLimit" not in settings(development(), "dev")


def test_maintenance_starts_at_the_hour_of_the_spec(prod: Inventory) -> None:
    assert settings(prod)["maintenanceWindow"] == {"day": 7, "hour": 4, "updateTrack": "stable"}
    assert settings(development(), "dev")["maintenanceWindow"] == {"day": 1, "hour": 23, "updateTrack": "stable"}


def test_the_major_version_is_that_of_the_spec(prod: Inventory) -> None:
    assert instance(prod).inputs["databaseVersion"] == "POSTGRES_17"
    assert instance(development(), "dev").inputs["databaseVersion"] == "POSTGRES_16"


def test_flags_of_the_spec_are_added_to_the_defaults(prod: Inventory) -> None:
    assert (flags(prod)["max_connections"], flags(prod)["cloudsql.enable_pgaudit"]) == ("200", "on")
    assert (flags(development(), "dev")["shared_buffers"], flags(development(), "dev")["log_statement"]) == (
        "131072",
        "all",
    )


def test_a_generated_password_meets_the_password_policy(prod: Inventory) -> None:
    policy = mapping_at(settings(prod), "passwordValidationPolicy")
    assert number_at(policy, "minLength") <= number_at(prod.one("prod-database-password").inputs, "length")
    assert "complexity" not in policy


def test_query_insights_record_no_client_addresses(prod: Inventory) -> None:
    insights = mapping_at(settings(prod), "insightsConfig")
    assert (insights["queryInsightsEnabled"], insights["recordClientAddress"]) == (True, False)


def test_the_instance_carries_the_stacks_labels(prod: Inventory) -> None:
    assert text_at(settings(prod), "userLabels", "stack") == "prod"


def test_the_url_is_complete_and_secret(prod: Inventory) -> None:
    value = prod.one("prod-database-database-url-value").inputs["secretData"]
    password, host = "<random:RandomPassword prod-database-password>.result", "<sql:DatabaseInstance prod-database>"
    assert isinstance(value, Secret)
    url = str(value.value).replace("%3C", "<").replace("%3E", ">").replace("%3A", ":").replace("%20", " ")
    assert url == f"postgresql+psycopg://platform:{password}@{host}.privateIpAddress:5432/agents?sslmode=require"


def test_readers_of_the_url_depend_on_its_user_and_database(prod: Inventory) -> None:
    depends_on = set(prod.one("prod-compute-gateway", "cloudrunv2:Service").depends_on)
    assert {prod.one("prod-database-user").urn, prod.one("prod-database-agents").urn} <= depends_on


def test_user_and_database_are_deleted_with_their_instance(prod: Inventory) -> None:
    for name in ("user", "agents"):
        assert prod.one(f"prod-database-{name}").inputs["deletionPolicy"] == "ABANDON"


@cache
def with_django() -> Inventory:
    return plan(production({"services.chat.app": "django"}, cloud="gcp"))


def test_only_frameworks_that_need_it_have_the_plain_url(prod: Inventory) -> None:
    assert "prod-database-database-plain-url" not in {each.name for each in prod.resources}
    value = with_django().one("prod-database-database-plain-url-value").inputs["secretData"]
    assert isinstance(value, Secret) and str(value.value).startswith("postgresql://platform:")
    readers = [each.name for each in with_django().of_type("secretmanager:SecretIamMember") if "plain-url" in each.name]
    assert readers == ["prod-database-database-plain-url-chat"]


def test_each_user_of_the_database_may_read_its_password(prod: Inventory) -> None:
    value = prod.one("prod-database-database-password-value").inputs["secretData"]
    assert isinstance(value, Secret)
    assert value.value == "<random:RandomPassword prod-database-password>.result"
    for name in ("gateway", "chat", "worker"):
        grant = prod.one(f"prod-database-database-password-{name}")
        assert grant.inputs["member"] == f"<serviceaccount:Account prod-identity-{name}>.member"
