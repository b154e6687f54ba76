"""Rollouts in steps on AWS: what the program declares at each position, refusals, and the commands of the driver."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from automation.plan.inventory import Inventory
from providers import limits
from providers.aws.cli import SERVICE_TYPE
from providers.aws.compute.revisions import StableTasks, replica_bounds
from providers.aws.compute.rollout import CONTROL
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.rollout import ResourceUpdate, RolloutPosition
from providers.contract.spec import Replicas, Service
from tests.aws.plans import IMAGE_BY_DIGEST, spec_of
from tests.aws.readers import json_object
from tests.aws.test_cli import ACCOUNT
from tests.planning import WITH_KEY, plan, production, revealed

SMOKE = {"path": "/ready?deep=1", "expect_status": 204}
CANARY = {"services.gateway.rollout": {"strategy": "canary", "steps": [10, 50, 100], "smoke": SMOKE}}
STABLE = "4 x prod-gateway:7 on port 7777"
FROM_BEFORE = f"arn:aws:ecs:us-west-2:{ACCOUNT}:task-definition/prod-gateway:7"
OF_FILE = "<ecs:TaskDefinition prod-compute-gateway-task>.arn"
GROUP, NEXT_GROUP = "<lb:TargetGroup prod-ingress-gateway>.arn", "<lb:TargetGroup prod-ingress-gateway-next>.arn"
OWN = ("prod-compute-gateway", "prod-ingress-gateway", "prod-autoscaling-gateway")
"""Beginnings of the names of what a position changes."""


@dataclass(frozen=True)
class Expected:
    """What a position declares: task definition of each ECS service, weights, least tasks, and the rule of a smoke test."""

    definitions: Mapping[str, str]
    weights: tuple[int, int]
    least: Mapping[str, int]
    smoke: bool = False


STEADY = Expected({"gateway": OF_FILE}, (100, 0), {"gateway": 3})
BESIDE = {"gateway": FROM_BEFORE, "gateway-next": OF_FILE}
FOUR = {"gateway": 4, "gateway-next": 4}
POSITIONS: Mapping[str, tuple[RolloutPosition | None, Expected]] = {
    "no rollout": (None, STEADY),
    "begin": (RolloutPosition(STABLE, 0), Expected(BESIDE, (100, 0), FOUR, smoke=True)),
    "first step": (RolloutPosition(STABLE, 10), Expected(BESIDE, (90, 10), FOUR)),
    "last step": (RolloutPosition(STABLE, 100), Expected(BESIDE, (0, 100), FOUR)),
    "replacing": (
        RolloutPosition(STABLE, 100, "replacing"),
        Expected({"gateway": OF_FILE, "gateway-next": OF_FILE}, (0, 100), FOUR),
    ),
    "held": (RolloutPosition(STABLE, 0, "held"), Expected({"gateway": FROM_BEFORE}, (100, 0), {"gateway": 3})),
}


def at(position: RolloutPosition | None, changes: Mapping[str, object] | None = None) -> Inventory:
    """Plan of production with a gateway at a position of its rollout."""
    raw = production({**CANARY, **(changes or {})}, cloud="aws")
    return plan(raw, positions={"gateway": position} if position else None)


def inputs(inventory: Inventory, type_token: str, prefix: str) -> dict[str, Mapping[str, object]]:
    """Inputs of the resources of a type by their name without the prefix."""
    found = [each for each in inventory.of_type(type_token) if each.name.startswith(f"{prefix}gateway")]
    return {each.name.removeprefix(prefix): each.inputs for each in found}


@pytest.mark.parametrize(("position", "expected"), POSITIONS.values(), ids=POSITIONS)
def test_a_position_declares_these_tasks_and_weights(position: RolloutPosition | None, expected: Expected) -> None:
    declared = at(position)
    services = inputs(declared, "ecs:Service", "prod-compute-")
    assert {name: each["taskDefinition"] for name, each in services.items()} == expected.definitions
    rules = inputs(declared, "lb:ListenerRule", "prod-ingress-")
    assert rules["gateway-route"]["actions"] == [
        {
            "type": "forward",
            "forward": {
                "targetGroups": [
                    {"arn": GROUP, "weight": expected.weights[0]},
                    {"arn": NEXT_GROUP, "weight": expected.weights[1]},
                ]
            },
        }
    ]
    targets = inputs(declared, "appautoscaling:Target", "prod-autoscaling-")
    assert {name: each["minCapacity"] for name, each in targets.items()} == expected.least
    assert ("gateway-next-test" in rules) == expected.smoke


@pytest.mark.parametrize(("position", "expected"), POSITIONS.values(), ids=POSITIONS)
def test_a_position_changes_nothing_else(position: RolloutPosition | None, expected: Expected) -> None:
    def others(inventory: Inventory) -> Mapping[str, object]:
        return {each.name: revealed(each.inputs) for each in inventory.resources if not each.name.startswith(OWN)}

    def unmoved(inventory: Inventory) -> Mapping[str, object]:
        moved = ("taskDefinition", "actions", "minCapacity")
        return {
            each.name: {key: value for key, value in each.inputs.items() if key not in moved}
            for each in inventory.resources
            if each.name.startswith(OWN) and "gateway-next" not in each.name
        }

    assert others(at(position)) == others(at(None))
    assert unmoved(at(position)) == unmoved(at(None))


def test_the_service_of_a_new_revision_differs_by_name_group_count_and_what_serves_callers() -> None:
    services = inputs(at(RolloutPosition(STABLE, 0)), "ecs:Service", "prod-compute-")
    steady = inputs(at(None), "ecs:Service", "prod-compute-")["gateway"]
    new = services["gateway-next"]
    differing = {key for key in {*new, *steady} if new.get(key) != steady.get(key)}
    assert differing == {"name", "desiredCount", "loadBalancers", "alarms"}
    assert (new["name"], new["desiredCount"]) == ("prod-gateway-next", 4)
    assert new["loadBalancers"] == [{"targetGroupArn": NEXT_GROUP, "containerName": "gateway", "containerPort": 7777}]


def test_a_new_revision_of_a_service_that_is_only_called_has_no_proxy_and_publishes_nothing() -> None:
    changes = {"services.gateway.calls": [], "services.chat.calls": ["gateway"]}
    services = inputs(at(RolloutPosition(STABLE, 0), changes), "ecs:Service", "prod-compute-")
    assert "serviceConnectConfiguration" in services["gateway"]
    assert "serviceConnectConfiguration" not in services["gateway-next"]
    both = inputs(at(RolloutPosition(STABLE, 0)), "ecs:Service", "prod-compute-")
    connected = json_object(both["gateway-next"]["serviceConnectConfiguration"])
    assert connected["enabled"] is True and "services" not in connected


def test_the_weights_change_before_the_tasks_of_a_new_revision_start_or_end() -> None:
    """The engine deletes last; what it creates or changes waits for the rule."""
    declared = at(RolloutPosition(STABLE, 0))
    (service,) = [each for each in declared.resources if each.name == "prod-compute-gateway-next"]
    needed = {urn.rpartition("::")[2] for urn in service.depends_on}
    assert {"prod-ingress-gateway-route", "prod-ingress-gateway-next-test"} <= needed


def test_a_smoke_test_reaches_its_path_alone_and_by_the_header_alone() -> None:
    rules = inputs(at(RolloutPosition(STABLE, 0)), "lb:ListenerRule", "prod-ingress-")
    smoke = rules["gateway-next-test"]
    assert smoke["conditions"] == [
        {"httpHeader": {"httpHeaderName": "x-rollout-service", "values": ["gateway"]}},
        {"pathPattern": {"values": ["/ready"]}},
    ]
    assert smoke["actions"] == [{"type": "forward", "forward": {"targetGroups": [{"arn": NEXT_GROUP, "weight": 1}]}}]
    priorities = {name: int(str(each["priority"])) for name, each in rules.items()}
    assert priorities.pop("gateway-next-test") < min(priorities.values())


def test_a_stack_without_steps_has_one_group_with_the_weight_of_earlier_releases() -> None:
    declared = plan(production(cloud="aws"))
    assert not [each.name for each in declared.resources if "-next" in each.name]
    (action,) = inputs(declared, "lb:ListenerRule", "prod-ingress-")["gateway-route"]["actions"]  # pyrefly: ignore[not-iterable]
    assert action["forward"]["targetGroups"] == [{"arn": GROUP, "weight": 1}]


def test_a_position_with_another_port_is_refused_by_the_program() -> None:
    with pytest.raises(InvalidConfiguration, match=r"services\.gateway\.port: the stable revision listens on port 80,"):
        at(RolloutPosition("4 x prod-gateway:7 on port 80", 10))


@pytest.mark.parametrize(
    ("replicas", "count", "least"),
    [((3, 12), 4, 4), ((3, 12), 2, 3), ((3, 5), 9, 5), ((2, 2), 1, 2), ((1, 4), 0, 1)],
)
def test_no_revision_has_fewer_tasks_than_the_stable_one_had(replicas: tuple[int, int], count: int, least: int) -> None:
    service = Service(image="gateway:1", replicas=Replicas(min=replicas[0], max=replicas[1]))
    position = RolloutPosition(StableTasks(count, "prod-gateway:7", 80).name, 10)
    assert replica_bounds(service, position) == (least, replicas[1])
    assert replica_bounds(service, None) == replicas


REFUSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "a worker": (
        {"services.worker.rollout": {"strategy": "canary"}},
        "services.worker.rollout.strategy: not supported on aws: canary: a worker has no requests to split. Set it to rolling.",
    ),
    "a private service": (
        {"services.chat.rollout": {"strategy": "blue_green"}},
        "services.chat.rollout.strategy: not supported on aws: blue_green: its callers reach it through Service Connect, and their requests do not pass the load balancer. Set it to rolling.",
    ),
    "sticky sessions": (
        {
            "services.ui": {
                "app": "streamlit",
                "image": IMAGE_BY_DIGEST,
                "path": "/ui",
                "rollout": {"strategy": "canary"},
            }
        },
        "services.ui.rollout.strategy: not supported on aws: canary: the cookie of a session belongs to a replica of one revision, and takes precedence over the weights. Set it to rolling.",
    ),
    "a name that is taken": (
        {**CANARY, "services.gateway-next": {"app": "fastapi", "image": IMAGE_BY_DIGEST, "path": "/n"}},
        "services.gateway-next: the ECS service of a new revision of gateway has this name during a rollout. Rename one of the services.",
    ),
    "a path that no rule can match": (
        {"services.gateway.rollout": {"strategy": "canary", "smoke": {"path": "/ready/%2A*"}}},
        'services.gateway.rollout.smoke.path: not supported on aws: no listener rule can match "/ready/%2A*". Use up to 128 letters, digits and _ - . $ / ~ " \' @ : + &.',
    ),
    "a name without space for the second group": (
        {
            "services.gatekeepers-agents": {
                **WITH_KEY,
                "image": IMAGE_BY_DIGEST,
                "path": "/g",
                "rollout": {"strategy": "canary"},
            }
        },
        "services.gatekeepers-agents: not supported on aws: the name of its target group would have 33 characters; AWS allows 32. Shorten the name of the service or the stack by 1.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_aws_cannot_do_is_refused(changes: Mapping[str, object], message: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        plan(production(changes, cloud="aws"))
    assert message in [str(each) for each in caught.value.diagnostics]


def test_errors_calls_and_senders_of_smoke_tests_are_adjusted_in_words() -> None:
    changes = {**CANARY, "services.chat.calls": ["gateway"], "services.gateway.calls": []}
    found = adjustments({**changes, "ingress.allowed_cidrs": ["203.0.113.0/24"]})
    assert "answers that the load balancer gives itself are not counted" in found["services.gateway.rollout.abort_on"]
    assert "requests of chat reach the stable revision until the end" in found["services.gateway.rollout.strategy"]
    assert "ingress.allowed_cidrs must contain its address" in found["services.gateway.rollout.smoke"]
    latency = {"services.gateway.rollout": {"strategy": "blue_green", "abort_on": ["latency_p95_seconds"]}}
    assert not [key for key in adjustments(latency) if "rollout" in key]


def adjustments(changes: Mapping[str, object]) -> Mapping[str, str]:
    """Reasons of the adjustments of production with changes, by key."""
    return {each.key: each.reason for each in limits("aws").adjustments(spec_of(changes))}


@pytest.mark.parametrize(
    ("name", "type_token", "operation", "properties", "begins"),
    [
        ("prod-compute-gateway", SERVICE_TYPE, "update", ("taskDefinition",), True),
        ("prod-compute-gateway", SERVICE_TYPE, "update", ("alarms", "taskDefinition"), True),
        ("prod-compute-gateway", SERVICE_TYPE, "update", ("desiredCount",), False),
        ("prod-compute-gateway", SERVICE_TYPE, "create", ("taskDefinition",), False),
        ("prod-compute-gateway-next", SERVICE_TYPE, "update", ("taskDefinition",), False),
        ("prod-compute-chat", SERVICE_TYPE, "update", ("taskDefinition",), False),
        ("prod-compute-gateway", "aws:ecs/taskDefinition:TaskDefinition", "update", ("taskDefinition",), False),
    ],
)
def test_only_another_task_definition_of_the_service_begins_a_rollout(
    name: str, type_token: str, operation: str, properties: tuple[str, ...], begins: bool
) -> None:
    change = ResourceUpdate(name, type_token, operation, properties)
    assert CONTROL.changes_revision("prod", "gateway", change) is begins


def test_a_step_updates_every_resource_that_a_position_changes() -> None:
    """An abort in the middle returns all of them, and the engine refuses to delete what another resource needs."""
    changed = {
        each.name
        for position, _ in POSITIONS.values()
        for each in at(position).custom
        if each.name.startswith(OWN) and "task" not in each.name
    }
    standing = {"prod-ingress-gateway", "prod-ingress-gateway-next", "prod-compute-gateway-log"}
    assert set(CONTROL.resources("prod", "gateway")) == {
        name for name in changed - standing if not name.endswith(("-log-grant", "-percent"))
    }
