"""Role of a location on Azure: what decides it, which properties change with it, and that nothing else does."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from tests.azure.kql import faults, parses_queries
from tests.azure.plans import mapping_at, mappings_at
from tests.azure.test_queries import queries
from tests.azure.warm_plans import (
    HOME,
    RECOVERY,
    REPLICA,
    SERVER,
    STANDBY,
    server,
    warm,
)
from tests.engine.fake_cloud.steps import steps
from tests.planning import DRILL, DROP, plan, production, revealed
from tests.warm_plans import DATA, OTHERS, operations, settings_of, warm_shape


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
        names = {region: "prod" if region == HOME else f"prod-{region}" for region in (place, other)}
        awaited = {
            region: {urn.rpartition("::")[2] for urn in warm(active).one(f"prod-entry-gateway-{region}").depends_on}
            for region in (place, other)
        }
        assert {f"{names[place]}-compute-gateway", f"{names[place]}-database"} <= awaited[place]
        # of a location that does not serve only what no role changes: its update may not involve the entry
        assert {name for name in awaited[other] if "entry" not in name} == {f"{names[other]}-environment"}
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
        passive, evaluated = enabled(declared, other), enabled(declared, serving)
        assert evaluated >= OF_ROLE and not passive & OF_ROLE
        assert ["database-replica-lag-seconds" in keys for keys in (passive, evaluated)] == [True, False]


def test_an_alarm_fires_for_a_replica_that_is_late_and_for_one_that_reports_nothing() -> None:
    alarm = warm().one("prod-eastus-monitoring-database-replica-lag-seconds", "monitor:ScheduledQueryRule")
    (condition,) = mappings_at(alarm, "criteria.allOf")
    assert condition["threshold"] == 60
    assert "coalesce(max(Maximum), 86400.0)" in str(condition["query"])
    assert "physical_replication_delay_in_seconds" in str(condition["query"])
    assert alarm.inputs["scopes"] == ["<operationalinsights:Workspace prod-eastus-logs>.id"]


@parses_queries
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


@pytest.mark.long(reason="plans dozens of shapes")
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(data=st.sets(st.sampled_from(DATA)), others=st.sets(st.sampled_from(sorted(OTHERS))))
@example(data=set(DATA), others=set(OTHERS))
@example(data=set(), others=set())
def test_in_every_shape_a_failover_and_a_failback_create_replace_and_delete_nothing(
    data: set[str], others: set[str]
) -> None:
    high = {"database.high_availability": True} if "database" in data else {}
    chosen = {**high, **settings_of(others, OTHERS)}
    first, second = (warm_shape("azure", STANDBY, region, data, chosen) for region in (HOME, STANDBY))
    assert {each.urn for each in first.resources} == {each.urn for each in second.resources}
    for taken in (steps(first, second), steps(second, first)):
        assert operations(taken) <= {"update"}
