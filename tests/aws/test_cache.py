"""ElastiCache: encryption, password, high availability and logs."""

import pytest

from automation.plan.inventory import Declared, Inventory, Secret
from tests.aws.plans import development
from tests.aws.readers import json_objects, strings


def group(plan: Inventory, stack: str = "prod") -> Declared:
    return plan.one(f"{stack}-cache", "elasticache:ReplicationGroup")


def parameters(plan: Inventory, stack: str = "prod") -> dict[str, str]:
    declared = plan.one(f"{stack}-cache-parameters").inputs["parameters"]
    return {each["name"]: each["value"] for each in json_objects(declared)}


def test_a_cache_is_encrypted_at_rest_and_in_transit(prod: Inventory) -> None:
    inputs = group(prod).inputs
    assert (inputs["atRestEncryptionEnabled"], inputs["kmsKeyId"]) == (True, "<kms:Key prod-keys-data>.arn")
    assert (inputs["transitEncryptionEnabled"], inputs["transitEncryptionMode"]) == (True, "required")


def test_a_cache_requires_a_secret_password(prod: Inventory) -> None:
    assert isinstance(group(prod).inputs["authToken"], Secret)
    assert group(prod).inputs["authTokenUpdateStrategy"] == "ROTATE"


def test_the_url_is_a_secret_of_the_services_that_use_the_cache(prod: Inventory) -> None:
    value = prod.one("prod-cache-redis-url-value").inputs["secretString"]
    assert isinstance(value, Secret)
    url = str(value.value)
    assert url.startswith("rediss://:%3Crandom%3ARandomPassword%20prod-cache-password%3E.result@")
    assert "@<elasticache:ReplicationGroup prod-cache>.primaryEndpointAddress:6379/0" in url
    readers = {p.name.rpartition("-")[2] for p in prod.of_type("iam:RolePolicy") if "-redis-url-" in p.name}
    assert readers == {"gateway", "worker"}


def test_a_highly_available_cache_fails_over_to_a_replica_in_another_zone(prod: Inventory) -> None:
    inputs = group(prod).inputs
    assert (inputs["numCacheClusters"], inputs["automaticFailoverEnabled"], inputs["multiAzEnabled"]) == (2, True, True)


def test_a_cache_without_high_availability_has_one_node() -> None:
    inputs = group(development(), "dev").inputs
    assert (inputs["numCacheClusters"], inputs["automaticFailoverEnabled"], inputs["multiAzEnabled"]) == (
        1,
        False,
        False,
    )


def test_the_node_type_follows_the_memory_of_the_spec(prod: Inventory) -> None:
    assert group(prod).inputs["nodeType"] == "cache.t4g.medium"
    assert group(development(), "dev").inputs["nodeType"] == "cache.t4g.small"


def test_the_eviction_policy_is_that_of_the_spec(prod: Inventory) -> None:
    assert parameters(prod)["maxmemory-policy"] == "volatile-lru"
    assert parameters(development(), "dev")["maxmemory-policy"] == "noeviction"
    assert prod.one("prod-cache-parameters").inputs["family"] == "valkey8"


def test_a_cache_is_in_the_database_tier_behind_its_security_group(prod: Inventory) -> None:
    assert group(prod).inputs["securityGroupIds"] == ["<ec2:SecurityGroup prod-network-cache>.id"]
    subnets = strings(prod.one("prod-cache-subnets").inputs["subnetIds"])
    assert len(subnets) == 3
    assert all("database" in subnet for subnet in subnets)


def test_snapshots_are_kept_a_week_and_do_not_overlap_maintenance(prod: Inventory) -> None:
    inputs = group(prod).inputs
    assert (inputs["snapshotRetentionLimit"], inputs["snapshotWindow"]) == (7, "02:00-03:00")
    assert inputs["maintenanceWindow"] == "sun:04:00-sun:05:00"


@pytest.mark.parametrize("log", ["slow-log", "engine-log"])
def test_cache_logs_are_delivered_to_an_encrypted_log_group(prod: Inventory, log: str) -> None:
    log_group = prod.one(f"prod-cache-{log}").inputs
    assert log_group["name"] == f"/agent-platform/prod/cache/{log}"
    assert (log_group["retentionInDays"], log_group["kmsKeyId"]) == (365, "<kms:Key prod-keys-telemetry>.arn")
    deliveries = json_objects(group(prod).inputs["logDeliveryConfigurations"])
    assert {"destination": log_group["name"], "logType": log}.items() <= next(
        each for each in deliveries if each["logType"] == log
    ).items()
