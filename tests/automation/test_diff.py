"""Two plans compared: rooms, counts, types on one side only, inputs property by property."""

import json

from automation.plan.diff import ComponentDiff, compare
from automation.plan.inventory import Declared, Secret
from tests.automation.declaring import INSTANCE, ROLE, SUBNET, component_resource, inventory, resource


def plan(stack: str, *made: tuple[str, str, dict[str, object]]) -> list[Declared]:
    component = component_resource("Database", f"{stack}-database", stack=stack)
    named = [
        resource(token, f"{stack}-{name}", within=component, stack=stack, **inputs) for token, name, inputs in made
    ]
    return [component, *named]


def difference(
    here: list[Declared], there: list[Declared], stacks: tuple[str, str] = ("prod", "prod")
) -> ComponentDiff:
    (component,) = compare(inventory(*here, stack=stacks[0]), inventory(*there, stack=stacks[1]))
    return component


def test_equal_plans_differ_in_nothing() -> None:
    same = plan("prod", (INSTANCE, "database", {"allocatedStorage": 100}))
    assert difference(same, same).same


def test_resources_on_one_side_are_counted_by_type() -> None:
    here = plan("prod", (INSTANCE, "database", {}), (ROLE, "database-a", {}), (ROLE, "database-b", {}))
    there = plan("prod", (INSTANCE, "database", {}), (SUBNET, "database-c", {}))
    component = difference(here, there)
    assert (component.here, component.there) == (3, 2)
    assert (component.only_here, component.only_there) == ({"iam:Role": 2}, {"ec2:Subnet": 1})


def test_an_input_that_differs_is_told_by_its_path() -> None:
    here = plan("prod", (INSTANCE, "database", {"settings": {"disk": [100]}}))
    there = plan("prod", (INSTANCE, "database", {"settings": {"disk": [50]}}))
    (change,) = difference(here, there).changes
    assert (change.type, change.path, change.here, change.there) == ("rds:Instance", "settings.disk[0]", 100, 50)


def test_an_input_on_one_side_only_is_told() -> None:
    here, there = plan("prod", (INSTANCE, "database", {"multiAz": True})), plan("prod", (INSTANCE, "database", {}))
    (change,) = difference(here, there).changes
    assert (change.path, change.here, change.there) == ("multiAz", True, None)


def test_the_name_of_a_stack_is_no_difference() -> None:
    here = plan("prod", (INSTANCE, "database", {"identifier": "prod-database", "key": "<kms:Key prod-keys>.arn"}))
    there = plan("trial", (INSTANCE, "database", {"identifier": "trial-database", "key": "<kms:Key trial-keys>.arn"}))
    assert difference(here, there, ("prod", "trial")).same


def test_a_difference_is_told_as_it_stands() -> None:
    here = plan("prod", (INSTANCE, "database", {"project": "acme-prod"}))
    there = plan("trial", (INSTANCE, "database", {"project": "acme"}))
    (change,) = difference(here, there, ("prod", "trial")).changes
    assert (change.here, change.there) == ("acme-prod", "acme")


def test_documents_are_compared_inside() -> None:
    def policy(action: str) -> str:
        return json.dumps({"Statement": [{"Effect": "Allow", "Action": action}]})

    here = plan("prod", (ROLE, "database-role", {"policy": policy("s3:GetObject")}))
    there = plan("prod", (ROLE, "database-role", {"policy": policy("s3:PutObject")}))
    (change,) = difference(here, there).changes
    assert change.path == "policy.Statement[0].Action"


def test_text_that_only_begins_like_a_document_is_compared_as_text() -> None:
    here, there = plan("prod", (ROLE, "a", {"pattern": "[error"})), plan("prod", (ROLE, "a", {"pattern": "[warning"}))
    (change,) = difference(here, there).changes
    assert change.here == "[error"


def test_a_secret_is_not_told() -> None:
    here = plan("prod", (INSTANCE, "database", {"password": Secret("hunter2")}))
    there = plan("prod", (INSTANCE, "database", {}))
    (change,) = difference(here, there).changes
    assert change.here == "[secret]"


def test_rooms_of_either_side_are_told_in_order() -> None:
    def components(*kinds: str) -> list[Declared]:
        made: list[Declared] = []
        for kind in kinds:
            component = component_resource(kind, f"prod-{kind.lower()}")
            made += [component, resource(ROLE, f"prod-{kind.lower()}-role", within=component)]
        return made

    told = compare(inventory(*components("Monitoring", "Cache")), inventory(*components("Network")))
    assert [(component.component, component.here, component.there) for component in told] == [
        ("Network", 0, 1),
        ("Cache", 1, 0),
        ("Monitoring", 1, 0),
    ]
