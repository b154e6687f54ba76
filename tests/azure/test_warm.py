"""Services in a standby location: the second walk, its database, its size, and the flip of the location that serves."""

import json
from collections.abc import Mapping
from functools import cache

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from automation.plan.inventory import Declared, Inventory
from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers import resource_traits
from tests.azure.kql import faults
from tests.azure.plans import mapping_at, mappings_at
from tests.azure.test_queries import queries
from tests.engine.fake_cloud.steps import Step, lost, steps
from tests.planning import DRILL, DROP, JOBS, plan, production, recorded, revealed

HOME, STANDBY = "westus3", "eastus"
RECOVERY: Mapping[str, object] = {"mode": "warm", "standby_region": STANDBY}
SERVER, REPLICA = "prod-database", "prod-eastus-database"
PAIR: Mapping[str, object] = {"standby_region": "centralus", "lock": "governance", "retention_days": 28}


@cache
def before() -> Inventory:
    return plan(production(cloud="azure"))


@cache
def warm(active: str = "", jobs: bool = False) -> Inventory:
    """Plan of production with services in the standby location, which serves when `active` is its name."""
    recovery = {**RECOVERY, **({"active_region": active} if active else {})}
    return plan(production({"recovery": recovery, **({"jobs": JOBS} if jobs else {})}, cloud="azure"))


@cache
def paired(mode: str) -> Inventory:
    """Plan in a location whose backups Azure copies to its pair."""
    return plan(production({"azure.location": "eastus2", "recovery": {**PAIR, "mode": mode}}, cloud="azure"))


def changes(old: Inventory, new: Inventory) -> set[tuple[str, str, tuple[str, ...]]]:
    return {
        (step.type.removeprefix("azure-native:"), step.name, step.properties)
        for step in steps(old, new)
        if step.operation == "update"
    }


def operations(taken: tuple[Step, ...]) -> set[str]:
    return {step.operation for step in taken}


def server(name: str, active: str = "") -> Declared:
    return warm(active).one(name, "dbforpostgresql:Server")


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
    "prod-monitoring-budget",
    "prod-monitoring-copies-database-failed",
    *(f"prod-compute-{name}-deployer" for name in ("gateway", "chat", "worker")),
    *(f"prod-{part}" for part in ("registry-deployer", "jobs-nightly-deployer")),
    # those of the other location are with its copies
    *(f"prod-{part}diagnostics" for part in ("registry-", "storage-blob-", "vault-")),
}
"""Database and password of both servers, deployer, budget and copies of the home location."""


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


def test_a_switchover_changes_no_setting_of_a_server_but_standby_and_password() -> None:
    taken = steps(warm(), warm(STANDBY))
    assert {each.urn for each in warm().resources} == {each.urn for each in warm(STANDBY).resources}
    assert operations(taken) == {"update"}
    changed = {step.name: step.properties for step in taken if "dbforpostgresql:" in step.type}
    assert changed == {
        SERVER: ("highAvailability",),
        REPLICA: ("administratorLoginPassword", "highAvailability"),
    }
    for active in ("", STANDBY):
        for name in (SERVER, REPLICA):
            inputs = server(name, active).inputs
            assert not {"replica", "replicationRole"} & inputs.keys()
            ignored = set(server(name, active).ignore_changes)
            assert {"createMode", "sourceServerResourceId", "replica", "replicationRole"} <= ignored
            assert "administratorLogin" in ignored
    password = server(REPLICA, STANDBY).inputs["administratorLoginPassword"]
    assert revealed(password) == revealed(server(SERVER).inputs["administratorLoginPassword"])


def test_a_failover_changes_these_properties_and_no_other() -> None:
    by_type: dict[str, set[str]] = {}
    for step in steps(warm(jobs=True), warm(STANDBY, jobs=True)):
        by_type.setdefault(step.type.removeprefix("azure-native:"), set()).update(step.properties)
    assert by_type == {
        "alertsmanagement:PrometheusRuleGroup": {"rules"},
        "app:ContainerApp": {"template"},
        "app:Job": {"configuration"},
        "applicationinsights:Workbook": {"serializedData"},
        "cdn:AFDOrigin": {"enabledState", "priority"},
        "dbforpostgresql:Server": {"administratorLoginPassword", "highAvailability"},
        "monitor:MetricAlert": {"criteria", "enabled"},
        "monitor:ScheduledQueryRule": {"enabled"},
        "storage:BlobServiceProperties": {"restorePolicy"},
    }


@pytest.mark.parametrize(("active", "passive"), [("", STANDBY), (STANDBY, HOME)])
def test_only_the_location_that_serves_runs_workers_jobs_and_full_size(active: str, passive: str) -> None:
    declared = warm(active, jobs=True)
    for region in (HOME, STANDBY):
        place = "prod" if region == HOME else f"prod-{STANDBY}"
        scales = {
            name: mapping_at(declared.one(f"{place}-compute-{name}", "app:ContainerApp"), "template.scale")
            for name in ("gateway", "chat", "worker")
        }
        lowest = {name: scale["minReplicas"] for name, scale in scales.items()}
        job = mapping_at(declared.one(f"{place}-jobs-nightly", "app:Job"), "configuration")
        if region == passive:
            assert lowest == {"gateway": 1, "chat": 1, "worker": 0}
            # nothing starts a service without ingress that has no rule
            assert (scales["worker"]["maxReplicas"], scales["worker"].get("rules") or []) == (1, [])
            assert (job["triggerType"], job.get("scheduleTriggerConfig")) == ("Manual", None)
        else:
            assert 0 not in lowest.values() and 1 not in (lowest["gateway"], lowest["chat"])
            assert (job["triggerType"], job.get("manualTriggerConfig")) == ("Schedule", None)


def test_services_without_replicas_there_start_with_a_request_alone() -> None:
    stopped = plan(production({"recovery": {**RECOVERY, "standby_replicas": 0}}, cloud="azure"))
    scale = mapping_at(stopped.one("prod-eastus-compute-gateway", "app:ContainerApp"), "template.scale")
    assert scale["minReplicas"] == 0
    assert [
        rule["name"] for rule in mappings_at(stopped.one("prod-eastus-compute-gateway"), "template.scale.rules")
    ] == ["requests"]


def test_front_door_has_an_origin_in_each_location_and_uses_that_of_the_one_that_serves() -> None:
    for active, place, other in ((HOME, HOME, STANDBY), (STANDBY, STANDBY, HOME)):
        used, unused = (warm(active).one(f"prod-entry-gateway-{region}").inputs for region in (place, other))
        assert (used["enabledState"], used["priority"]) == ("Enabled", 1)
        assert (unused["enabledState"], unused["priority"]) == ("Disabled", 2)
        logical = "prod" if place == HOME else f"prod-{place}"
        awaited = {urn.rpartition("::")[2] for urn in warm(active).one(f"prod-entry-gateway-{place}").depends_on}
        assert {f"{logical}-compute-gateway", f"{logical}-database"} <= awaited
    link = mapping_at(warm().one("prod-entry-gateway-eastus"), "sharedPrivateLinkResource")
    assert link["privateLink"] == {"id": "<app:ManagedEnvironment prod-eastus-environment>.id"}


def test_the_log_of_front_door_is_in_both_workspaces_by_settings_with_different_names() -> None:
    names = {
        each.name: (each.inputs["name"], each.inputs["workspaceId"])
        for each in warm().of_type("monitor:DiagnosticSetting")
        if each.name.startswith("prod-entry-diagnostics")
    }
    assert names == {
        "prod-entry-diagnostics-westus3": ("platform", "<operationalinsights:Workspace prod-logs>.id"),
        "prod-entry-diagnostics-eastus": ("platform-eastus", "<operationalinsights:Workspace prod-eastus-logs>.id"),
    }


def test_no_two_settings_of_a_resource_have_the_same_name() -> None:
    settings_of = [
        (each.inputs["resourceUri"], each.inputs["name"]) for each in warm().of_type("monitor:DiagnosticSetting")
    ]
    assert len(set(settings_of)) == len(settings_of)


def test_services_there_use_images_secrets_and_objects_of_their_location() -> None:
    text = json.dumps(dict(warm().one("prod-eastus-compute-chat", "app:ContainerApp").inputs), default=str)
    for part in ("Registry prod-eastus-registry>", "UserAssignedIdentity prod-eastus-identity-pull>"):
        assert part in text
    assert "prod-registry>" not in text and "<app:ManagedEnvironment prod-environment>" not in text
    secrets = {each.name for each in warm().of_type("keyvault:Secret") if STANDBY in each.name}
    home = {each.name for each in warm().of_type("keyvault:Secret") if STANDBY not in each.name}
    assert secrets == {name.replace("prod-", "prod-eastus-", 1) for name in home}
    for name in secrets:
        secret = warm().one(name, "keyvault:Secret").inputs
        assert secret["vaultName"] == "<keyvault:Vault prod-eastus-vault>.name"
        assert (
            secret["secretName"]
            == warm().one(name.replace("prod-eastus-", "prod-"), "keyvault:Secret").inputs["secretName"]
        )


def test_the_connection_string_of_each_location_names_its_own_server() -> None:
    hosts = {}
    for place in ("prod", "prod-eastus"):
        value = mapping_at(warm().one(f"{place}-database-database-url", "keyvault:Secret"), "properties")["value"]
        hosts[place] = str(revealed(value))
    for place, name in (("prod", SERVER), ("prod-eastus", REPLICA)):
        assert f"@{server(name).inputs['serverName']}.postgres.database.azure.com" in hosts[place]


def enabled(inventory: Inventory, place: str) -> set[str]:
    """Alarms of a location that are evaluated."""
    alarms = [*inventory.of_type("monitor:MetricAlert"), *inventory.of_type("monitor:ScheduledQueryRule")]
    begin = f"{place}-monitoring-"
    return {each.name.removeprefix(begin) for each in alarms if each.name.startswith(begin) and each.inputs["enabled"]}


OF_ROLE = {
    "gateway-error-percent", "gateway-latency-p95-seconds", "nightly-job-missed", "origin-health", "slo-1h", "slo-24h", "slo-6h",
    "slo-latency-p95",
}  # fmt: skip


def test_alarms_on_requests_and_work_notify_in_the_location_that_serves_alone() -> None:
    for active, serving, other in (("", "prod", "prod-eastus"), (STANDBY, "prod-eastus", "prod")):
        declared = warm(active, jobs=True)
        there, here = enabled(declared, other), enabled(declared, serving)
        assert here >= OF_ROLE and not there & OF_ROLE
        assert ("database-replica-lag-seconds" in there, "database-replica-lag-seconds" in here) == (True, False)


def test_an_alarm_fires_for_a_replica_that_is_late_and_for_one_that_reports_nothing() -> None:
    alarm = warm().one("prod-eastus-monitoring-database-replica-lag-seconds", "monitor:ScheduledQueryRule")
    (condition,) = mappings_at(alarm, "criteria.allOf")
    assert condition["threshold"] == 60
    assert "coalesce(max(Maximum), 86400.0)" in str(condition["query"])
    assert "physical_replication_delay_in_seconds" in str(condition["query"])
    assert alarm.inputs["scopes"] == ["<operationalinsights:Workspace prod-eastus-logs>.id"]


def test_every_query_is_valid() -> None:
    named = list(queries(warm(jobs=True)))
    results = faults([query for _, query in named])
    assert {name: found for (name, _), found in zip(named, results, strict=True) if found} == {}


def test_a_drill_waits_while_its_location_does_not_serve() -> None:
    def trigger(active: str) -> object:
        recovery = {**RECOVERY, "drill": DRILL, "active_region": active}
        declared = plan(production({"recovery": recovery}, cloud="azure"))
        assert not [each for each in declared.custom if STANDBY in each.name and "-drill" in each.name]
        return mapping_at(declared.one("prod-drill-job", "app:Job"), "configuration")["triggerType"]

    assert (trigger(HOME), trigger(STANDBY)) == ("Schedule", "Manual")


def test_the_cache_there_has_one_node_in_either_role_and_that_of_home_keeps_its_nodes() -> None:
    for active in ("", STANDBY):
        assert (
            warm(active).one("prod-eastus-cache", "redisenterprise:RedisEnterprise").inputs["highAvailability"]
            == "Disabled"
        )
    assert warm().one("prod-cache", "redisenterprise:RedisEnterprise").inputs["highAvailability"] == "Enabled"
    assert "highAvailability" in warm(STANDBY).one("prod-cache", "redisenterprise:RedisEnterprise").ignore_changes


def test_an_account_that_receives_copies_has_no_point_in_time_restore() -> None:
    for active, receives, sends in (("", "prod-eastus", "prod"), (STANDBY, "prod", "prod-eastus")):
        declared = warm(active)
        policies = {
            place: mapping_at(declared.one(f"{place}-storage-blobs"), "restorePolicy") for place in (receives, sends)
        }
        assert (policies[receives]["enabled"], policies[sends]["enabled"]) == (False, True)


def test_the_outputs_are_those_of_the_location_that_serves() -> None:
    assert warm().outputs["region"] == HOME
    assert warm(STANDBY).outputs["region"] == STANDBY
    assert REPLICA in str(warm(STANDBY).outputs["database_host"])
    assert warm().outputs["url"] == warm(STANDBY).outputs["url"]


def test_no_secret_is_in_clear_text() -> None:
    declared = plan(production({"recovery": RECOVERY}, cloud="azure"), secret="marker-4f9a2c")
    assert "marker-4f9a2c" not in json.dumps([dict(r.inputs) for r in declared.custom], default=lambda _value: "hidden")


def test_a_platform_without_data_runs_in_both_locations() -> None:
    bare: Mapping[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
    parts: Mapping[str, object] = {"database": DROP, "cache": DROP, "storage": DROP}
    declared = plan(production({"recovery": RECOVERY, **parts, **bare}, cloud="azure"))
    assert declared.one("prod-eastus-compute-gateway", "app:ContainerApp")
    assert not declared.of_type("dbforpostgresql:Server")
    assert not declared.of_type("network:VirtualNetworkPeering")


def test_without_private_endpoints_vault_and_account_there_accept_the_apps_there() -> None:
    changed = {"recovery": RECOVERY, "profile": "staging", "network.private_endpoints": False}
    declared = plan(production(changed, cloud="azure"))
    subnet = "<network:Subnet prod-eastus-network-apps>.id"
    rules = mappings_at(
        declared.one("prod-eastus-vault", "keyvault:Vault"), "properties.networkAcls.virtualNetworkRules"
    )
    assert [rule["id"] for rule in rules] == [subnet]
    account = declared.one("prod-eastus-storage", "storage:StorageAccount")
    assert [
        rule["virtualNetworkResourceId"] for rule in mappings_at(account, "networkRuleSet.virtualNetworkRules")
    ] == [subnet]


DATA = ("database", "cache", "storage")
OTHERS: Mapping[str, Mapping[str, object]] = {
    "path": {"services.web.path": "/"},
    "canary": {"services.web.path": "/", "services.web.rollout": {"strategy": "canary"}},
    "fixed replicas": {"services.web.replicas": {"min": 3, "max": 3}},
    "job": {"jobs": {"nightly": {**JOBS["nightly"], "service": "web"}}},
    "worker": {"services.worker": {"app": "celery", "image": "worker:1.0"}},
    "nothing runs there": {"recovery.standby_replicas": 0},
}


@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(data=st.sets(st.sampled_from(DATA)), others=st.sets(st.sampled_from(sorted(OTHERS))))
@example(data=set(DATA), others=set(OTHERS))
@example(data=set(), others=set())
def test_in_every_shape_a_failover_and_a_failback_create_replace_and_delete_nothing(
    data: set[str], others: set[str]
) -> None:
    shape: dict[str, object] = {part: {} for part in data}
    if "database" in data:
        shape["database.high_availability"] = True
    shape |= {key: value for name in others for key, value in OTHERS[name].items()}
    shape["services.web.uses"] = sorted(data)

    def served_by(region: str) -> Inventory:
        recovery = {"recovery.mode": "warm", "recovery.standby_region": STANDBY, "recovery.active_region": region}
        raw = with_values(BASE, {"cloud": "azure", **recovery, **shape})
        return recorded(stack_of("trial", {PLATFORM_KEY: raw}))

    home = stack_of("trial", {PLATFORM_KEY: with_values(BASE, {"cloud": "azure"})}).spec.home_region
    first, second = served_by(home), served_by(STANDBY)
    assert {each.urn for each in first.resources} == {each.urn for each in second.resources}
    for taken in (steps(first, second), steps(second, first)):
        assert operations(taken) <= {"update"}
