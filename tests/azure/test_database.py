"""PostgreSQL: inside the network, with a standby, kept from deletion, its changes one after another."""

from urllib.parse import unquote

import pytest

from automation.plan.inventory import Declared, Inventory, Secret
from providers.azure.database.limits import maintenance_window
from providers.azure.limits import LIMITS
from providers.contract.spec import MaintenanceSpec
from tests.azure.laid import WORKSPACE, at, depends_on, laid, opened, spec_of


def server(plan: Inventory | None = None) -> Declared:
    return (plan or laid()).one("prod-database", "dbforpostgresql:Server")


def test_a_private_database_stands_in_the_network_and_resolves_there() -> None:
    assert at(server(), "network.delegatedSubnetResourceId") == "<network:Subnet prod-network-database>.id"
    assert "publicNetworkAccess" not in str(server().inputs)
    assert laid().one("prod-network-database-zone").inputs["privateZoneName"] == (
        "prod.private.postgres.database.azure.com"
    )
    assert "prod-network-database-zone-link" in depends_on(server())


def test_the_standby_stands_in_another_zone() -> None:
    assert at(server(), "highAvailability.mode") == "ZoneRedundant"
    assert (server().inputs["availabilityZone"], at(server(), "highAvailability.standbyAvailabilityZone")) == ("1", "2")


def test_a_platform_of_one_zone_keeps_its_standby_there_and_tells_it() -> None:
    plan = laid(network__zones=1)
    assert at(server(plan), "highAvailability.mode") == "SameZone"
    assert server(plan).inputs["availabilityZone"] == ""
    paths = [found.key for found in LIMITS.adjustments(spec_of({"network.zones": 1}))]
    assert "database.high_availability" in paths


def test_without_high_availability_there_is_no_standby() -> None:
    assert at(server(laid(database__high_availability=False)), "highAvailability.mode") == "Disabled"


def test_a_failover_is_no_drift() -> None:
    assert {"availabilityZone", "highAvailability.standbyAvailabilityZone"} <= set(server().ignore_changes)


def test_a_disk_that_has_grown_is_no_drift() -> None:
    assert at(server(), "storage.autoGrow") == "Enabled"
    assert "storage.storageSizeGB" in server().ignore_changes


def test_a_disk_that_may_not_grow_is_resized_by_the_stack() -> None:
    fixed = server(laid(database__max_storage_gib=100))
    assert at(fixed, "storage.autoGrow") == "Disabled"
    assert "storage.storageSizeGB" not in fixed.ignore_changes


def test_the_sku_is_the_smallest_that_fits() -> None:
    assert (at(server(), "sku.name"), at(server(), "sku.tier")) == ("Standard_E2ds_v5", "MemoryOptimized")


def test_the_password_is_secret_and_travels_in_the_url_alone() -> None:
    password = "<random:RandomPassword prod-database-password>.result"
    assert isinstance(server().inputs["administratorLoginPassword"], Secret)
    holders = {r.name for r in laid().custom if password in unquote(str(opened(r)))}
    assert holders == {"prod-database", "prod-database-database-url"}
    value = opened(laid().one("prod-database-database-url"))["properties"]
    assert f"postgresql+psycopg://platform:{password}" in unquote(str(value))
    assert "@<dbforpostgresql:Server prod-database>.fullyQualifiedDomainName:5432/agents?sslmode=require" in str(value)


def test_only_its_users_read_the_url() -> None:
    prefix = "prod-database-database-url-read-by-"
    readers = {r.name.removeprefix(prefix) for r in laid().custom if r.name.startswith(prefix)}
    assert readers == {"gateway", "chat", "worker"}
    fewer = laid(services__chat__uses=())
    assert f"{prefix}chat" not in {r.name for r in fewer.custom}


def test_a_connection_without_tls_is_refused() -> None:
    assert laid().one("prod-database-require_secure_transport").inputs["value"] == "on"
    assert laid().one("prod-database-ssl_min_protocol_version").inputs["value"] == "TLSv1.2"


def test_parameters_are_set_one_after_another() -> None:
    parameters = laid().of_type("dbforpostgresql:Configuration")
    names = {parameter.name for parameter in parameters}
    first = [parameter for parameter in parameters if not depends_on(parameter) & names]
    assert len(first) == 1
    followed = [name for parameter in parameters for name in depends_on(parameter) & names]
    assert len(followed) == len(set(followed)) == len(parameters) - 1


def test_the_lock_comes_last_and_goes_first() -> None:
    lock = laid().one("prod-database-lock")
    assert lock.inputs["level"] == "CanNotDelete"
    beneath = {r.name for r in laid().of_type("dbforpostgresql:Configuration")}
    assert beneath | {"prod-database-agents", "prod-database-diagnostics"} <= depends_on(lock)
    assert server().protect


def test_without_deletion_protection_there_is_neither_lock_nor_protection() -> None:
    plan = laid(database__deletion_protection=False)
    assert not plan.of_type("authorization:ManagementLockByScope")
    assert not server(plan).protect


def test_backups_are_kept_as_asked() -> None:
    assert at(server(laid(database__backup__retention_days=21)), "backup.backupRetentionDays") == 21


@pytest.mark.parametrize("days", [0, 6])
def test_a_server_cannot_keep_backups_for_less_than_a_week(days: int) -> None:
    (refusal,) = LIMITS.refusals(spec_of({"database.backup.retention_days": days}), "prod")
    assert str(refusal) == (
        f"database.backup.retention_days: {days} is not possible on azure: "
        "a server keeps its backups 7 to 35 days; use one of these."
    )


def test_the_hour_of_backups_is_azures_and_told() -> None:
    assert "database.backup.window_start" in [found.key for found in LIMITS.adjustments(spec_of())]


def test_maintenance_has_the_asked_hour() -> None:
    assert maintenance_window(MaintenanceSpec(day="wednesday", window_start="23:30")) == (3, 23, 30)
    assert (at(server(), "maintenanceWindow.dayOfWeek"), at(server(), "maintenanceWindow.startHour")) == (0, 4)


def test_the_servers_log_goes_to_the_workspace() -> None:
    setting = laid().one("prod-database-diagnostics")
    assert setting.inputs["workspaceId"] == WORKSPACE
    assert setting.inputs["logAnalyticsDestinationType"] == "Dedicated"
