"""The services of the cluster: how their copies are placed, replaced, found, and what they wait for."""

import json
from typing import cast

import pytest

from automation.plan.inventory import Inventory
from tests.aws.variants import private, staging

Inputs = dict[str, object]
SERVICES = ("gateway", "chat", "worker")


def service(plan: Inventory, name: str) -> Inputs:
    return cast("Inputs", plan.one(f"prod-compute-{name}", "ecs:Service").inputs)


def test_copies_have_no_public_address(prod: Inventory) -> None:
    for name in SERVICES:
        network = cast("Inputs", service(prod, name)["networkConfiguration"])
        assert network["assignPublicIp"] is False
        assert all("private" in subnet for subnet in cast("list[str]", network["subnets"]))
        assert network["securityGroups"] == [f"<ec2:SecurityGroup prod-network-service-{name}>.id"]


def test_a_deployment_never_has_fewer_copies_than_before_and_goes_back_by_itself(prod: Inventory) -> None:
    for name in SERVICES:
        inputs = service(prod, name)
        assert (inputs["deploymentMinimumHealthyPercent"], inputs["deploymentMaximumPercent"]) == (100, 200)
        assert inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}


def test_up_waits_until_the_copies_stand(prod: Inventory) -> None:
    assert all(service(prod, name)["waitForSteadyState"] is True for name in SERVICES)


def test_copies_spread_over_the_zones_again_after_one_was_lost(prod: Inventory) -> None:
    assert all(service(prod, name)["availabilityZoneRebalancing"] == "ENABLED" for name in SERVICES)


def test_no_command_can_be_run_inside_a_container(prod: Inventory) -> None:
    assert all(service(prod, name)["enableExecuteCommand"] is False for name in SERVICES)


def test_errors_of_a_public_service_roll_its_deployment_back(prod: Inventory) -> None:
    name = prod.one("prod-compute-gateway-error-percent", "cloudwatch:MetricAlarm").inputs["name"]
    assert service(prod, "gateway")["alarms"] == {"enable": True, "rollback": True, "alarmNames": [name]}
    assert "alarms" not in service(prod, "chat")


def test_a_deployment_alarm_is_made_once(prod: Inventory) -> None:
    alarms = [alarm.name for alarm in prod.of_type("cloudwatch:MetricAlarm")]
    assert len([name for name in alarms if name.endswith("gateway-error-percent")]) == 1


def test_a_public_service_is_checked_by_the_load_balancer_after_its_start(prod: Inventory) -> None:
    assert service(prod, "gateway")["healthCheckGracePeriodSeconds"] == 60
    assert "healthCheckGracePeriodSeconds" not in service(prod, "chat")


def test_the_number_of_copies_is_left_to_autoscaling_only_where_it_may_move(prod: Inventory) -> None:
    assert prod.one("prod-compute-worker", "ecs:Service").ignore_changes == ("desiredCount",)
    assert staging().one("prod-compute-worker", "ecs:Service").ignore_changes == ()
    assert service(prod, "worker")["desiredCount"] == 2


def test_a_callee_publishes_its_port_without_a_limit_on_long_answers() -> None:
    config = cast("Inputs", service(staging(), "chat")["serviceConnectConfiguration"])
    (published,) = cast("list[Inputs]", config["services"])
    assert published["clientAlias"] == [{"port": 8001, "dnsName": "chat"}]
    assert published["timeout"] == {"perRequestTimeoutSeconds": 0, "idleTimeoutSeconds": 333}


def test_a_caller_joins_the_namespace_and_publishes_nothing(prod: Inventory) -> None:
    config = cast("Inputs", service(prod, "gateway")["serviceConnectConfiguration"])
    assert config["enabled"] is True and "services" not in config


def test_a_service_without_calls_carries_no_proxy(prod: Inventory) -> None:
    assert "serviceConnectConfiguration" not in service(prod, "worker")


def test_a_platform_without_calls_has_no_namespace(prod: Inventory) -> None:
    assert prod.of_type("servicediscovery:HttpNamespace")
    assert not private().of_type("servicediscovery:HttpNamespace")


def test_workers_run_on_spot_outside_production_only(prod: Inventory) -> None:
    def provider(plan: Inventory, name: str) -> object:
        (strategy,) = cast("list[Inputs]", service(plan, name)["capacityProviderStrategies"])
        return strategy["capacityProvider"]

    assert provider(prod, "worker") == "FARGATE"
    assert provider(staging(), "worker") == "FARGATE_SPOT"
    assert provider(staging(), "chat") == "FARGATE"


@pytest.mark.parametrize(
    "awaited",
    [
        "prod-ingress-gateway-route",
        "prod-compute-gateway-log-grant",
        "prod-compute-capacity",
        "prod-compute-chat",
        "prod-identity-gateway-models",
    ],
)
def test_the_gateway_starts_after(prod: Inventory, awaited: str) -> None:
    assert prod.one(awaited).urn in prod.one("prod-compute-gateway", "ecs:Service").depends_on


@pytest.mark.parametrize("kind", ["ec2:VpcEndpoint", "ec2:Route", "secretsmanager:SecretVersion"])
def test_the_gateway_starts_after_its_ways_and_its_secrets(prod: Inventory, kind: str) -> None:
    assert {each.urn for each in prod.of_type(kind)} & set(prod.one("prod-compute-gateway", "ecs:Service").depends_on)


def test_the_cluster_reports_every_task_to_a_log_that_is_there_first(prod: Inventory) -> None:
    cluster = prod.one("prod-compute", "ecs:Cluster")
    assert cluster.inputs["settings"] == [{"name": "containerInsights", "value": "enhanced"}]
    assert prod.one("prod-compute-insights").urn in cluster.depends_on
    name = prod.one("prod-compute-insights").inputs["name"]
    assert name == f"/aws/ecs/containerinsights/{cluster.inputs['name']}/performance"


def test_the_disks_of_tasks_are_encrypted_with_the_data_key(prod: Inventory) -> None:
    configuration = json.dumps(prod.one("prod-compute", "ecs:Cluster").inputs["configuration"])
    assert '"fargateEphemeralStorageKmsKeyId": "<kms:Key prod-keys-data>.arn"' in configuration
