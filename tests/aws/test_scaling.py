"""Autoscaling on CPU, memory and requests."""

from automation.plan.inventory import Inventory
from tests.aws.plans import staging
from tests.aws.readers import json_object


def policy(plan: Inventory, part: str) -> dict[str, object]:
    inputs = plan.one(f"prod-autoscaling-{part}", "appautoscaling:Policy").inputs
    return json_object(inputs["targetTrackingScalingPolicyConfiguration"])


def metric(plan: Inventory, part: str) -> dict[str, object]:
    return json_object(policy(plan, part)["predefinedMetricSpecification"])


def test_the_desired_count_stays_between_the_bounds(prod: Inventory) -> None:
    target = prod.one("prod-autoscaling-gateway", "appautoscaling:Target").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (3, 12)
    assert target["resourceId"] == "service/prod-agents/<ecs:Service prod-compute-gateway>.name"


def test_each_target_value_is_that_of_the_spec() -> None:
    held = {part: policy(staging(), f"gateway-{part}")["targetValue"] for part in ("cpu", "memory", "requests")}
    assert held == {"cpu": 61, "memory": 62, "requests": 63}


def test_both_cooldowns_are_those_of_the_spec() -> None:
    for part in ("cpu", "memory", "requests"):
        config = policy(staging(), f"gateway-{part}")
        assert (config["scaleOutCooldown"], config["scaleInCooldown"]) == (64, 65)


def test_each_target_has_its_metric(prod: Inventory) -> None:
    assert {
        part: metric(prod, f"gateway-{part}")["predefinedMetricType"] for part in ("cpu", "memory", "requests")
    } == {
        "cpu": "ECSServiceAverageCPUUtilization",
        "memory": "ECSServiceAverageMemoryUtilization",
        "requests": "ALBRequestCountPerTarget",
    }


def test_requests_are_counted_at_the_target_group_of_the_service(prod: Inventory) -> None:
    label = metric(prod, "gateway-requests")["resourceLabel"]
    assert label == "<lb:LoadBalancer prod-ingress>.arnSuffix/<lb:TargetGroup prod-ingress-gateway>.arnSuffix"


def test_the_request_policy_depends_on_the_route(prod: Inventory) -> None:
    route = prod.one("prod-ingress-gateway-route").urn
    assert route in prod.one("prod-autoscaling-gateway-requests").depends_on


def test_a_private_service_is_not_scaled_by_requests(prod: Inventory) -> None:
    names = {policy.name for policy in prod.of_type("appautoscaling:Policy")}
    assert {name for name in names if name.endswith("-requests")} == {"prod-autoscaling-gateway-requests"}


def test_equal_bounds_have_no_autoscaling() -> None:
    names = {resource.name for resource in staging().custom if resource.type.startswith("aws:appautoscaling/")}
    assert not {name for name in names if "worker" in name}
