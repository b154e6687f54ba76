"""Services in a standby region: the second walk, its database, its size, and the flip of the region that serves."""

import json
from collections.abc import Callable, Mapping
from functools import cache

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers import resource_traits
from tests.aws.plans import production_plan
from tests.aws.readers import json_object, json_objects, statements, text
from tests.aws.test_recovery import copied
from tests.engine.fake_cloud.steps import lost, steps
from tests.planning import DROP, plan, production, revealed
from tests.warm_plans import DATA, OTHERS, operations, settings_of, warm_production, warm_shape

HOME, STANDBY = "us-west-2", "us-east-1"
RECOVERY: Mapping[str, object] = {"mode": "warm", "standby_region": STANDBY}
REPLICA = "prod-us-east-1-database"


@cache
def warm(active: str = "", jobs: bool = False) -> Inventory:
    """Plan of production with services in the standby region, which serves when `active` is its name."""
    return warm_production("aws", RECOVERY, active=active, jobs=jobs)


def changes(before: Inventory, after: Inventory) -> set[tuple[str, str, tuple[str, ...]]]:
    return {
        (step.type.partition(":")[2].partition("/")[0] + ":" + step.type.rpartition(":")[2], step.name, step.properties)
        for step in steps(before, after)
        if step.operation == "update"
    }


@pytest.mark.parametrize("before", [production_plan, copied], ids=["none", "backup"])
def test_a_stack_keeps_everything_it_has(before: Callable[[], Inventory]) -> None:
    existing = before()
    if before is copied:
        # the lock of the copies is the same in both plans
        after = plan(production({"recovery": {**RECOVERY, "lock": "governance"}}, cloud="aws"))
    else:
        after = warm()
    taken = steps(existing, after)
    assert operations(taken) == {"create", "update"}
    assert [step for step in taken if step.refusal] == []
    assert {resource.urn for resource in existing.resources} <= {resource.urn for resource in after.resources}


def test_from_none_only_policies_and_dashboards_of_the_home_region_change() -> None:
    assert changes(production_plan(), warm()) == {
        ("cloudwatch:Dashboard", "prod-monitoring", ("dashboardBody",)),
        ("iam:RolePolicy", "prod-identity-deployer-policy", ("policy",)),
    }


def test_from_backup_the_key_serves_disks_and_secrets_lose_their_replicas() -> None:
    after = plan(production({"recovery": {**RECOVERY, "lock": "governance"}}, cloud="aws"))
    assert changes(copied(), after) == {
        ("cloudwatch:Dashboard", "prod-monitoring", ("dashboardBody",)),
        ("kms:Key", "prod-us-east-1-keys-data", ("policy",)),
        *(
            ("secretsmanager:Secret", name, ("replicas",))
            for name in (
                "prod-database-database-password",
                "prod-secrets-OPENAI_API_KEY",
                "prod-secrets-OS_SECURITY_KEY",
            )
        ),
    }


def test_without_services_there_again_data_is_protected_from_deletion() -> None:
    deleted = {step.name for step in lost(steps(warm(), production_plan()), resource_traits("aws").holds)}
    assert {REPLICA, "prod-us-east-1-storage", "prod-us-east-1-keys-data", "prod-us-east-1-cache"} <= deleted
    assert warm().one(REPLICA).protect


def test_what_is_in_the_standby_region_has_its_name_and_its_provider() -> None:
    for resource in warm(jobs=True).custom:
        if resource.type.startswith(("pulumi:providers:", "random:")):
            continue
        there = "prod-us-east-1" in (resource.provider or "")
        assert there == (STANDBY in resource.name), resource.name


def test_each_resource_of_the_home_region_has_a_counterpart_there() -> None:
    """What exists once: budget, deployer, changes of permissions, the password, the record, its proof, and the copies of the home region."""
    names = {(each.short_type, each.name) for each in warm(jobs=True).custom}
    once = {
        (kind, name)
        for kind, name in names
        if STANDBY not in name
        and not name.startswith("prod-entry-")
        and (kind, name.replace("prod-", f"prod-{STANDBY}-", 1)) not in names
    }
    assert {name for _kind, name in once if not name.startswith("prod-recovery-")} == {
        "prod-database-password",
        "prod-identity-deployer",
        "prod-identity-deployer-policy",
        "prod-ingress-certificate-proof",
        "prod-monitoring-account-permissions-changes",
        "prod-monitoring-budget",
        "prod-monitoring-copies-database-missing",
        "prod-monitoring-copies-objects-failed",
        "prod-monitoring-copies-objects-lag-seconds",
        "prod-monitoring-iam-changes",
        "prod-monitoring-permission-changes",
        *(f"prod-network-nat-{zone}{part}" for zone in (1, 2) for part in ("", "-address")),
    }


def test_the_database_there_is_an_encrypted_replica_in_the_network_there() -> None:
    source, replica = (dict(warm().one(name, "rds:Instance").inputs) for name in ("prod-database", REPLICA))
    assert replica["replicateSourceDb"] == "<rds:Instance prod-database>.arn"
    assert replica["kmsKeyId"] == "<kms:Key prod-us-east-1-keys-data>.arn"
    assert replica["dbSubnetGroupName"] == "<rds:SubnetGroup prod-us-east-1-database-subnets>.name"
    assert replica["identifier"] == source["identifier"] == "prod-database"
    assert (source["multiAz"], replica["multiAz"], replica["skipFinalSnapshot"]) == (True, False, True)
    assert replica["storageEncrypted"] is replica["deletionProtection"] is True
    assert source.keys() - replica.keys() == {
        "allocatedStorage", "dbName", "engine", "engineVersion", "finalSnapshotIdentifier", "password", "username",
    }  # fmt: skip


PROMOTED = (
    "allocatedStorage", "engineVersion", "finalSnapshotIdentifier", "multiAz", "password", "replicateSourceDb", "skipFinalSnapshot",
)  # fmt: skip


def test_a_promotion_is_an_update_in_place_and_creates_nothing() -> None:
    taken = steps(warm(), warm(STANDBY))
    assert {each.urn for each in warm().resources} == {each.urn for each in warm(STANDBY).resources}
    assert operations(taken) == {"update"}
    assert [step for step in taken if step.refusal] == []
    (promotion,) = [step for step in taken if step.name == REPLICA]
    assert promotion.properties == PROMOTED
    promoted = warm(STANDBY).one(REPLICA)
    assert "replicateSourceDb" not in promoted.inputs
    # what forces a replacement is never compared
    assert set(promoted.ignore_changes) == {"dbName", "engine", "username"}
    source = warm().one("prod-database", "rds:Instance").inputs
    assert revealed(promoted.inputs["password"]) == revealed(source["password"])


def test_a_database_that_has_served_keeps_its_settings_and_a_new_one_follows() -> None:
    old = warm(STANDBY).one("prod-database", "rds:Instance")
    assert old.inputs["replicateSourceDb"] == f"arn:aws:rds:{STANDBY}:111122223333:db:prod-database"
    assert "engine" not in old.inputs and "password" not in old.inputs
    kept = [step for step in steps(warm(), warm(STANDBY)) if step.name == "prod-database"]
    assert [step.properties for step in kept] == [("multiAz",)]


def test_a_failover_changes_the_sizes_the_jobs_the_alarms_and_the_record() -> None:
    by_type: dict[str, set[str]] = {}
    for step in steps(warm(jobs=True), warm(STANDBY, jobs=True)):
        by_type.setdefault(step.type.rpartition(":")[2], set()).update(step.properties)
    assert by_type == {
        "RuleGroupNamespace": {"data"},
        "Target": {"minCapacity"},
        "Dashboard": {"dashboardBody"},
        "MetricAlarm": {"metricQueries", "treatMissingData", "actionsEnabled"},
        "ReplicationGroup": {"automaticFailoverEnabled", "multiAzEnabled", "numCacheClusters"},
        "Instance": set(PROMOTED),
        "Record": {"aliases"},
        "Schedule": {"state"},
    }


@pytest.mark.parametrize(("active", "passive"), [("", STANDBY), (STANDBY, HOME)])
def test_only_the_region_that_serves_runs_workers_jobs_and_full_size(active: str, passive: str) -> None:
    declared = warm(active, jobs=True)
    for region in (HOME, STANDBY):
        place = "prod" if region == HOME else f"prod-{STANDBY}"
        lowest = {
            name: declared.one(f"{place}-autoscaling-{name}", "appautoscaling:Target").inputs["minCapacity"]
            for name in ("gateway", "chat", "worker")
        }
        state = declared.one(f"{place}-jobs-nightly-schedule", "scheduler:Schedule").inputs.get("state")
        if region == passive:
            assert (lowest, state) == ({"gateway": 1, "chat": 1, "worker": 0}, "DISABLED")
        else:
            assert (0 in lowest.values(), 1 in lowest.values(), state) == (False, False, None)


def test_the_record_points_to_the_region_that_serves_and_waits_for_its_services() -> None:
    for active, place in (("", "prod"), (STANDBY, f"prod-{STANDBY}")):
        record = warm(active).one("prod-entry-us-west-2-name")
        (alias,) = json_objects(record.inputs["aliases"])
        assert alias["name"] == f"<lb:LoadBalancer {place}-ingress>.dnsName"
        for waited in (f"::{place}-compute-gateway", f"::{place}-database"):
            assert any(urn.endswith(waited) for urn in record.depends_on), waited
    assert not any("compute" in urn for urn in production_plan().one("prod-entry-us-west-2-name").depends_on)


def test_the_certificate_there_is_validated_by_the_record_of_the_home_region() -> None:
    assert len([each for each in warm().of_type("route53:Record") if "proof" in each.name]) == 1
    validation = warm().one("prod-us-east-1-ingress-certificate-valid").inputs
    assert "prod-us-east-1-ingress-certificate>" in str(validation["validationRecordFqdns"])


def test_both_load_balancers_are_behind_a_web_acl_of_their_region() -> None:
    assert {each.name for each in warm().of_type("wafv2:WebAcl")} == {
        "prod-entry-us-west-2-acl",
        "prod-entry-us-east-1-acl",
    }


def test_objects_are_copied_in_both_directions_each_by_its_own_role() -> None:
    back = warm().one("prod-us-east-1-recovery-objects", "s3:BucketReplicationConfig")
    (rule,) = json_objects(back.inputs["rules"])
    assert back.inputs["bucket"] == "<s3:Bucket prod-us-east-1-storage>.id"
    assert rule["destination"]["bucket"] == "<s3:Bucket prod-storage>.arn"
    assert rule["destination"]["encryptionConfiguration"] == {"replicaKmsKeyId": "<kms:Key prod-keys-data>.arn"}
    *_, decrypting, encrypting = statements(warm().one("prod-us-east-1-recovery-objects", "iam:RolePolicy"))
    assert decrypting["Condition"]["StringEquals"]["kms:ViaService"] == f"s3.{STANDBY}.amazonaws.com"
    assert encrypting["Condition"]["StringEquals"]["kms:ViaService"] == f"s3.{HOME}.amazonaws.com"


def test_services_there_use_images_secrets_and_objects_of_their_region() -> None:
    home, there = (warm().one(f"{place}-compute-chat-task") for place in ("prod", "prod-us-east-1"))
    (container, *_) = json_objects(there.inputs["containerDefinitions"])
    assert "prod-us-east-1-registry-chat>" in container["image"]
    for secret in container["secrets"]:
        assert "prod-us-east-1-" in secret["valueFrom"], secret
    assert "us-east-1" not in json.dumps(json_objects(home.inputs["containerDefinitions"]))
    gateway = json_objects(warm().one("prod-us-east-1-compute-gateway-task").inputs["containerDefinitions"])[0]
    variables = {each["name"]: each["value"] for each in gateway["environment"]}
    assert "prod-us-east-1-storage>" in variables["STORAGE_BUCKET"]
    assert variables["AWS_REGION"] == STANDBY
    assert variables["PGHOST"] == f"<rds:Instance {REPLICA}>.address"


def test_an_alarm_watches_the_delay_of_the_replica_and_fires_when_it_says_nothing() -> None:
    for active, quiet_region, name in (("", HOME, "prod"), (STANDBY, STANDBY, "prod-us-east-1")):
        other = "prod-us-east-1" if name == "prod" else "prod"
        alarms = {
            place: warm(active).one(f"{place}-monitoring-database-replica-lag-seconds").inputs
            for place in (name, other)
        }
        assert alarms[name]["treatMissingData"] == "notBreaching", quiet_region
        assert alarms[other]["treatMissingData"] == "breaching"
        assert (alarms[other]["metricName"], alarms[other]["threshold"]) == ("ReplicaLag", 60)
        assert (alarms[other]["period"], alarms[other]["evaluationPeriods"]) == (60, 5)


def test_expected_alarms_of_a_region_that_does_not_serve_notify_nobody() -> None:
    def silent(inventory: Inventory) -> set[str]:
        alarms = [*inventory.of_type("cloudwatch:MetricAlarm"), *inventory.of_type("cloudwatch:CompositeAlarm")]
        return {alarm.name for alarm in alarms if alarm.inputs.get("actionsEnabled") is False}

    assert silent(warm(jobs=True)) == {"prod-us-east-1-monitoring-nightly-job-missed"}
    none = plan(production({"recovery": {**RECOVERY, "standby_replicas": 0}}, cloud="aws"))
    assert silent(none) == {
        "prod-us-east-1-monitoring-gateway-unhealthy-replicas",
        "prod-us-east-1-monitoring-gateway-down",
    }


def test_the_outputs_are_those_of_the_region_that_serves() -> None:
    assert warm().outputs["region"] == HOME
    assert warm(STANDBY).outputs["region"] == STANDBY
    assert warm(STANDBY).outputs["database_host"] == f"<rds:Instance {REPLICA}>.address"


def test_no_secret_is_in_clear_text() -> None:
    declared = plan(production({"recovery": RECOVERY}, cloud="aws"), secret="marker-4f9a2c")
    assert "marker-4f9a2c" not in json.dumps([dict(r.inputs) for r in declared.custom], default=lambda _value: "hidden")


def test_a_platform_without_data_runs_in_both_regions() -> None:
    bare: Mapping[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
    parts: Mapping[str, object] = {"database": DROP, "cache": DROP, "storage": DROP}
    declared = plan(production({"recovery": RECOVERY, **parts, **bare}, cloud="aws"))
    assert declared.one("prod-us-east-1-compute-gateway", "ecs:Service")
    assert not declared.of_type("rds:Instance")


@pytest.mark.long(reason="plans dozens of shapes")
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(data=st.sets(st.sampled_from(DATA)), others=st.sets(st.sampled_from(sorted(OTHERS))))
@example(data=set(DATA), others=set(OTHERS))
@example(data=set(), others=set())
def test_in_every_shape_a_failover_and_a_failback_create_replace_and_delete_nothing(
    data: set[str], others: set[str]
) -> None:
    chosen = settings_of(others, OTHERS)
    home, there = (warm_shape("aws", STANDBY, region, data, chosen) for region in (HOME, STANDBY))
    assert {each.urn for each in home.resources} == {each.urn for each in there.resources}
    for taken in (steps(home, there), steps(there, home)):
        assert operations(taken) <= {"update"}


def test_the_key_there_encrypts_the_disks_of_tasks_and_logs_have_a_key_of_their_own() -> None:
    sids = [statement["Sid"] for statement in statements(warm().one("prod-us-east-1-keys-data"))]
    assert sids == ["LetIamGrant", "EncryptDisks", "ReadDisks"]
    telemetry = json_object(warm().one("prod-us-east-1-keys-telemetry").inputs["policy"])
    assert f"logs.{STANDBY}.amazonaws.com" in text(json.dumps(telemetry))
