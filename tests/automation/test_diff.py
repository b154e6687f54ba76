"""Comparison of two plans: components, counts, types on one side only, inputs property by property."""

import json

from automation.plan.diff import ComponentDiff, compare
from automation.plan.inventory import Declared, Secret
from tests.automation.inventories import INSTANCE, ROLE, SUBNET, component_resource, inventory, resource


def plan(stack: str, *resources: tuple[str, str, dict[str, object]]) -> list[Declared]:
    component = component_resource("Database", f"{stack}-database", stack=stack)
    named = [
        resource(token, f"{stack}-{name}", within=component, stack=stack, **inputs) for token, name, inputs in resources
    ]
    return [component, *named]


def component_diff(
    left: list[Declared], right: list[Declared], stacks: tuple[str, str] = ("prod", "prod")
) -> ComponentDiff:
    (component,) = compare(inventory(*left, stack=stacks[0]), inventory(*right, stack=stacks[1]))
    return component


def test_equal_plans_have_no_difference() -> None:
    same = plan("prod", (INSTANCE, "database", {"allocatedStorage": 100}))
    assert component_diff(same, same).same


def test_resources_on_one_side_are_counted_by_type() -> None:
    left = plan("prod", (INSTANCE, "database", {}), (ROLE, "database-a", {}), (ROLE, "database-b", {}))
    right = plan("prod", (INSTANCE, "database", {}), (SUBNET, "database-c", {}))
    component = component_diff(left, right)
    assert (component.left, component.right) == (3, 2)
    assert (component.only_left, component.only_right) == ({"iam:Role": 2}, {"ec2:Subnet": 1})


def test_an_input_that_differs_is_reported_with_its_path() -> None:
    left = plan("prod", (INSTANCE, "database", {"settings": {"disk": [100]}}))
    right = plan("prod", (INSTANCE, "database", {"settings": {"disk": [50]}}))
    (change,) = component_diff(left, right).changes
    assert (change.type, change.path, change.left, change.right) == ("rds:Instance", "settings.disk[0]", 100, 50)


def test_an_input_on_one_side_only_is_reported() -> None:
    left, right = plan("prod", (INSTANCE, "database", {"multiAz": True})), plan("prod", (INSTANCE, "database", {}))
    (change,) = component_diff(left, right).changes
    assert (change.path, change.left, change.right) == ("multiAz", True, None)


def test_the_name_of_a_stack_is_no_difference() -> None:
    left = plan("prod", (INSTANCE, "database", {"identifier": "prod-database", "key": "<kms:Key prod-keys>.arn"}))
    right = plan("trial", (INSTANCE, "database", {"identifier": "trial-database", "key": "<kms:Key trial-keys>.arn"}))
    assert component_diff(left, right, ("prod", "trial")).same


def test_a_difference_has_the_original_values() -> None:
    left = plan("prod", (INSTANCE, "database", {"project": "acme-prod"}))
    right = plan("trial", (INSTANCE, "database", {"project": "acme"}))
    (change,) = component_diff(left, right, ("prod", "trial")).changes
    assert (change.left, change.right) == ("acme-prod", "acme")


def test_json_documents_are_compared_by_property() -> None:
    def policy(action: str) -> str:
        return json.dumps({"Statement": [{"Effect": "Allow", "Action": action}]})

    left = plan("prod", (ROLE, "database-role", {"policy": policy("s3:GetObject")}))
    right = plan("prod", (ROLE, "database-role", {"policy": policy("s3:PutObject")}))
    (change,) = component_diff(left, right).changes
    assert change.path == "policy.Statement[0].Action"


def test_text_that_only_begins_like_json_is_compared_as_text() -> None:
    left, right = plan("prod", (ROLE, "a", {"pattern": "[error"})), plan("prod", (ROLE, "a", {"pattern": "[warning"}))
    (change,) = component_diff(left, right).changes
    assert change.left == "[error"


def test_a_secret_is_masked() -> None:
    left = plan("prod", (INSTANCE, "database", {"password": Secret("hunter2")}))
    right = plan("prod", (INSTANCE, "database", {}))
    (change,) = component_diff(left, right).changes
    assert change.left == "[secret]"


def test_components_of_both_sides_have_the_display_order() -> None:
    def components(*kinds: str) -> list[Declared]:
        resources: list[Declared] = []
        for kind in kinds:
            component = component_resource(kind, f"prod-{kind.lower()}")
            resources += [component, resource(ROLE, f"prod-{kind.lower()}-role", within=component)]
        return resources

    diffs = compare(inventory(*components("Monitoring", "Cache")), inventory(*components("Network")))
    assert [(diff.component, diff.left, diff.right) for diff in diffs] == [
        ("Network", 0, 1),
        ("Cache", 1, 0),
        ("Monitoring", 1, 0),
    ]
