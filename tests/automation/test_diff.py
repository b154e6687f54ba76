"""Two plans compared: rooms, counts, types on one side only, inputs property by property."""

import json

from automation.plan.diff import ComponentDiff, compare
from automation.plan.inventory import Declared, Secret
from tests.automation.declaring import INSTANCE, ROLE, SUBNET, component, inventory, resource


def plan(stack: str, *made: tuple[str, str, dict[str, object]]) -> list[Declared]:
    room = component("Database", f"{stack}-database", stack=stack)
    named = [resource(token, f"{stack}-{name}", within=room, stack=stack, **inputs) for token, name, inputs in made]
    return [room, *named]


def difference(
    here: list[Declared], there: list[Declared], stacks: tuple[str, str] = ("prod", "prod")
) -> ComponentDiff:
    (room,) = compare(inventory(*here, stack=stacks[0]), inventory(*there, stack=stacks[1]))
    return room


def test_equal_plans_differ_in_nothing() -> None:
    same = plan("prod", (INSTANCE, "database", {"allocatedStorage": 100}))
    assert difference(same, same).same


def test_resources_on_one_side_are_counted_by_type() -> None:
    here = plan("prod", (INSTANCE, "database", {}), (ROLE, "database-a", {}), (ROLE, "database-b", {}))
    there = plan("prod", (INSTANCE, "database", {}), (SUBNET, "database-c", {}))
    room = difference(here, there)
    assert (room.here, room.there) == (3, 2)
    assert (room.only_here, room.only_there) == ({"iam:Role": 2}, {"ec2:Subnet": 1})


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
    def rooms(*kinds: str) -> list[Declared]:
        made: list[Declared] = []
        for kind in kinds:
            room = component(kind, f"prod-{kind.lower()}")
            made += [room, resource(ROLE, f"prod-{kind.lower()}-role", within=room)]
        return made

    told = compare(inventory(*rooms("Monitoring", "Cache")), inventory(*rooms("Network")))
    assert [(room.room, room.here, room.there) for room in told] == [
        ("Network", 0, 1),
        ("Cache", 1, 0),
        ("Monitoring", 1, 0),
    ]
