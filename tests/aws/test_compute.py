"""ECS services: placement, deployments, Service Connect and dependencies."""

import json

import pytest

from automation.plan.inventory import Inventory
from providers.aws.compute.service import steady_state_timeout
from tests.aws.plans import private, staging
from tests.aws.readers import json_object, json_objects, strings
from tests.engine.fake_cloud.steps import steps
from tests.planning import plan, production

Inputs = dict[str, object]
SERVICES = ("gateway", "chat", "worker")


def service(plan: Inventory, name: str) -> Inputs:
    return json_object(plan.one(f"prod-compute-{name}", "ecs:Service").inputs)


def test_tasks_have_no_public_address(prod: Inventory) -> None:
    for name in SERVICES:
        network = json_object(service(prod, name)["networkConfiguration"])
        assert network["assignPublicIp"] is False
        assert all("private" in subnet for subnet in strings(network["subnets"]))
        assert network["securityGroups"] == [f"<ec2:SecurityGroup prod-network-service-{name}>.id"]


def test_a_deployment_keeps_all_tasks_and_rolls_back_on_failure(prod: Inventory) -> None:
    for name in SERVICES:
        inputs = service(prod, name)
        assert (inputs["deploymentMinimumHealthyPercent"], inputs["deploymentMaximumPercent"]) == (100, 200)
        assert inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}


def test_up_waits_for_the_steady_state(prod: Inventory) -> None:
    assert all(service(prod, name)["waitForSteadyState"] is True for name in SERVICES)


@pytest.mark.parametrize(("drain_seconds", "timeout"), [(0, "30m"), (61, "32m"), (3600, "90m")])
def test_up_also_waits_for_the_load_balancer_to_drain(drain_seconds: int, timeout: str) -> None:
    assert steady_state_timeout(drain_seconds) == timeout


def test_tasks_are_rebalanced_across_zones(prod: Inventory) -> None:
    assert all(service(prod, name)["availabilityZoneRebalancing"] == "ENABLED" for name in SERVICES)


def test_ecs_exec_is_disabled(prod: Inventory) -> None:
    assert all(service(prod, name)["enableExecuteCommand"] is False for name in SERVICES)


def test_errors_of_a_public_service_roll_its_deployment_back(prod: Inventory) -> None:
    name = prod.one("prod-compute-gateway-error-percent", "cloudwatch:MetricAlarm").inputs["name"]
    assert service(prod, "gateway")["alarms"] == {"enable": True, "rollback": True, "alarmNames": [name]}
    assert "alarms" not in service(prod, "chat")


def test_a_deployment_alarm_is_declared_once(prod: Inventory) -> None:
    alarms = [alarm.name for alarm in prod.of_type("cloudwatch:MetricAlarm")]
    assert len([name for name in alarms if name.endswith("gateway-error-percent")]) == 1


def test_only_a_public_service_has_a_grace_period_for_load_balancer_checks(prod: Inventory) -> None:
    assert service(prod, "gateway")["healthCheckGracePeriodSeconds"] == 60
    assert "healthCheckGracePeriodSeconds" not in service(prod, "chat")


def test_the_desired_count_is_left_to_autoscaling_only_with_unequal_bounds(prod: Inventory) -> None:
    assert prod.one("prod-compute-worker", "ecs:Service").ignore_changes == ("desiredCount",)
    assert staging().one("prod-compute-worker", "ecs:Service").ignore_changes == ()
    assert service(prod, "worker")["desiredCount"] == 2


def test_a_callee_publishes_its_port_without_a_request_timeout() -> None:
    config = json_object(service(staging(), "chat")["serviceConnectConfiguration"])
    (published,) = json_objects(config["services"])
    assert published["clientAlias"] == [{"port": 8001, "dnsName": "chat"}]
    assert published["timeout"] == {"perRequestTimeoutSeconds": 0, "idleTimeoutSeconds": 333}


def test_a_caller_joins_the_namespace_and_publishes_nothing(prod: Inventory) -> None:
    config = json_object(service(prod, "gateway")["serviceConnectConfiguration"])
    assert config["enabled"] is True and "services" not in config


def test_a_service_without_calls_has_no_proxy(prod: Inventory) -> None:
    assert "serviceConnectConfiguration" not in service(prod, "worker")


def test_a_platform_without_calls_has_no_namespace(prod: Inventory) -> None:
    assert prod.of_type("servicediscovery:HttpNamespace")
    assert not private().of_type("servicediscovery:HttpNamespace")


def test_workers_run_on_spot_outside_production_only(prod: Inventory) -> None:
    def provider(plan: Inventory, name: str) -> object:
        (strategy,) = json_objects(service(plan, name)["capacityProviderStrategies"])
        return strategy["capacityProvider"]

    assert provider(prod, "worker") == "FARGATE"
    assert provider(staging(), "worker") == "FARGATE_SPOT"
    assert provider(staging(), "chat") == "FARGATE"


def test_a_worker_that_gets_a_port_or_another_profile_changes_its_capacity_in_place() -> None:
    worker, others = "prod-compute-worker", {"profile": "staging"}
    spot = plan(production(others, "aws"))
    for changed in (production({**others, "services.worker.port": 9000}, "aws"), production(cloud="aws")):
        for before, after in ((spot, plan(changed)), (plan(changed), spot)):
            (step,) = (each for each in steps(before, after) if each.name == worker)
            assert "capacityProviderStrategies" in step.properties
            assert (step.operation, step.refusal) == ("update", "")


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
def test_the_gateway_depends_on(prod: Inventory, awaited: str) -> None:
    assert prod.one(awaited).urn in prod.one("prod-compute-gateway", "ecs:Service").depends_on


@pytest.mark.parametrize("kind", ["ec2:VpcEndpoint", "ec2:Route", "secretsmanager:SecretVersion"])
def test_the_gateway_depends_on_routes_endpoints_and_secrets(prod: Inventory, kind: str) -> None:
    assert {each.urn for each in prod.of_type(kind)} & set(prod.one("prod-compute-gateway", "ecs:Service").depends_on)


def test_a_service_depends_on_the_rules_of_its_own_flows_only(prod: Inventory) -> None:
    rules = {rule.urn: rule.name for rule in prod.resources if rule.short_type.startswith("vpc:SecurityGroup")}
    for name in ("gateway", "chat", "worker"):
        depends_on = prod.one(f"prod-compute-{name}", "ecs:Service").depends_on
        own = {urn for urn, rule in rules.items() if f"service-{name}-" in rule}
        assert own and own == rules.keys() & set(depends_on), name


def test_container_insights_writes_to_a_log_group_that_exists_first(prod: Inventory) -> None:
    cluster = prod.one("prod-compute", "ecs:Cluster")
    assert cluster.inputs["settings"] == [{"name": "containerInsights", "value": "enhanced"}]
    assert prod.one("prod-compute-insights").urn in cluster.depends_on
    name = prod.one("prod-compute-insights").inputs["name"]
    assert name == f"/aws/ecs/containerinsights/{cluster.inputs['name']}/performance"


def test_the_disks_of_tasks_are_encrypted_with_the_data_key(prod: Inventory) -> None:
    configuration = json.dumps(prod.one("prod-compute", "ecs:Cluster").inputs["configuration"])
    assert '"fargateEphemeralStorageKmsKeyId": "<kms:Key prod-keys-data>.arn"' in configuration
