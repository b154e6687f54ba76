"""Matches between the objects of a cloud and the missing resources."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from automation.plan.inventory import Value
from automation.recover.match import (
    Match,
    ObservedObject,
    StateIndex,
    index_state,
    match_by_inputs,
    match_by_similarity,
    match_objects,
    similarity,
    unsearchable,
)
from automation.recover.missing_resources import MissingResource, in_regions, region_names, region_of
from automation.urn import Urn
from providers import import_table
from providers.contract.import_ids import CloudObject

TABLE = import_table("aws")
LOCATION = {"account": "111122223333", "region": "us-west-2"}
EMPTY = StateIndex(frozenset())
ROLE, SUBNET, POLICY = "aws:iam/role:Role", "aws:ec2/subnet:Subnet", "aws:iam/rolePolicy:RolePolicy"
DATABASE = "aws:rds/instance:Instance"


def missing(token: str, logical_name: str, /, *, pending: bool = False, **inputs: Value) -> MissingResource:
    return MissingResource(Urn(f"urn:pulumi:prod::agent-platform::{token}::{logical_name}"), "", "", inputs, pending)


def role(name: str, *, tagged: bool = False) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:iam::111122223333:role/{name}"), tagged)


def database(name: str) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:rds:us-west-2:111122223333:db:{name}"))


def subnet(identity: str) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:ec2:us-west-2:111122223333:subnet/{identity}"))


def names(matches: tuple[Match, ...]) -> list[tuple[str, str]]:
    return [(match.missing.urn.name, match.identity) for match in matches]


def test_an_object_is_matched_by_the_id_that_follows_from_the_inputs() -> None:
    result = match_objects(
        [database("prod-database")], [missing(DATABASE, "db", identifier="prod-database")], EMPTY, TABLE, LOCATION
    )
    assert names(result.matches) == [("db", "prod-database")]


def test_an_object_is_matched_by_the_name_that_a_provider_would_generate() -> None:
    resources = [missing(ROLE, "prod-task", name="prod-task-0000000"), missing(ROLE, "prod-task-exec", name="x")]
    result = match_objects(
        [role("prod-task-exec-1a2b3c4"), role("prod-task-5d6e7f8")], resources, EMPTY, TABLE, LOCATION
    )
    assert sorted(names(result.matches)) == [
        ("prod-task", "prod-task-5d6e7f8"),
        ("prod-task-exec", "prod-task-exec-1a2b3c4"),
    ]


def test_a_pending_creation_is_matched_by_its_generated_name_only() -> None:
    resources = [missing(ROLE, "prod-task", pending=True, name="prod-task-5d6e7f8")]
    result = match_objects([role("prod-task-1a2b3c4", tagged=True)], resources, EMPTY, TABLE, LOCATION)
    assert (result.matches, len(result.unmatched)) == ((), 1)


def test_an_object_in_the_state_is_ignored() -> None:
    state: list[Mapping[str, Value]] = [
        {"urn": f"urn:pulumi:prod::agent-platform::{SUBNET}::a", "id": "subnet-1", "outputs": None}
    ]
    result = match_objects(
        [subnet("subnet-1")], [missing(SUBNET, "b")], index_state(state, TABLE, LOCATION), TABLE, LOCATION
    )
    assert (result.matches, result.unnamed, result.unmatched) == ((), (), ())


STANDBY = "us-east-1"
REGIONS = region_names("prod", ("us-west-2", STANDBY))
PROVIDER = "urn:pulumi:prod::agent-platform::agent-platform:index:AgentPlatform$pulumi:providers:aws::prod-{}"
HERE, THERE = (PROVIDER.format(region) for region in ("us-west-2", STANDBY))


def database_in(region: str) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:rds:{region}:111122223333:db:prod-database"))


@pytest.mark.parametrize("order", [1, -1])
def test_databases_of_two_regions_with_one_name_are_matched_by_the_regions_of_their_providers(order: int) -> None:
    resources = in_regions(
        (
            replace(missing(DATABASE, "prod-database", identifier="prod-database"), provider=HERE),
            replace(missing(DATABASE, f"prod-{STANDBY}-database", identifier="prod-database"), provider=THERE),
        ),
        REGIONS,
    )
    observed = [database_in("us-west-2"), database_in(STANDBY)][::order]
    result = match_objects(observed, resources, EMPTY, TABLE, LOCATION)
    assert {
        match.missing.urn.name: match.observed.address.split(":")[3] for match in result.matches if match.observed
    } == {
        "prod-database": "us-west-2",
        f"prod-{STANDBY}-database": STANDBY,
    }
    assert (result.unnamed, result.unmatched) == ((), ())


def test_an_object_of_one_region_is_not_taken_for_the_one_in_the_state_of_the_other() -> None:
    state: list[Mapping[str, Value]] = [
        {
            "urn": f"urn:pulumi:prod::agent-platform::{DATABASE}::prod-database",
            "id": "prod-database",
            "provider": f"{HERE}::1a2b",
            "outputs": None,
        }
    ]
    index = index_state(state, TABLE, LOCATION, REGIONS)
    assert index.contains(database_in("us-west-2").cloud_object)
    assert not index.contains(database_in(STANDBY).cloud_object)
    assert index_state(state, TABLE, LOCATION).contains(database_in(STANDBY).cloud_object), (
        "one region: no region counts"
    )


def test_a_resource_is_in_the_region_of_its_inputs_or_of_its_provider() -> None:
    assert region_of(THERE, {}, REGIONS) == STANDBY
    assert region_of(THERE, {"region": "us-west-2"}, REGIONS) == "us-west-2"
    assert region_of(THERE, {"region": "eu-west-1"}, REGIONS) == STANDBY, "a setting of another kind"
    assert region_of("urn:pulumi:prod::p::pulumi:providers:random::default", {}, REGIONS) == ""
    assert region_of(THERE, {}, region_names("prod", ("us-west-2",))) == ""


ADDRESSES = {
    "arn:aws:rds:us-east-1:111122223333:db:prod-database": ("aws", "us-east-1"),
    "arn:aws:iam::111122223333:role/prod": ("aws", ""),
    "//run.googleapis.com/projects/acme/locations/us-east1/services/prod-gateway": ("gcp", "us-east1"),
    "//compute.googleapis.com/projects/acme/regions/us-east1/subnetworks/prod": ("gcp", "us-east1"),
    "//certificatemanager.googleapis.com/projects/acme/locations/global/certificates/prod": ("gcp", ""),
    "/subscriptions/s/resourceGroups/prod/providers/Microsoft.App/containerApps/gateway": ("azure", ""),
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.items())
def test_the_region_of_an_address(address: str, expected: tuple[str, str]) -> None:
    cloud, region = expected
    assert import_table(cloud).region_of(address) == region


def test_an_object_with_another_id_in_the_state_is_recognized_by_its_address() -> None:
    arn = "arn:aws:rds:us-west-2:111122223333:db:prod-database"
    state: list[Mapping[str, Value]] = [
        {"urn": f"urn:pulumi:prod::agent-platform::{DATABASE}::db", "id": "db-ABC", "outputs": {"arn": arn}}
    ]
    assert index_state(state, TABLE, LOCATION).contains(database("prod-database").cloud_object)


def test_a_second_object_with_a_generated_name_of_the_state_is_unmatched() -> None:
    state: list[Mapping[str, Value]] = [
        {"urn": f"urn:pulumi:prod::agent-platform::{ROLE}::prod-task", "id": "prod-task-1a2b3c4", "outputs": None}
    ]
    result = match_objects([role("prod-task-5d6e7f8")], [], index_state(state, TABLE, LOCATION), TABLE, LOCATION)
    assert [each.cloud_object.name for each in result.unmatched] == ["prod-task-5d6e7f8"]


def test_an_untagged_object_with_a_name_like_the_stack_is_ignored() -> None:
    assert match_objects([role("prod-of-another-team")], [], EMPTY, TABLE, LOCATION).unmatched == ()


def test_a_type_that_the_platform_does_not_create_is_ignored() -> None:
    instance = ObservedObject(TABLE.found_at("arn:aws:ec2:us-west-2:111122223333:instance/i-1"))
    assert match_objects([instance], [], EMPTY, TABLE, LOCATION).unmatched == ()


def test_objects_without_names_are_matched_by_their_outputs() -> None:
    resources = [
        missing(SUBNET, "a", cidrBlock="10.0.0.0/24", vpcId="vpc-1", availabilityZone="us-west-2a"),
        missing(SUBNET, "b", cidrBlock="10.0.1.0/24", vpcId="vpc-1", availabilityZone="us-west-2b"),
    ]
    observed = match_objects([subnet("subnet-1"), subnet("subnet-2")], resources, EMPTY, TABLE, LOCATION).unnamed
    first: Mapping[str, Value] = {"cidrBlock": "10.0.1.0/24", "vpcId": "vpc-1", "availabilityZone": "us-west-2b"}
    second: Mapping[str, Value] = {"cidrBlock": "10.0.0.0/24", "vpcId": "vpc-1", "availabilityZone": "us-west-2a"}
    outputs = {observed[0].address: first, observed[1].address: second}
    assert sorted(names(match_by_similarity(observed, resources, outputs, TABLE))) == [
        ("a", "subnet-2"),
        ("b", "subnet-1"),
    ]


def test_an_object_below_the_minimum_similarity_is_not_matched() -> None:
    resources = [missing(SUBNET, "a", cidrBlock="10.0.0.0/24", vpcId="vpc-1")]
    observed = [subnet("subnet-1")]
    outputs = {observed[0].address: {"cidrBlock": "10.9.0.0/24", "vpcId": "vpc-1"}}
    assert match_by_similarity(observed, resources, outputs, TABLE) == ()


@pytest.mark.parametrize(("pending", "number"), [(True, 2), (False, 0)])
def test_equally_similar_objects_are_matched_only_to_pending_creations(pending: bool, number: int) -> None:
    resources = [missing(SUBNET, name, pending=pending, vpcId="vpc-1") for name in ("a", "b")]
    observed = [subnet("subnet-1"), subnet("subnet-2")]
    outputs: dict[str, Mapping[str, Value]] = {each.address: {"vpcId": "vpc-1"} for each in observed}
    assert len(match_by_similarity(observed, resources, outputs, TABLE)) == number
    assert len(match_by_similarity(observed[:1], resources, outputs, TABLE)) == 1


def test_an_object_without_a_name_in_its_address_is_matched_by_the_generated_name_in_its_outputs() -> None:
    group = "aws:ec2/securityGroup:SecurityGroup"
    observed = [ObservedObject(TABLE.found_at("arn:aws:ec2:us-west-2:111122223333:security-group/sg-1"))]
    resources = [missing(group, name, name=f"{name}-0000000", vpcId="vpc-1") for name in ("prod-web", "prod-chat")]
    outputs: dict[str, Mapping[str, Value]] = {observed[0].address: {"name": "prod-chat-1a2b3c4", "vpcId": "vpc-1"}}
    assert names(match_by_similarity(observed, resources, outputs, TABLE)) == [("prod-chat", "sg-1")]


def test_an_object_without_outputs_is_not_matched() -> None:
    observed = [subnet("subnet-1")]
    assert match_by_similarity(observed, [missing(SUBNET, "a", cidrBlock="10.0.0.0/24")], {}, TABLE) == ()
    assert similarity({"cidrBlock": "10.0.0.0/24"}, {}) == 0


def test_secret_and_unknown_inputs_are_not_compared() -> None:
    assert similarity({"a": "[secret]", "b": "[unknown]", "c": {"d": 1}}, {"a": "x", "b": "y", "c": {"d": 1}}) == 1


def test_a_pending_creation_is_matched_by_the_id_of_its_inputs() -> None:
    resources = missing(POLICY, "read", pending=True, role="task", name="read-1a2b3c4")
    assert names(tuple(match_by_inputs([resources], [], EMPTY, TABLE, LOCATION, "prod"))) == [
        ("read", "task:read-1a2b3c4")
    ]


def test_a_name_that_a_preview_generated_is_not_matched() -> None:
    resources = missing(POLICY, "prod-read", role="prod-task", name="prod-read-1a2b3c4")
    assert tuple(match_by_inputs([resources], [], EMPTY, TABLE, LOCATION, "prod")) == ()


def test_an_id_without_the_stack_name_is_matched_only_with_a_resource_of_the_state() -> None:
    resources = missing("aws:ec2/route:Route", "out", routeTableId="rtb-1", destinationCidrBlock="0.0.0.0/0")
    assert tuple(match_by_inputs([resources], [], EMPTY, TABLE, LOCATION, "prod")) == ()
    index = StateIndex(frozenset({"rtb-1"}))
    assert names(tuple(match_by_inputs([resources], [], index, TABLE, LOCATION, "prod"))) == [
        ("out", "rtb-1_0.0.0.0/0")
    ]


def test_types_that_no_search_returns_are_reported_unless_their_creation_is_idempotent() -> None:
    idempotent = missing("aws:s3/bucketPolicy:BucketPolicy", "policy")
    local = missing("random:index/randomPassword:RandomPassword", "password")
    assert unsearchable([missing(POLICY, "read"), missing(ROLE, "task"), idempotent, local], TABLE) == (
        missing(POLICY, "read"),
    )


def test_an_address_of_several_types_has_an_id_for_each() -> None:
    group = TABLE.found_at("arn:aws:ec2:us-west-2:111122223333:security-group-rule/sgr-1")
    assert len(group.identities) == 2
    assert isinstance(group, CloudObject)
