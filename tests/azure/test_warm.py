"""Services in a standby location on Azure: what an existing stack gains, and what is there."""

import json

from providers import resource_traits
from tests.azure.plans import mapping_at, mappings_at
from tests.azure.warm_plans import (
    HOME,
    REPLICA,
    SERVER,
    STANDBY,
    before,
    changes,
    paired,
    server,
    warm,
)
from tests.engine.fake_cloud.steps import lost, steps
from tests.warm_plans import operations


def test_a_stack_without_copies_keeps_everything_it_has() -> None:
    taken = steps(before(), warm())
    assert operations(taken) == {"create", "update"}
    assert {each.urn for each in before().resources} <= {each.urn for each in warm().resources}
    assert changes(before(), warm()) == {
        ("applicationinsights:Workbook", "prod-monitoring-dashboard", ("serializedData",)),
        ("network:NetworkSecurityGroup", "prod-network-database-rules", ("securityRules",)),
    }


def test_a_stack_with_copies_loses_nothing_that_holds_data() -> None:
    """The policies of the copies are made by commands from then on, in the direction of the location that serves."""
    taken = steps(paired("backup"), paired("warm"))
    assert operations(taken) == {"create", "update", "delete"}
    assert {step.name for step in taken if step.operation == "delete"} == {
        "prod-recovery-objects",
        "prod-centralus-recovery-objects",
    }
    assert not [*lost(taken, resource_traits("azure").holds)]
    assert changes(paired("backup"), paired("warm")) == {
        ("applicationinsights:Workbook", "prod-monitoring-dashboard", ("serializedData",)),
        ("network:NetworkSecurityGroup", "prod-network-database-rules", ("securityRules",)),
        *(
            ("monitor:DiagnosticSetting", f"prod-centralus-recovery-{part}", ("workspaceId",))
            for part in ("registry", "storage", "vault")
        ),
    }


def test_without_services_there_again_data_is_protected_from_deletion() -> None:
    deleted = {step.name for step in lost(steps(warm(), before()), resource_traits("azure").holds)}
    assert {REPLICA, "prod-eastus-storage", "prod-eastus-vault", "prod-eastus-cache", "prod-eastus-registry"} <= deleted
    assert server(REPLICA).protect


OF_THE_ENTRY = {"prod-entry-gateway-eastus", "prod-entry-diagnostics-eastus", "prod-registry-deployer-eastus"}
"""Resources of the home location about the other one."""


def test_what_is_in_the_standby_location_has_its_name_its_group_and_its_provider() -> None:
    for resource in warm(jobs=True).custom:
        if resource.type.startswith(("pulumi:providers:", "random:")) or resource.name in OF_THE_ENTRY:
            continue
        there = "prod-eastus" in (resource.provider or "")
        assert there == (STANDBY in resource.name), resource.name
        group = resource.inputs.get("resourceGroupName")
        if group is not None and group not in ("NetworkWatcherRG", "dns"):
            assert group == f"prod-agents-{STANDBY if there else HOME}", resource.name


ONCE = {
    "prod-database-agents",
    "prod-database-password",
    "prod-identity-deployer",
    "prod-identity-deployer-github",
    "prod-monitoring-account-permissions-changes",
    "prod-monitoring-budget",
    "prod-monitoring-copies-database-failed",
    *(f"prod-compute-{name}-deployer" for name in ("gateway", "chat", "worker")),
    *(f"prod-{part}" for part in ("registry-deployer", "jobs-nightly-deployer")),
    # those of the other location are with its copies
    *(f"prod-{part}diagnostics" for part in ("registry-", "storage-blob-", "vault-")),
}
"""Database and password of both servers, deployer, budget, permissions and copies of the home location."""


def test_each_resource_of_the_home_location_has_a_counterpart_there() -> None:
    names = {(each.short_type, each.name) for each in warm(jobs=True).custom}
    once = {
        name
        for kind, name in names
        if STANDBY not in name
        and not name.startswith(("prod-entry", "prod-recovery-"))
        and (kind, name.replace("prod-", f"prod-{STANDBY}-", 1)) not in names
    }
    assert once == ONCE


def test_the_database_there_is_a_replica_of_the_same_size_in_the_network_there() -> None:
    source, replica = server(SERVER).inputs, server(REPLICA).inputs
    assert replica["createMode"] == "Replica"
    assert str(replica["sourceServerResourceId"]).endswith(f"/flexibleServers/{source['serverName']}")
    assert f"/prod-agents-{HOME}/" in str(replica["sourceServerResourceId"])
    assert replica["sku"] == source["sku"]
    assert mapping_at(server(REPLICA), "network") == {
        "delegatedSubnetResourceId": "<network:Subnet prod-eastus-network-database>.id",
        "privateDnsZoneArmResourceId": "<privatedns:PrivateZone prod-eastus-network-database-zone>.id",
    }
    assert mapping_at(server(REPLICA), "highAvailability")["mode"] == "Disabled"
    assert mapping_at(server(REPLICA), "backup")["geoRedundantBackup"] == "Disabled"
    assert source.keys() - replica.keys() == {"administratorLogin", "administratorLoginPassword"}


def test_the_replica_waits_for_its_source_and_for_the_way_to_it() -> None:
    awaited = {urn.rpartition("::")[2] for urn in server(REPLICA).depends_on}
    assert {SERVER, "prod-network-peering", "prod-eastus-network-peering"} <= awaited
    assert {"prod-network-database-zone-other-link", "prod-eastus-network-database-zone-other-link"} <= awaited
    # the update of a location that serves waits for nothing of the other one
    needed = {urn.rpartition("::")[2] for urn in server(REPLICA, STANDBY).depends_on}
    assert {name for name in needed if STANDBY not in name} <= {"prod-database-password"}


def test_both_networks_are_connected_and_their_zones_resolve_in_both() -> None:
    for place, other in (("prod", "prod-eastus"), ("prod-eastus", "prod")):
        peering = warm().one(f"{place}-network-peering", "network:VirtualNetworkPeering").inputs
        assert peering["virtualNetworkName"] == f"<network:VirtualNetwork {place}-network>.name"
        assert peering["remoteVirtualNetwork"] == {"id": f"<network:VirtualNetwork {other}-network>.id"}
        assert (peering["allowVirtualNetworkAccess"], peering["allowForwardedTraffic"]) == (True, False)
        link = warm().one(f"{place}-network-database-zone-other-link").inputs
        assert link["privateZoneName"] == f"{place}.private.postgres.database.azure.com"
        assert link["virtualNetwork"] == {"id": f"<network:VirtualNetwork {other}-network>.id"}


def test_only_the_database_servers_of_both_networks_reach_each_other() -> None:
    subnets = {"prod": "10.20.240.0/24", "prod-eastus": "10.21.240.0/24"}
    for place, other in (("prod", "prod-eastus"), ("prod-eastus", "prod")):
        rules = mappings_at(warm().one(f"{place}-network-database-rules"), "securityRules")
        crossing = [
            (rule["name"], rule["sourceAddressPrefix"], rule["destinationAddressPrefix"], rule["destinationPortRange"])
            for rule in rules
            if subnets[other] in (rule["sourceAddressPrefix"], rule["destinationAddressPrefix"])
        ]
        assert crossing == [
            ("in-replication", subnets[other], subnets[place], "5432"),
            ("out-replication", subnets[place], subnets[other], "5432"),
        ]
        for part in ("apps", "endpoints"):
            text = json.dumps(mappings_at(warm().one(f"{place}-network-{part}-rules"), "securityRules"))
            assert subnets[other].rpartition(".240")[0] not in text
