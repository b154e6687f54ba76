"""Services in a standby region: the second walk, the replica, the shared network, and the flip of the region that serves."""

import json
from collections.abc import Callable, Mapping
from functools import cache

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers import resource_traits
from tests.engine.fake_cloud.steps import lost, steps
from tests.gcp.plans import mapping_at, text_at, value_at, values_at
from tests.gcp.test_recovery import before, copied
from tests.planning import DROP, plan, production, revealed
from tests.warm_plans import DATA, operations, settings_of, warm_production, warm_shape
from tests.warm_plans import OTHERS as SHAPES

HOME, STANDBY = "us-central1", "us-east1"
RECOVERY: Mapping[str, object] = {"mode": "warm", "standby_region": STANDBY}
PLACE = f"prod-{STANDBY}"
REPLICA = f"{PLACE}-database"
INSTANCE = "sql:DatabaseInstance"


@cache
def warm(active: str = "", jobs: bool = False) -> Inventory:
    """Plan of production with services in the standby region, which serves when `active` is its name."""
    return warm_production("gcp", RECOVERY, active=active, jobs=jobs)


def changes(before: Inventory, after: Inventory) -> set[tuple[str, str, tuple[str, ...]]]:
    return {
        (step.type.rpartition(":")[2], step.name, step.properties)
        for step in steps(before, after)
        if step.operation == "update"
    }


@pytest.mark.parametrize("existing", [before, copied], ids=["none", "backup"])
def test_a_stack_keeps_everything_it_has(existing: Callable[[], Inventory]) -> None:
    recovery = {**RECOVERY, "lock": "governance"} if existing is copied else RECOVERY
    after = plan(production({"recovery": recovery}, cloud="gcp"))
    taken = steps(existing(), after)
    assert operations(taken) == {"create", "update"}
    assert [step for step in taken if step.refusal] == []
    assert {resource.urn for resource in existing().resources} <= {resource.urn for resource in after.resources}


def test_only_logs_and_the_dashboard_of_the_home_region_change() -> None:
    dashboard = ("Dashboard", "prod-monitoring", ("dashboardJson",))
    found = {(kind, name.removesuffix("-dashboard"), keys) for kind, name, keys in changes(before(), warm())}
    assert found == {
        dashboard,
        ("ProjectExclusion", "prod-monitoring-not-twice", ("filter",)),
        ("ProjectSink", "prod-monitoring-to-logs", ("filter",)),
    }
    with_copies = plan(production({"recovery": {**RECOVERY, "lock": "governance"}}, cloud="gcp"))
    assert {name for _kind, name, _keys in changes(copied(), with_copies)} == {"prod-monitoring-dashboard"}


def test_without_services_there_again_data_is_protected_from_deletion() -> None:
    deleted = {step.name for step in lost(steps(warm(), before()), resource_traits("gcp").holds)}
    assert {REPLICA, f"{PLACE}-storage", f"{PLACE}-keys-data", f"{PLACE}-cache"} <= deleted
    assert warm().one(REPLICA, INSTANCE).protect


def test_what_is_in_the_standby_region_has_its_name_and_its_provider() -> None:
    for resource in warm(jobs=True).custom:
        if resource.type.startswith(("pulumi:providers:", "random:")):
            continue
        there = PLACE in (resource.provider or "")
        assert there == resource.name.startswith(f"{PLACE}-"), resource.name


SHARED = (
    "prod-account-", "prod-database-agents", "prod-database-password", "prod-database-user", "prod-drill", "prod-entry-",
    "prod-identity-", "prod-jobs-nightly-deployer", "prod-monitoring-budget", "prod-monitoring-copies-",
    "prod-monitoring-account-permissions-changes", "prod-monitoring-count-account-permissions-changes",
    "prod-monitoring-count-objects-failed", "prod-monitoring-entry-firewall-blocked-percent", "prod-monitoring-gateway-unreachable", "prod-monitoring-gateway-uptime",
    "prod-network", "prod-recovery-",
)  # fmt: skip
"""What exists once: identities and their permissions, the network but for its part there, the entry with its firewall, the content of
the database, and the copies."""


def test_each_other_resource_of_the_home_region_has_a_counterpart_there() -> None:
    names = {(each.short_type, each.name) for each in warm(jobs=True).custom}
    alone = {
        name
        for kind, name in names
        if STANDBY not in name
        and (kind, name.replace("prod-", f"{PLACE}-", 1)) not in names
        and not name.startswith(SHARED)
        and not name.endswith("-deployer")
    }
    # the database's secrets have the names that their copies had
    assert alone <= {"prod", "prod-random", "prod-services", "prod-us-central1", "prod-database-database-password",
                     "prod-database-database-password-value"} | {
        f"prod-database-database-password-{reader}" for reader in ("gateway", "chat", "worker")
    }  # fmt: skip
    there = {name for kind, name in names if name.startswith(f"{PLACE}-network")}
    assert there == {
        f"{PLACE}-network-{part}" for part in ("nat", "nat-0", "router", "services", "to-cache", "to-database", "to-google", "to-world")
    }  # fmt: skip


def test_names_in_the_project_are_unique() -> None:
    """Two resources of a type and place never have the same physical name; regional types may repeat it in another region."""
    seen: dict[tuple[str, ...], str] = {}
    keys = (
        "name",
        "accountId",
        "secretId",
        "serviceId",
        "repositoryId",
        "roleId",
        "bucketId",
        "workloadIdentityPoolId",
    )
    for resource in warm(jobs=True).custom:
        inputs = resource.inputs
        place = inputs.get("location", inputs.get("region"))
        for key in keys:
            if isinstance(inputs.get(key), str) and "iam" not in resource.type.lower():
                within = str(inputs.get("bucket", inputs.get("managedZone", inputs.get("instance", ""))))
                identity = (resource.type, str(place), within, key, str(inputs[key]))
                assert identity not in seen, (identity, seen.get(identity))
                seen[identity] = resource.name


def test_the_database_there_is_an_encrypted_replica_in_the_network_of_both_regions() -> None:
    source, replica = (warm().one(name, INSTANCE).inputs for name in ("prod-database", REPLICA))
    assert replica["instanceType"] == "READ_REPLICA_INSTANCE"
    assert replica["masterInstanceName"] == "<sql:DatabaseInstance prod-database>.name"
    assert str(replica["name"]).startswith(f"{REPLICA}-") and "name" not in source
    assert replica["encryptionKeyName"] == f"<kms:CryptoKey {PLACE}-keys-data>.id"
    assert (replica["region"], replica["deletionProtection"]) == (STANDBY, True)
    for path in (("tier",), ("edition",), ("databaseFlags",), ("ipConfiguration",), ("diskType",)):
        assert value_at(replica, "settings", *path) == value_at(source, "settings", *path), path
    of_source = set(mapping_at(source, "settings")) - set(mapping_at(replica, "settings"))
    assert of_source == {
        "diskSize", "finalBackupConfig", "maintenanceWindow", "passwordValidationPolicy", "retainBackupsOnDelete"
    }  # fmt: skip
    assert value_at(replica, "settings", "backupConfiguration") == {
        "enabled": False, "pointInTimeRecoveryEnabled": False
    }  # fmt: skip
    assert (value_at(source, "settings", "availabilityType"), value_at(replica, "settings", "availabilityType")) == (
        "REGIONAL", "ZONAL",
    )  # fmt: skip


def test_user_and_database_are_those_of_the_source() -> None:
    declared = warm()
    assert [each.name for each in declared.of_type("sql:User")] == ["prod-database-user"]
    assert [each.name for each in declared.of_type("sql:Database")] == ["prod-database-agents"]
    stored = {name: revealed(declared.one(name).inputs["secretData"]) for name in (
        "prod-database-database-password-value", f"{PLACE}-secrets-database-password-value",
    )}  # fmt: skip
    assert len(set(stored.values())) == 1
    url = str(revealed(declared.one(f"{PLACE}-database-database-url-value").inputs["secretData"]))
    assert f"<sql:DatabaseInstance {REPLICA}>.privateIpAddress" in url


PROMOTED = ("instanceType", "masterInstanceName", "settings")


def test_a_promotion_is_an_update_in_place_and_creates_nothing() -> None:
    taken = steps(warm(), warm(STANDBY))
    assert {each.urn for each in warm().resources} == {each.urn for each in warm(STANDBY).resources}
    assert operations(taken) == {"update"}
    assert [step for step in taken if step.refusal] == []
    (promotion,) = [step for step in taken if step.name == REPLICA]
    assert promotion.properties == PROMOTED
    promoted = warm(STANDBY).one(REPLICA, INSTANCE)
    assert promoted.inputs["instanceType"] == "CLOUD_SQL_INSTANCE" and "masterInstanceName" not in promoted.inputs
    assert value_at(promoted.inputs, "settings", "backupConfiguration", "pointInTimeRecoveryEnabled") is True
    assert value_at(promoted.inputs, "settings", "availabilityType") == "REGIONAL"
    # the settings of an instance that serves are those of the spec in either region
    home = warm().one("prod-database", INSTANCE).inputs
    settings_there, at_home = (mapping_at(each, "settings") for each in (promoted.inputs, home))
    assert {key for key in at_home if at_home[key] != settings_there[key]} == {"backupConfiguration"}  # its location


def test_the_old_database_keeps_its_role_and_a_new_one_would_follow() -> None:
    old = warm(STANDBY).one("prod-database", INSTANCE)
    assert old.inputs["masterInstanceName"] == warm().one(REPLICA, INSTANCE).inputs["name"]
    assert {"instanceType", "masterInstanceName", "settings.backupConfiguration"} <= set(old.ignore_changes)
    (kept,) = [step for step in steps(warm(), warm(STANDBY)) if step.name == "prod-database"]
    assert kept.properties == ("settings",)
    ignored = {path.removeprefix("settings.") for path in old.ignore_changes}
    now, then = (mapping_at(warm(active).one("prod-database", INSTANCE).inputs, "settings") for active in ("", STANDBY))
    assert {key for key in now if now[key] != then.get(key)} - ignored == {"availabilityType"}


def test_a_failover_changes_the_sizes_the_jobs_the_alarms_the_transfers_and_the_backends() -> None:
    by_type: dict[str, set[str]] = {}
    for step in steps(warm(jobs=True), warm(STANDBY, jobs=True)):
        by_type.setdefault(step.type.rpartition(":")[2], set()).update(step.properties)
    assert by_type == {
        "Service": {"scaling"},
        "WorkerPool": {"scaling"},
        "Job": {"paused"},
        "BackendService": {"backends"},
        "AlertPolicy": {"conditions", "enabled"},
        "Dashboard": {"dashboardJson"},
        "DatabaseInstance": set(PROMOTED),
        "TransferJob": {"status"},
    }


@pytest.mark.parametrize(("active", "passive"), [("", STANDBY), (STANDBY, HOME)])
def test_only_the_region_that_serves_runs_workers_jobs_and_full_size(active: str, passive: str) -> None:
    declared = warm(active, jobs=True)
    for region in (HOME, STANDBY):
        place = "prod" if region == HOME else PLACE
        lowest = {
            name: value_at(declared.one(f"{place}-compute-{name}", "cloudrunv2:Service").inputs, "scaling", "minInstanceCount")
            for name in ("gateway", "chat")
        }  # fmt: skip
        workers = value_at(declared.one(f"{place}-compute-worker").inputs, "scaling", "manualInstanceCount")
        paused = declared.one(f"{place}-jobs-nightly-schedule").inputs.get("paused")
        if region == passive:
            assert (lowest, workers, paused) == ({"gateway": 1, "chat": 1}, 0, True)
        else:
            assert (0 in lowest.values(), 1 in lowest.values(), workers == 0, paused) == (False, False, False, None)


@pytest.mark.parametrize(("active", "place"), [("", "prod"), (STANDBY, PLACE)])
def test_the_load_balancer_has_the_endpoints_of_the_region_that_serves_and_waits_for_them(
    active: str, place: str
) -> None:
    backend = warm(active).one("prod-entry-gateway", "compute:BackendService")
    (only,) = values_at(backend.inputs, "backends")
    assert text_at(only, "group") == f"<compute:RegionNetworkEndpointGroup {place}-ingress-gateway>.id"
    for waited in (f"::{place}-compute-gateway", f"::{place}-database"):
        assert any(urn.endswith(waited) for urn in backend.depends_on), waited
    assert not any("::prod-compute" in urn for urn in before().one("prod-entry-gateway").depends_on)


def test_both_regions_share_one_network_with_ranges_that_do_not_overlap() -> None:
    declared = warm()
    assert [each.name for each in declared.of_type("compute:Network")] == ["prod-network"]
    home, there = (declared.one(f"{place}-network-services").inputs for place in ("prod", PLACE))
    assert (home["ipCidrRange"], there["ipCidrRange"]) == ("10.20.0.0/18", "10.21.0.0/18")
    assert there["network"] == home["network"] == "<compute:Network prod-network>.id"
    rules = (declared.one(f"{place}-network-to-database").inputs for place in ("prod", PLACE))
    assert [(rule["destinationRanges"], rule["targetTags"]) for rule in rules] == [
        (["10.20.128.0/19"], ["prod-chat", "prod-gateway", "prod-worker"]),
        (["10.20.128.0/19"], [f"{PLACE}-chat", f"{PLACE}-gateway", f"{PLACE}-worker"]),
    ]


def test_objects_are_copied_out_of_the_region_that_serves_alone() -> None:
    for active, running in (("", "prod"), (STANDBY, PLACE)):
        states = {place: warm(active).one(f"{place}-recovery-objects").inputs["status"] for place in ("prod", PLACE)}
        assert states == {place: "ENABLED" if place == running else "DISABLED" for place in states}
    back = warm().one(f"{PLACE}-recovery-objects").inputs
    assert value_at(back, "transferSpec", "gcsDataSource", "bucketName") == f"<storage:Bucket {PLACE}-storage>.name"
    assert value_at(back, "transferSpec", "gcsDataSink", "bucketName") == "<storage:Bucket prod-storage>.name"


def test_services_there_use_images_secrets_keys_and_objects_of_their_region() -> None:
    declared = warm()
    chat, home = (declared.one(f"{place}-compute-chat", "cloudrunv2:Service").inputs for place in (PLACE, "prod"))
    assert chat["name"] == f"{PLACE}-chat" and chat["location"] == STANDBY
    containers = values_at(chat, "template", "containers")
    assert text_at(containers[0], "image").startswith(f"{STANDBY}-docker.pkg.dev/acme-agents/prod-images/chat@")
    assert value_at(chat, "template", "encryptionKey") == f"<kms:CryptoKey {PLACE}-keys-data>.id"
    assert value_at(chat, "template", "serviceAccount") == value_at(home, "template", "serviceAccount")
    for variable in values_at(containers[0], "envs"):
        source = mapping_at(variable, "valueSource") if "valueSource" in str(variable) else {}
        if source:
            assert PLACE in text_at(source, "secretKeyRef", "secret"), variable
    assert STANDBY not in json.dumps(home, default=str)
    gateway = declared.one(f"{PLACE}-compute-gateway", "cloudrunv2:Service").inputs
    variables = {text_at(each, "name"): value_at(each, "value") for each in values_at(gateway, "template", "containers", 0, "envs") if "value" in str(each) and "valueSource" not in str(each)}  # fmt: skip
    assert f"<storage:Bucket {PLACE}-storage>" in str(variables["STORAGE_BUCKET"])
    assert variables["PGHOST"] == f"<sql:DatabaseInstance {REPLICA}>.privateIpAddress"


def test_the_cache_there_has_one_node_in_either_role_and_no_cache_is_replaced() -> None:
    for active in ("", STANDBY):
        assert warm(active).one(f"{PLACE}-cache", "redis:Instance").inputs["tier"] == "BASIC"
    assert warm(STANDBY).one("prod-cache", "redis:Instance").ignore_changes == ("tier",)


def test_an_alarm_watches_the_delay_of_the_replica_and_fires_when_it_says_nothing() -> None:
    for active, serving, other in (("", "prod", PLACE), (STANDBY, PLACE, "prod")):
        conditions = {
            place: value_at(
                warm(active).one(f"{place}-monitoring-database-replica-lag-seconds").inputs,
                "conditions", 0, "conditionThreshold",
            )
            for place in (serving, other)
        }  # fmt: skip
        assert value_at(conditions[serving], "evaluationMissingData") == "EVALUATION_MISSING_DATA_INACTIVE"
        assert value_at(conditions[other], "evaluationMissingData") == "EVALUATION_MISSING_DATA_ACTIVE"
        assert value_at(conditions[other], "thresholdValue") == 60
        assert "database/replication/replica_lag" in text_at(conditions[other], "filter")


def test_expected_alarms_of_a_region_that_does_not_serve_are_off() -> None:
    def off(inventory: Inventory) -> set[str]:
        return {
            each.name for each in inventory.of_type("monitoring:AlertPolicy") if each.inputs.get("enabled") is False
        }

    assert off(warm(jobs=True)) == {
        f"{PLACE}-monitoring-nightly-job-missed",
        f"{PLACE}-monitoring-worker-missing-replicas",
        *(f"{PLACE}-monitoring-models-cost-usd-per-{period}" for period in ("hour", "day")),
    }
    assert off(warm(STANDBY, jobs=True)) == {
        *(f"prod-monitoring-models-cost-usd-per-{period}" for period in ("hour", "day")),
        "prod-monitoring-nightly-job-missed",
        "prod-monitoring-worker-missing-replicas",
        "prod-monitoring-copies-database-missing",
    }
    none = plan(production({"recovery": {**RECOVERY, "standby_replicas": 0}}, cloud="gcp"))
    assert {f"{PLACE}-monitoring-{name}-missing-replicas" for name in ("gateway", "chat")} <= off(none)


def test_no_export_and_no_drill_starts_while_the_standby_region_serves() -> None:
    drill = {
        "recovery": {**RECOVERY, "active_region": STANDBY, "drill": {"query": "select count(*) from agno_sessions"}}
    }
    declared = plan(production(drill, cloud="gcp"))
    assert declared.one("prod-recovery-schedule").inputs["paused"] is True
    assert declared.one("prod-drill-schedule").inputs["paused"] is True
    assert "paused" not in warm().one("prod-recovery-schedule").inputs


def test_the_outputs_are_those_of_the_region_that_serves() -> None:
    assert warm().outputs["region"] == HOME
    assert warm(STANDBY).outputs["region"] == STANDBY
    assert warm(STANDBY).outputs["database_host"] == f"<sql:DatabaseInstance {REPLICA}>.privateIpAddress"


def test_no_secret_is_in_clear_text() -> None:
    declared = plan(production({"recovery": RECOVERY}, cloud="gcp"), secret="marker-4f9a2c")
    assert "marker-4f9a2c" not in json.dumps([dict(r.inputs) for r in declared.custom], default=lambda _value: "hidden")


def test_the_provider_there_waits_for_every_service_that_the_region_needs() -> None:
    enabled = {each.inputs["service"] for each in warm().of_type("projects:Service") if PLACE in each.name}
    assert {each.inputs["service"] for each in warm().of_type("projects:Service")} - enabled == {
        "storagetransfer.googleapis.com"
    } - enabled


def test_a_platform_without_data_runs_in_both_regions() -> None:
    bare: Mapping[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
    parts: Mapping[str, object] = {"database": DROP, "cache": DROP, "storage": DROP}
    declared = plan(production({"recovery": RECOVERY, **parts, **bare}, cloud="gcp"))
    assert declared.one(f"{PLACE}-compute-gateway", "cloudrunv2:Service")
    assert not declared.of_type(INSTANCE)


OTHERS = {**SHAPES, "no internet": {"network": {"egress": "none", "private_endpoints": True}}}


@pytest.mark.long(reason="plans dozens of shapes")
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(data=st.sets(st.sampled_from(DATA)), others=st.sets(st.sampled_from(sorted(OTHERS))))
@example(data=set(DATA), others=set(OTHERS))
@example(data=set(), others=set())
def test_in_every_shape_a_failover_and_a_failback_create_replace_and_delete_nothing(
    data: set[str], others: set[str]
) -> None:
    chosen = settings_of(others, OTHERS)
    home, there = (warm_shape("gcp", STANDBY, region, data, chosen) for region in (HOME, STANDBY))
    assert {each.urn for each in home.resources} == {each.urn for each in there.resources}
    for taken in (steps(home, there), steps(there, home)):
        assert operations(taken) <= {"update"}
