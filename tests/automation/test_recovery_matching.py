"""Which object of a cloud is which missing resource."""

from collections.abc import Mapping

import pytest

from automation.plan.inventory import Value
from automation.recover.match import (
    Known,
    Match,
    ObservedObject,
    by_inputs,
    by_likeness,
    known_in,
    likeness,
    match,
    unsearchable,
)
from automation.recover.missing import Missing
from providers import import_table
from providers.contract.import_ids import CloudObject

TABLE = import_table("aws")
PLACE = {"account": "111122223333", "region": "us-west-2"}
NOTHING = Known(frozenset())
ROLE, SUBNET, POLICY = "aws:iam/role:Role", "aws:ec2/subnet:Subnet", "aws:iam/rolePolicy:RolePolicy"
DATABASE = "aws:rds/instance:Instance"


def missing(token: str, logical_name: str, /, *, pending: bool = False, **inputs: Value) -> Missing:
    return Missing(f"urn:pulumi:prod::agent-platform::{token}::{logical_name}", "", "", inputs, pending)


def role(name: str, *, tagged: bool = False) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:iam::111122223333:role/{name}"), tagged)


def database(name: str) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:rds:us-west-2:111122223333:db:{name}"))


def subnet(identity: str) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:ec2:us-west-2:111122223333:subnet/{identity}"))


def names(matches: tuple[Match, ...]) -> list[tuple[str, str]]:
    return [(one.missing.name, one.identity) for one in matches]


def test_an_object_is_found_by_the_id_that_its_inputs_give() -> None:
    found = match(
        [database("prod-database")], [missing(DATABASE, "db", identifier="prod-database")], NOTHING, TABLE, PLACE
    )
    assert names(found.matches) == [("db", "prod-database")]


def test_an_object_is_found_by_the_name_that_a_provider_would_draw() -> None:
    wanted = [missing(ROLE, "prod-task", name="prod-task-0000000"), missing(ROLE, "prod-task-exec", name="x")]
    found = match([role("prod-task-exec-1a2b3c4"), role("prod-task-5d6e7f8")], wanted, NOTHING, TABLE, PLACE)
    assert sorted(names(found.matches)) == [
        ("prod-task", "prod-task-5d6e7f8"),
        ("prod-task-exec", "prod-task-exec-1a2b3c4"),
    ]


def test_what_was_being_created_has_its_name_and_no_other_that_could_be_drawn() -> None:
    wanted = [missing(ROLE, "prod-task", pending=True, name="prod-task-5d6e7f8")]
    found = match([role("prod-task-1a2b3c4", tagged=True)], wanted, NOTHING, TABLE, PLACE)
    assert (found.matches, len(found.unwanted)) == ((), 1)


def test_what_stands_in_the_state_is_not_looked_at() -> None:
    state: list[Mapping[str, Value]] = [
        {"urn": f"urn:pulumi:prod::agent-platform::{SUBNET}::a", "id": "subnet-1", "outputs": None}
    ]
    found = match([subnet("subnet-1")], [missing(SUBNET, "b")], known_in(state, TABLE, PLACE), TABLE, PLACE)
    assert (found.matches, found.unnamed, found.unwanted) == ((), (), ())


def test_what_the_state_knows_by_another_id_is_known_by_its_address() -> None:
    arn = "arn:aws:rds:us-west-2:111122223333:db:prod-database"
    state: list[Mapping[str, Value]] = [
        {"urn": f"urn:pulumi:prod::agent-platform::{DATABASE}::db", "id": "db-ABC", "outputs": {"arn": arn}}
    ]
    assert known_in(state, TABLE, PLACE).has(database("prod-database").found)


def test_a_second_object_with_a_drawn_name_of_the_state_is_nobodys() -> None:
    state: list[Mapping[str, Value]] = [
        {"urn": f"urn:pulumi:prod::agent-platform::{ROLE}::prod-task", "id": "prod-task-1a2b3c4", "outputs": None}
    ]
    found = match([role("prod-task-5d6e7f8")], [], known_in(state, TABLE, PLACE), TABLE, PLACE)
    assert [one.found.name for one in found.unwanted] == ["prod-task-5d6e7f8"]


def test_what_is_only_named_like_the_stack_is_left_alone() -> None:
    assert match([role("prod-somebody-elses")], [], NOTHING, TABLE, PLACE).unwanted == ()


def test_what_the_platform_does_not_make_is_left_alone() -> None:
    instance = ObservedObject(TABLE.found_at("arn:aws:ec2:us-west-2:111122223333:instance/i-1"))
    assert match([instance], [], NOTHING, TABLE, PLACE).unwanted == ()


def test_objects_without_names_are_told_apart_by_what_the_cloud_tells_of_them() -> None:
    wanted = [
        missing(SUBNET, "a", cidrBlock="10.0.0.0/24", vpcId="vpc-1", availabilityZone="us-west-2a"),
        missing(SUBNET, "b", cidrBlock="10.0.1.0/24", vpcId="vpc-1", availabilityZone="us-west-2b"),
    ]
    seen = match([subnet("subnet-1"), subnet("subnet-2")], wanted, NOTHING, TABLE, PLACE).unnamed
    first: Mapping[str, Value] = {"cidrBlock": "10.0.1.0/24", "vpcId": "vpc-1", "availabilityZone": "us-west-2b"}
    second: Mapping[str, Value] = {"cidrBlock": "10.0.0.0/24", "vpcId": "vpc-1", "availabilityZone": "us-west-2a"}
    outputs = {seen[0].found.address: first, seen[1].found.address: second}
    assert sorted(names(by_likeness(seen, wanted, outputs, TABLE))) == [("a", "subnet-2"), ("b", "subnet-1")]


def test_an_object_that_is_hardly_alike_is_not_taken() -> None:
    wanted = [missing(SUBNET, "a", cidrBlock="10.0.0.0/24", vpcId="vpc-1")]
    seen = [subnet("subnet-1")]
    outputs = {seen[0].found.address: {"cidrBlock": "10.9.0.0/24", "vpcId": "vpc-1"}}
    assert by_likeness(seen, wanted, outputs, TABLE) == ()


@pytest.mark.parametrize(("pending", "taken"), [(True, 2), (False, 0)])
def test_of_objects_that_are_alike_only_those_that_were_being_created_are_taken_in_any_order(
    pending: bool, taken: int
) -> None:
    wanted = [missing(SUBNET, name, pending=pending, vpcId="vpc-1") for name in ("a", "b")]
    seen = [subnet("subnet-1"), subnet("subnet-2")]
    outputs: dict[str, Mapping[str, Value]] = {one.found.address: {"vpcId": "vpc-1"} for one in seen}
    assert len(by_likeness(seen, wanted, outputs, TABLE)) == taken
    assert len(by_likeness(seen[:1], wanted, outputs, TABLE)) == 1


def test_an_object_whose_address_has_no_name_may_be_told_by_the_name_that_was_drawn_for_it() -> None:
    group = "aws:ec2/securityGroup:SecurityGroup"
    seen = [ObservedObject(TABLE.found_at("arn:aws:ec2:us-west-2:111122223333:security-group/sg-1"))]
    wanted = [missing(group, name, name=f"{name}-0000000", vpcId="vpc-1") for name in ("prod-web", "prod-chat")]
    outputs: dict[str, Mapping[str, Value]] = {seen[0].found.address: {"name": "prod-chat-1a2b3c4", "vpcId": "vpc-1"}}
    assert names(by_likeness(seen, wanted, outputs, TABLE)) == [("prod-chat", "sg-1")]


def test_an_object_of_which_nothing_is_told_is_not_taken() -> None:
    seen = [subnet("subnet-1")]
    assert by_likeness(seen, [missing(SUBNET, "a", cidrBlock="10.0.0.0/24")], {}, TABLE) == ()
    assert likeness({"cidrBlock": "10.0.0.0/24"}, {}) == 0


def test_what_is_secret_or_unknown_is_not_compared() -> None:
    assert likeness({"a": "[secret]", "b": "[unknown]", "c": {"d": 1}}, {"a": "x", "b": "y", "c": {"d": 1}}) == 1


def test_what_was_being_created_is_looked_for_by_its_own_id() -> None:
    wanted = missing(POLICY, "read", pending=True, role="task", name="read-1a2b3c4")
    assert names(tuple(by_inputs([wanted], [], NOTHING, TABLE, PLACE, "prod"))) == [("read", "task:read-1a2b3c4")]


def test_a_name_that_a_preview_has_drawn_is_looked_for_nowhere() -> None:
    wanted = missing(POLICY, "prod-read", role="prod-task", name="prod-read-1a2b3c4")
    assert tuple(by_inputs([wanted], [], NOTHING, TABLE, PLACE, "prod")) == ()


def test_what_does_not_carry_the_stacks_name_is_looked_for_only_on_something_of_the_stack() -> None:
    wanted = missing("aws:ec2/route:Route", "out", routeTableId="rtb-1", destinationCidrBlock="0.0.0.0/0")
    assert tuple(by_inputs([wanted], [], NOTHING, TABLE, PLACE, "prod")) == ()
    known = Known(frozenset({"rtb-1"}))
    assert names(tuple(by_inputs([wanted], [], known, TABLE, PLACE, "prod"))) == [("out", "rtb-1_0.0.0.0/0")]


def test_types_that_no_search_tells_of_are_named_unless_they_can_be_made_again() -> None:
    again = missing("aws:s3/bucketPolicy:BucketPolicy", "policy")
    drawn = missing("random:index/randomPassword:RandomPassword", "password")
    assert unsearchable([missing(POLICY, "read"), missing(ROLE, "task"), again, drawn], TABLE) == (
        missing(POLICY, "read"),
    )


def test_one_address_of_several_types_is_each_of_them() -> None:
    group = TABLE.found_at("arn:aws:ec2:us-west-2:111122223333:security-group-rule/sgr-1")
    assert len(group.identities) == 2
    assert isinstance(group, CloudObject)
