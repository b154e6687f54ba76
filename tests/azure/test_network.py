"""The network: closed by default, one way out, names that resolve before anybody asks for them."""

from typing import cast

import pytest

from automation.plan.inventory import Declared, Inventory
from tests.azure.laid import at, depends_on, laid


def rule(plan: Inventory, subnet: str, name: str) -> dict[str, object]:
    rules = cast("list[dict[str, object]]", plan.one(f"prod-network-{subnet}-rules").inputs["securityRules"])
    return next(each for each in rules if each["name"] == name)


def names(plan: Inventory, subnet: str) -> set[str]:
    rules = cast("list[dict[str, str]]", plan.one(f"prod-network-{subnet}-rules").inputs["securityRules"])
    return {each["name"] for each in rules}


def subnet(plan: Inventory, name: str) -> Declared:
    return plan.one(f"prod-network-{name}", "network:Subnet")


def test_the_network_declares_no_subnet_inside_itself() -> None:
    assert "subnets" not in laid().one("prod-network").inputs


def test_the_apps_subnet_belongs_to_container_apps_and_the_databases_to_postgres() -> None:
    assert at(subnet(laid(), "apps"), "delegations.0.serviceName") == "Microsoft.App/environments"
    assert at(subnet(laid(), "database"), "delegations.0.serviceName") == "Microsoft.DBforPostgreSQL/flexibleServers"


def test_subnets_are_made_one_after_another() -> None:
    assert "prod-network-apps" in depends_on(subnet(laid(), "database"))
    assert "prod-network-database" in depends_on(subnet(laid(), "endpoints"))


def test_no_subnet_leads_out_by_itself() -> None:
    subnets = laid().of_type("network:Subnet")
    assert len(subnets) == 3
    assert all(each.inputs["defaultOutboundAccess"] is False for each in subnets)


def test_security_rules_apply_to_private_endpoints_too() -> None:
    assert subnet(laid(), "endpoints").inputs["privateEndpointNetworkPolicies"] == "Enabled"


def test_the_databases_subnet_keeps_its_way_to_storage() -> None:
    assert at(subnet(laid(), "database"), "serviceEndpoints.0.service") == "Microsoft.Storage"


def test_only_the_apps_leave_through_the_gateway() -> None:
    assert at(subnet(laid(), "apps"), "natGateway.id") == "<network:NatGateway prod-network-egress>.id"
    assert "natGateway" not in subnet(laid(), "database").inputs


def test_without_egress_there_is_no_gateway_and_no_rule_to_the_world() -> None:
    closed = laid(network__egress="none")
    assert not closed.of_type("network:NatGateway")
    assert "out-https" not in names(closed, "apps")
    assert "out-https" in names(laid(), "apps")


def test_what_no_rule_names_is_dropped() -> None:
    for name in ("apps", "database", "endpoints"):
        inbound, outbound = rule(laid(), name, "in-rest"), rule(laid(), name, "out-world")
        assert (inbound["access"], inbound["sourceAddressPrefix"]) == ("Deny", "*")
        assert (outbound["access"], outbound["destinationAddressPrefix"]) == ("Deny", "Internet")


def test_the_database_answers_the_apps_and_itself_alone() -> None:
    assert names(laid(), "database") >= {"in-apps", "in-self"}
    apps = subnet(laid(), "apps").inputs["addressPrefix"]
    assert rule(laid(), "database", "in-apps")["sourceAddressPrefix"] == apps
    assert rule(laid(), "database", "in-apps")["destinationPortRanges"] == ["5432", "6432"]


def test_without_a_database_nothing_of_it_stands_in_the_network() -> None:
    without = laid(database=None, services__gateway__uses=(), services__chat__uses=(), services__worker__uses=())
    assert not [r for r in without.custom if r.name.startswith("prod-network-database")]
    assert "out-database" not in names(without, "apps")


def test_every_zone_is_linked_and_registers_nobody() -> None:
    zones, links = laid().of_type("privatedns:PrivateZone"), laid().of_type("privatedns:VirtualNetworkLink")
    assert len(zones) == len(links) == 6
    assert all(link.inputs["registrationEnabled"] is False for link in links)
    assert all(each.inputs["location"] == "global" for each in (*zones, *links))


@pytest.mark.parametrize("name", ["vault", "registry", "cache", "storage", "models"])
def test_a_private_endpoint_waits_for_its_zones_link(name: str) -> None:
    records = laid().one(f"prod-{name}-endpoint-records")
    zone = "blob" if name == "storage" else name
    assert f"prod-network-{zone}-zone-link" in depends_on(records)
    assert at(records, "privateDnsZoneConfigs.0.privateDnsZoneId") == (
        f"<privatedns:PrivateZone prod-network-{zone}-zone>.id"
    )


def test_without_private_endpoints_services_know_the_apps_subnet() -> None:
    plan = laid(profile="staging", network__private_endpoints=False)
    services = cast("list[dict[str, str]]", subnet(plan, "apps").inputs["serviceEndpoints"])
    assert {each["service"] for each in services} >= {"Microsoft.KeyVault", "Microsoft.Storage"}
    assert not plan.of_type("network:PrivateEndpoint")
    assert at(plan.one("prod-vault"), "properties.networkAcls.virtualNetworkRules.0.id") == (
        "<network:Subnet prod-network-apps>.id"
    )


def test_flow_logs_watch_the_network_and_are_written_by_an_identity() -> None:
    log = laid().one("prod-network-flow-logs", "network:FlowLog")
    assert log.inputs["targetResourceId"] == "<network:VirtualNetwork prod-network>.id"
    assert (log.inputs["resourceGroupName"], log.inputs["networkWatcherName"]) == (
        "NetworkWatcherRG",
        "NetworkWatcher_westus3",
    )
    assert at(log, "identity.userAssignedIdentities.0") == (
        "<managedidentity:UserAssignedIdentity prod-network-flow-logs-writer>.id"
    )
    assert laid().one("prod-network-flow-logs", "storage:StorageAccount").inputs["allowSharedKeyAccess"] is False


def test_flow_logs_are_kept_as_long_as_the_logs() -> None:
    path = "policy.rules.0.definition.actions.baseBlob.delete.daysAfterModificationGreaterThan"
    assert at(laid().one("prod-network-flow-logs-retention"), path) == 365
    longest = laid(monitoring__log_retention_days=731)
    assert at(longest.one("prod-network-flow-logs-retention"), path) == 731
    assert at(longest.one("prod-network-flow-logs", "network:FlowLog"), "retentionPolicy.enabled") is False


def test_flow_logs_can_be_left_out() -> None:
    assert not laid(network__flow_logs=False).of_type("network:FlowLog")
