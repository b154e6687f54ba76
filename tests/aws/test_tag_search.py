"""Objects with a tag in an account that moto simulates, as the AWS CLI lists them."""

import pytest

from automation.recover.match import ObservedObject, StateIndex
from automation.recover.missing_resources import MissingResource
from automation.recover.tag_match import match_tagged
from automation.shell import LocalShell
from automation.urn import Urn
from providers import import_table, tag_search
from providers.contract.json_data import is_mapping
from providers.contract.tag_search import Tag, TagScope
from tests.automation.event_fixtures import urn_of
from tests.aws.simulated_account import ACCOUNT, REGION, Account
from tests.contract.test_live_audit import deployed

pytestmark = pytest.mark.long(reason="needs the AWS CLI and a simulated account")

TAGS = [{"Key": "app", "Value": "agents"}]
TABLE, LOCATION = import_table("aws"), {"account": ACCOUNT, "region": REGION}
MISSING = {
    "prod-database": "aws:rds/instance:Instance",
    "prod-storage": "aws:s3/bucket:Bucket",
    "prod-network": "aws:ec2/vpc:Vpc",
    "prod-network-private-0": "aws:ec2/subnet:Subnet",
    "prod-network-private-1": "aws:ec2/subnet:Subnet",
}


def create_objects(account: Account) -> dict[str, str]:
    """Create a database, a bucket, a VPC and two subnets with the tag, and a bucket without it; return ids by logical name."""
    size = {"DBInstanceClass": "db.r7g.large", "AllocatedStorage": 100, "Engine": "postgres"}
    login = {"MasterUsername": "platform", "MasterUserPassword": "simulated-password"}
    account.call("rds", "create_db_instance", DBInstanceIdentifier="agents-db", Tags=TAGS, **size, **login)
    for bucket in ("acme-files", "acme-other"):
        account.call("s3", "create_bucket", Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    account.call("s3", "put_bucket_tagging", Bucket="acme-files", Tagging={"TagSet": TAGS})
    network = created(account, "vpc", "Vpc", CidrBlock="10.0.0.0/16")
    subnets = {
        name: created(account, "subnet", "Subnet", name, VpcId=network, CidrBlock=f"10.0.{number}.0/24")
        for number, name in enumerate(("prod-network-private-0", "prod-network-private-1"))
    }
    return {"prod-database": "agents-db", "prod-storage": "acme-files", "prod-network": network, **subnets}


def created(account: Account, kind: str, key: str, name: str = "", **settings: str) -> str:
    """Create an object of EC2 with the tag, and return its ID."""
    tags = [*TAGS, *([{"Key": "Name", "Value": name}] if name else [])]
    specifications = [{"ResourceType": kind, "Tags": tags}]
    answer = account.call("ec2", f"create_{kind}", TagSpecifications=specifications, **settings)[key]
    assert is_mapping(answer)
    return str(answer[f"{key}Id"])


def test_the_objects_with_a_tag_are_the_resources_of_the_stack(account: Account) -> None:
    expected = create_objects(account)
    missing = [MissingResource(Urn(urn_of(token, name)), "", "") for name, token in MISSING.items()]
    shell = LocalShell(environment=account.environment)
    scope = TagScope(deployed("aws"), Tag("app", "agents"), [REGION], set(MISSING.values()))
    found = [each for query in tag_search("aws").queries(scope) for each in query.read(shell.output(query.command))]
    observed = {each.address: ObservedObject(TABLE.found_at(each.address, name=each.name)) for each in found}
    result = match_tagged(tuple(observed.values()), missing, StateIndex(frozenset()), TABLE, LOCATION)
    assert {each.match.missing.urn.name: each.match.identity for each in result.matches} == expected
    assert (result.undecided, result.left_out) == ((), ())
