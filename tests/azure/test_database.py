"""Flexible server: private, with a standby, protected from deletion, with serialized changes."""

from urllib.parse import unquote

import pytest

from automation.plan.inventory import Declared, Inventory, Secret
from providers.azure.database.resources import maintenance_window
from providers.contract.diagnostics import Effect
from providers.contract.spec import MaintenanceSpec
from tests.azure.plans import WORKSPACE, adjustments, base_plan, depends_on, input_at, refusals, revealed_inputs


def server(plan: Inventory | None = None) -> Declared:
    return (plan or base_plan()).one("prod-database", "dbforpostgresql:Server")


def test_the_server_is_in_its_subnet_and_resolves_in_a_private_zone() -> None:
    assert input_at(server(), "network.delegatedSubnetResourceId") == "<network:Subnet prod-network-database>.id"
    assert "publicNetworkAccess" not in str(server().inputs)
    assert base_plan().one("prod-network-database-zone").inputs["privateZoneName"] == (
        "prod.private.postgres.database.azure.com"
    )
    assert "prod-network-database-zone-link" in depends_on(server())


def test_the_standby_is_in_another_zone() -> None:
    assert input_at(server(), "highAvailability.mode") == "ZoneRedundant"
    zones = (server().inputs["availabilityZone"], input_at(server(), "highAvailability.standbyAvailabilityZone"))
    assert zones == ("1", "2")


def test_with_one_zone_the_standby_is_in_the_same_zone_and_this_is_reported() -> None:
    plan = base_plan(network__zones=1)
    assert input_at(server(plan), "highAvailability.mode") == "SameZone"
    assert server(plan).inputs["availabilityZone"] == ""
    assert adjustments({"network.zones": 1})["database.high_availability"].effect is Effect.PARTIAL


def test_without_high_availability_there_is_no_standby() -> None:
    assert input_at(server(base_plan(database__high_availability=False)), "highAvailability.mode") == "Disabled"


def test_a_failover_is_not_drift() -> None:
    assert {"availabilityZone", "highAvailability.standbyAvailabilityZone"} <= set(server().ignore_changes)


def test_a_grown_disk_is_not_drift() -> None:
    assert input_at(server(), "storage.autoGrow") == "Enabled"
    assert "storage.storageSizeGB" in server().ignore_changes


def test_a_disk_without_autogrow_is_resized_by_the_stack() -> None:
    fixed = server(base_plan(database__max_storage_gib=100))
    assert input_at(fixed, "storage.autoGrow") == "Disabled"
    assert "storage.storageSizeGB" not in fixed.ignore_changes


def test_the_sku_is_the_smallest_that_fits() -> None:
    assert (input_at(server(), "sku.name"), input_at(server(), "sku.tier")) == ("Standard_E2ds_v5", "MemoryOptimized")


def test_the_password_is_a_secret_of_the_server_and_of_two_secrets_only() -> None:
    password = "<random:RandomPassword prod-database-password>.result"
    assert isinstance(server().inputs["administratorLoginPassword"], Secret)
    resources = {r.name for r in base_plan().custom if password in unquote(str(revealed_inputs(r)))}
    assert resources == {"prod-database", "prod-database-database-url", "prod-database-libpq-password"}
    value = revealed_inputs(base_plan().one("prod-database-database-url"))["properties"]
    assert f"postgresql+psycopg://platform:{password}" in unquote(str(value))
    assert f"@{server().inputs['serverName']}.postgres.database.azure.com:5432/agents?sslmode=require" in str(value)


def test_only_services_that_use_the_database_read_the_url() -> None:
    prefix = "prod-database-database-url-read-by-"
    readers = {r.name.removeprefix(prefix) for r in base_plan().custom if r.name.startswith(prefix)}
    assert readers == {"gateway", "chat", "worker"}
    fewer = base_plan(services__chat__uses=())
    assert f"{prefix}chat" not in {r.name for r in fewer.custom}


def test_connections_require_tls() -> None:
    assert base_plan().one("prod-database-require_secure_transport").inputs["value"] == "on"
    assert base_plan().one("prod-database-ssl_min_protocol_version").inputs["value"] == "TLSv1.2"


def test_parameters_are_set_one_after_another() -> None:
    parameters = base_plan().of_type("dbforpostgresql:Configuration")
    names = {parameter.name for parameter in parameters}
    first = [parameter for parameter in parameters if not depends_on(parameter) & names]
    assert len(first) == 1
    previous = [name for parameter in parameters for name in depends_on(parameter) & names]
    assert len(previous) == len(set(previous)) == len(parameters) - 1


def test_the_lock_is_created_last_and_deleted_first() -> None:
    lock = base_plan().one("prod-database-lock")
    assert lock.inputs["level"] == "CanNotDelete"
    parameters = {r.name for r in base_plan().of_type("dbforpostgresql:Configuration")}
    assert parameters | {"prod-database-agents", "prod-database-diagnostics"} <= depends_on(lock)
    assert server().protect


def test_without_deletion_protection_there_is_neither_lock_nor_protection() -> None:
    plan = base_plan(database__deletion_protection=False)
    assert not plan.of_type("authorization:ManagementLockByScope")
    assert not server(plan).protect


def test_backups_are_kept_for_the_requested_days() -> None:
    assert input_at(server(base_plan(database__backup__retention_days=21)), "backup.backupRetentionDays") == 21


@pytest.mark.parametrize("days", [0, 6])
def test_backups_for_less_than_a_week_are_refused(days: int) -> None:
    (refusal,) = refusals({"database.backup.retention_days": days})
    assert str(refusal) == (
        f"database.backup.retention_days: not supported on azure: {days} days is below the minimum; "
        "backups cannot be disabled. Use 7 to 35 days."
    )


def test_the_backup_window_is_ignored_and_reported() -> None:
    assert adjustments()["database.backup.window_start"].effect is Effect.IGNORED


def test_maintenance_starts_at_the_requested_time() -> None:
    assert maintenance_window(MaintenanceSpec(day="wednesday", window_start="23:30")) == (3, 23, 30)
    window = (input_at(server(), "maintenanceWindow.dayOfWeek"), input_at(server(), "maintenanceWindow.startHour"))
    assert window == (0, 4)


def test_a_raised_storage_is_reported_while_the_disk_grows_by_itself() -> None:
    reported = adjustments({"database.storage_gib": 200})["database.storage_gib"]
    assert reported.effect is Effect.PARTIAL
    assert reported.reason.startswith("256 GiB") and "A larger value enlarges the disk" in reported.reason
    fixed = adjustments({"database.storage_gib": 200, "database.max_storage_gib": 200})["database.storage_gib"]
    assert fixed.effect is Effect.ADJUSTED and "enlarges" not in fixed.reason


def test_django_reads_the_url_without_a_driver_and_the_others_the_one_with_it() -> None:
    plan = base_plan(services__chat__app="django")
    names = {each.name for each in plan.custom}
    assert "prod-database-plain-database-url-read-by-chat" in names
    assert "prod-database-database-url-read-by-chat" not in names
    assert {f"prod-database-database-url-read-by-{name}" for name in ("gateway", "worker")} <= names
    value = str(revealed_inputs(plan.one("prod-database-plain-database-url")))
    assert "'postgresql://platform:" in value and ".postgres.database.azure.com:5432/agents?sslmode=require" in value
    assert "prod-database-plain-database-url" not in {each.name for each in base_plan().custom}


def test_the_password_is_stored_for_libpq_and_read_by_each_user_of_the_database() -> None:
    assert isinstance(input_at(base_plan().one("prod-database-libpq-password"), "properties.value"), Secret)
    readers = {
        each.name for each in base_plan().custom if each.name.startswith("prod-database-libpq-password-read-by-")
    }
    assert {name.rpartition("-")[2] for name in readers} == {"gateway", "chat", "worker"}


def test_roles_on_the_secrets_do_not_wait_for_the_server() -> None:
    for part in ("database-url", "libpq-password"):
        assert "prod-database" not in depends_on(base_plan().one(f"prod-database-{part}"))


def test_the_servers_log_is_sent_to_the_workspace() -> None:
    setting = base_plan().one("prod-database-diagnostics")
    assert setting.inputs["workspaceId"] == WORKSPACE
    assert setting.inputs["logAnalyticsDestinationType"] == "Dedicated"
