"""VNet: closed by default, one NAT gateway, private DNS that resolves before it is used."""

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.contract.diagnostics import Effect
from tests.azure.plans import adjustments, base_plan, depends_on, input_at, mappings_at
from tests.planning import DROP


def rules(plan: Inventory, subnet: str) -> dict[str, dict[str, object]]:
    group = plan.one(f"prod-network-{subnet}-rules")
    return {str(rule["name"]): rule for rule in mappings_at(group, "securityRules")}


def subnet(plan: Inventory, name: str) -> Declared:
    return plan.one(f"prod-network-{name}", "network:Subnet")


def test_the_network_declares_no_subnet_inline() -> None:
    assert "subnets" not in base_plan().one("prod-network").inputs


def test_the_subnets_of_apps_and_database_are_delegated() -> None:
    delegation = "delegations.0.serviceName"
    assert input_at(subnet(base_plan(), "apps"), delegation) == "Microsoft.App/environments"
    assert input_at(subnet(base_plan(), "database"), delegation) == "Microsoft.DBforPostgreSQL/flexibleServers"


def test_subnets_are_created_one_after_another() -> None:
    assert "prod-network-apps" in depends_on(subnet(base_plan(), "database"))
    assert "prod-network-database" in depends_on(subnet(base_plan(), "endpoints"))


def test_no_subnet_has_default_outbound_access() -> None:
    subnets = base_plan().of_type("network:Subnet")
    assert len(subnets) == 3
    assert all(each.inputs["defaultOutboundAccess"] is False for each in subnets)


def test_security_rules_apply_to_private_endpoints() -> None:
    assert subnet(base_plan(), "endpoints").inputs["privateEndpointNetworkPolicies"] == "Enabled"


def test_the_databases_subnet_has_the_service_endpoint_of_storage() -> None:
    assert input_at(subnet(base_plan(), "database"), "serviceEndpoints.0.service") == "Microsoft.Storage"


def test_only_the_apps_subnet_has_the_nat_gateway() -> None:
    assert input_at(subnet(base_plan(), "apps"), "natGateway.id") == "<network:NatGateway prod-network-egress>.id"
    assert "natGateway" not in subnet(base_plan(), "database").inputs


def test_without_egress_there_is_no_gateway_and_no_rule_to_the_internet() -> None:
    closed = base_plan(network__egress="none")
    assert not closed.of_type("network:NatGateway")
    assert "out-https" not in rules(closed, "apps")
    assert "out-https" in rules(base_plan(), "apps")


def test_everything_else_is_denied() -> None:
    for name in ("apps", "database", "endpoints"):
        inbound, outbound = rules(base_plan(), name)["in-rest"], rules(base_plan(), name)["out-world"]
        assert (inbound["access"], inbound["sourceAddressPrefix"]) == ("Deny", "*")
        assert (outbound["access"], outbound["destinationAddressPrefix"]) == ("Deny", "Internet")


def test_the_database_accepts_the_apps_and_itself_only() -> None:
    database = rules(base_plan(), "database")
    assert {name for name in database if name.startswith("in-")} == {"in-apps", "in-self", "in-rest"}
    apps = subnet(base_plan(), "apps").inputs["addressPrefix"]
    assert database["in-apps"]["sourceAddressPrefix"] == apps
    assert database["in-apps"]["destinationPortRanges"] == ["5432", "6432"]


def test_without_a_database_the_network_has_nothing_of_it() -> None:
    plan = base_plan(database=DROP, services__gateway__uses=(), services__chat__uses=(), services__worker__uses=())
    assert not [r for r in plan.custom if r.name.startswith("prod-network-database")]
    assert "out-database" not in rules(plan, "apps")


def test_every_zone_is_linked_without_auto_registration() -> None:
    zones = base_plan().of_type("privatedns:PrivateZone")
    links = base_plan().of_type("privatedns:VirtualNetworkLink")
    assert len(zones) == len(links) == 6
    assert all(link.inputs["registrationEnabled"] is False for link in links)
    assert all(each.inputs["location"] == "global" for each in (*zones, *links))


@pytest.mark.parametrize("name", ["vault", "registry", "cache", "storage", "models"])
def test_a_private_endpoint_depends_on_the_link_of_its_zone(name: str) -> None:
    records = base_plan().one(f"prod-{name}-endpoint-records")
    zone = "blob" if name == "storage" else name
    assert f"prod-network-{zone}-zone-link" in depends_on(records)
    assert input_at(records, "privateDnsZoneConfigs.0.privateDnsZoneId") == (
        f"<privatedns:PrivateZone prod-network-{zone}-zone>.id"
    )


def test_without_private_endpoints_services_accept_the_apps_subnet() -> None:
    plan = base_plan(profile="staging", network__private_endpoints=False)
    services = {each["service"] for each in mappings_at(subnet(plan, "apps"), "serviceEndpoints")}
    assert services >= {"Microsoft.KeyVault", "Microsoft.Storage"}
    assert not plan.of_type("network:PrivateEndpoint")
    assert input_at(plan.one("prod-vault"), "properties.networkAcls.virtualNetworkRules.0.id") == (
        "<network:Subnet prod-network-apps>.id"
    )


def test_flow_logs_of_the_network_are_written_with_an_identity() -> None:
    log = base_plan().one("prod-network-flow-logs", "network:FlowLog")
    assert log.inputs["targetResourceId"] == "<network:VirtualNetwork prod-network>.id"
    assert (log.inputs["resourceGroupName"], log.inputs["networkWatcherName"]) == (
        "NetworkWatcherRG",
        "NetworkWatcher_westus3",
    )
    assert input_at(log, "identity.userAssignedIdentities.0") == (
        "<managedidentity:UserAssignedIdentity prod-network-flow-logs-writer>.id"
    )
    account = base_plan().one("prod-network-flow-logs", "storage:StorageAccount")
    assert account.inputs["allowSharedKeyAccess"] is False


def test_flow_logs_are_kept_as_long_as_the_logs() -> None:
    path = "policy.rules.0.definition.actions.baseBlob.delete.daysAfterModificationGreaterThan"
    assert input_at(base_plan().one("prod-network-flow-logs-retention"), path) == 365
    longest = base_plan(monitoring__log_retention_days=731)
    assert input_at(longest.one("prod-network-flow-logs-retention"), path) == 731
    assert input_at(longest.one("prod-network-flow-logs", "network:FlowLog"), "retentionPolicy.enabled") is False


def test_another_network_watcher_can_be_named() -> None:
    log = base_plan(azure__network_watcher="watchers/hub-westus3").one("prod-network-flow-logs", "network:FlowLog")
    assert (log.inputs["resourceGroupName"], log.inputs["networkWatcherName"]) == ("watchers", "hub-westus3")
    changes = {"azure.network_watcher": "watchers/hub", "network.flow_logs": False}
    assert adjustments(changes)["azure.network_watcher"].effect is Effect.IGNORED


def test_the_flow_log_follows_the_rest_of_the_network() -> None:
    after = depends_on(base_plan().one("prod-network-flow-logs", "network:FlowLog"))
    assert {"prod-network-flow-logs-writer", "prod-network-endpoints", "prod-network-vault-zone-link"} <= after


def test_the_ports_that_are_closed_to_the_internet_are_reported() -> None:
    for changes in ({}, {"network.egress": "single"}):
        assert "TCP port 443; connections to other ports" in adjustments(changes)["network.egress"].reason
    assert "network.egress" not in adjustments({"network.egress": "none"})


def test_flow_logs_can_be_disabled() -> None:
    assert not base_plan(network__flow_logs=False).of_type("network:FlowLog")
