"""Objects with a tag: which resource of the stack each of them is, and what is left to decide."""

from collections.abc import Sequence

import pytest
import yaml

from automation.plan.inventory import Value
from automation.recover.handmade import chosen_matches
from automation.recover.match import ObservedObject, StateIndex, index_state
from automation.recover.missing_resources import MissingResource, in_regions
from automation.recover.tag_import import import_file, match_lines, undecided_errors
from automation.recover.tag_match import TaggedObjects, match_tagged, unsearched_types
from automation.urn import Urn
from providers import import_table, tag_search
from providers.contract.resource_traits import PASSWORD_TYPE
from providers.contract.tag_search import Tag
from tests.automation.event_fixtures import urn_of

TABLE = import_table("aws")
LOCATION = {"account": "111122223333", "region": "us-west-2"}
EMPTY = StateIndex(frozenset())
BUCKET, DATABASE, ROLE = "aws:s3/bucket:Bucket", "aws:rds/instance:Instance", "aws:iam/role:Role"
SUBNET, LOGS, RULE = "aws:ec2/subnet:Subnet", "aws:cloudwatch/logGroup:LogGroup", "aws:iam/rolePolicy:RolePolicy"
TAG = Tag("app", "agents")


def missing(token: str, name: str, /, region: str = "", **inputs: Value) -> MissingResource:
    return MissingResource(Urn(urn_of(token, name)), "", "", inputs, region=region)


def bucket(name: str) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:s3:::{name}"))


def database(name: str, region: str = "us-west-2") -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:rds:{region}:111122223333:db:{name}"))


def subnet(identity: str, name: str = "") -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:ec2:us-west-2:111122223333:subnet/{identity}", name=name))


def logs(name: str) -> ObservedObject:
    return ObservedObject(TABLE.found_at(f"arn:aws:logs:us-west-2:111122223333:log-group:{name}"))


def matched(
    observed: Sequence[ObservedObject], resources: Sequence[MissingResource], index: StateIndex = EMPTY
) -> TaggedObjects:
    return match_tagged(observed, resources, index, TABLE, LOCATION)


def ids(result: TaggedObjects) -> dict[str, tuple[str, str]]:
    return {each.match.missing.urn.name: (each.match.identity, each.reason) for each in result.matches}


def test_an_id_is_more_certain_than_a_name_and_a_name_than_a_type() -> None:
    resources = [missing(LOGS, "prod-log", name="/agents/prod"), missing(SUBNET, "prod-a"), missing(SUBNET, "prod-b")]
    result = matched([subnet("subnet-1", "prod-b"), subnet("subnet-2", "x"), logs("/agents/prod")], resources)
    assert ids(result) == {
        "prod-log": ("/agents/prod", "by its id"),
        "prod-b": ("subnet-1", "by its name"),
        "prod-a": ("subnet-2", "the only ec2:Subnet with the tag and the only one that the stack lacks"),
    }


def test_two_objects_for_one_resource_are_left_to_the_user() -> None:
    result = matched([database("blue"), database("green")], [missing(DATABASE, "prod-database")])
    assert (result.matches, result.left_out) == ((), ())
    (error,) = undecided_errors(result, "prod", str(TAG))
    assert str(error) == (
        "--tag: blue (rds:Instance) or green (rds:Instance) fit prod-database (rds:Instance). "
        "Run `agent-platform import prod --tag app=agents --write FILE`, choose in the file, and import with --from."
    )


def test_one_object_for_two_resources_is_left_to_the_user() -> None:
    result = matched([subnet("subnet-1", "web")], [missing(SUBNET, "prod-a"), missing(SUBNET, "prod-b")])
    (error,) = undecided_errors(result, "prod", str(TAG))
    assert error.problem == "subnet-1 (ec2:Subnet, web) fits prod-a (ec2:Subnet) or prod-b (ec2:Subnet)"


def test_two_objects_of_one_name_are_not_matched_by_their_type() -> None:
    objects = [subnet("subnet-1", "prod-a"), subnet("subnet-2", "prod-a"), subnet("subnet-3", "other")]
    result = matched(objects, [missing(SUBNET, "prod-a"), missing(SUBNET, "prod-b")])
    assert ids(result) == {
        "prod-b": ("subnet-3", "the only ec2:Subnet with the tag and the only one that the stack lacks")
    }
    assert [len(group.objects) for group in result.undecided] == [2]


def test_many_names_are_counted() -> None:
    resources = [missing(SUBNET, f"prod-{number}") for number in range(8)]
    (error,) = undecided_errors(matched([subnet("subnet-1")], resources), "prod", str(TAG))
    assert error.problem.endswith("prod-4 (ec2:Subnet) or 3 more")


def test_a_resource_with_another_name_of_its_own_is_not_matched_by_its_type() -> None:
    result = matched([logs("/shop/prod")], [missing(LOGS, "prod-log", name="/agents/prod")])
    assert (result.matches, result.undecided) == ((), ())
    assert [each.reason for each in result.left_out] == [
        "the stack gives its cloudwatch:LogGroup another name: /agents/prod"
    ]


def test_an_object_with_another_name_is_in_the_file_as_a_choice() -> None:
    resources = [missing(DATABASE, "prod-database", identifier="prod-database"), missing(BUCKET, "prod-storage")]
    result = matched([database("agents-db"), bucket("acme-files")], resources)
    assert [name for name in ids(result)] == ["prod-storage"]
    assert import_file(result, TAG).splitlines()[-2:] == [
        "  # these have another name than the stack sets; remove the # if the next update may rename them",
        '  # "rds:Instance prod-database": "agents-db"  # agents-db',
    ]


def test_what_is_no_resource_of_the_stack_is_left_out_with_the_reason() -> None:
    function = ObservedObject(TABLE.found_at("arn:aws:lambda:us-west-2:111122223333:function:report"))
    result = matched([function, bucket("acme-files"), database("agents-db")], [missing(DATABASE, "prod-database")])
    assert list(match_lines(result)) == [
        "prod-database (rds:Instance): agents-db, "
        "the only rds:Instance with the tag and the only one that the stack lacks",
        "arn:aws:lambda:us-west-2:111122223333:function:report: left out; the platform has no resource of its type",
        "acme-files (s3:Bucket): left out; the stack lacks no s3:Bucket",
    ]


def test_an_object_of_the_state_is_not_in_the_result() -> None:
    state = [{"type": BUCKET, "urn": urn_of(BUCKET, "prod-storage"), "id": "acme-files", "inputs": {}, "outputs": {}}]
    index = index_state(state, TABLE, LOCATION)
    assert matched([bucket("acme-files")], [missing(BUCKET, "prod-other")], index) == TaggedObjects()


def test_an_object_of_another_region_is_no_resource_of_this_one() -> None:
    resources = [
        missing(DATABASE, "prod-database", "us-west-2"),
        missing(DATABASE, "prod-us-east-1-database", "us-east-1"),
    ]
    result = matched([database("a", "us-east-1"), database("b")], resources)
    assert {name: identity for name, (identity, _) in ids(result).items()} == {
        "prod-database": "b", "prod-us-east-1-database": "a",
    }  # fmt: skip
    assert in_regions(resources, {})[0].region == ""  # a stack in one region has no regions to compare


def test_a_generated_value_is_no_object() -> None:
    assert matched([bucket("x")], [missing(PASSWORD_TYPE, "prod-password")]).matches == ()


def test_types_without_tags_are_named() -> None:
    resources = [missing(ROLE, "prod-task"), missing(RULE, "prod-task-read"), missing(BUCKET, "prod-storage"),
                 missing("aws:s3/bucketPolicy:BucketPolicy", "prod-storage"), missing(PASSWORD_TYPE, "prod-password")]  # fmt: skip
    types = unsearched_types(resources, TABLE, tag_search("aws"))
    assert types == ("iam:Role", "iam:RolePolicy")
    assert list(match_lines(TaggedObjects(unsearched=types))) == [
        "not searched by a tag: iam:Role, iam:RolePolicy; name those that exist in a file for --from"
    ]


def test_the_file_is_what_an_import_by_ids_takes() -> None:
    resources = [missing(DATABASE, "prod-database"), missing(ROLE, "prod-database"), missing(BUCKET, "prod-storage")]
    result = matched([database("agents-db"), bucket("a"), bucket("b")], resources)
    text = import_file(result, TAG)
    assert "# objects with the tag app=agents" in text
    ids = yaml.safe_load(text)["resources"]
    assert [(match.missing.urn.type, match.identity) for match in chosen_matches(ids, resources)] == [
        (DATABASE, "agents-db")
    ]
    chosen = yaml.safe_load(text.replace('# "s3:Bucket prod-storage": "b"', '"s3:Bucket prod-storage": "b"'))
    assert [match.identity for match in chosen_matches(chosen["resources"], resources)] == ["agents-db", "b"]


@pytest.mark.parametrize("name", ['a "quoted" name', "yes", "# x"])
def test_a_file_quotes_ids(name: str) -> None:
    result = matched([bucket(name)], [missing(BUCKET, "prod-storage")])
    assert list(yaml.safe_load(import_file(result, TAG))["resources"].values()) == [name]
