"""Search for objects with a tag: the commands of each target, its recorded answers, and what a tag cannot be."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from automation.plan.inventory import Value
from automation.recover.match import Location, ObservedObject, StateIndex
from automation.recover.missing_resources import MissingResource
from automation.recover.tag_match import match_tagged
from automation.shell import command_text
from automation.stack.document import stack_of
from automation.urn import Urn
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, import_table, tag_search
from providers.contract.cli import DeployedStack
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.tag_search import Tag, TagScope
from providers.kubernetes.import_ids import resource_of
from tests.automation.event_fixtures import urn_of
from tests.engine.fake_cloud.sdk_schema import shape_of
from tests.planning import production

ARN = "arn:aws:{}:us-west-2:111122223333:{}"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shared"
RUN = "//run.googleapis.com/projects/4711/locations/us-central1/services"
LOCATION: Location = {"account": "111122223333", "project": "acme-agents", "region": "us-west-2"}


@dataclass(frozen=True)
class Recorded:
    """Commands of a search, answers of the programs in their order, missing resources by type and name, and the matches."""

    commands: Sequence[str]
    answers: Sequence[str]
    missing: Sequence[tuple[str, str, Mapping[str, Value]]]
    matches: Mapping[str, str]
    others: Sequence[str] = ()


def row(arn: str, name: str = "") -> Mapping[str, object]:
    """Row of GetResources, as the AWS CLI prints it."""
    tags = [{"Key": "app", "Value": "agents"}, *([{"Key": "Name", "Value": name}] if name else [])]
    return {"ResourceARN": arn, "Tags": tags}


def lines(*rows: Mapping[str, str]) -> str:
    """Objects as Docker's client prints them, one on a line."""
    return "".join(f"{json.dumps(each)}\n" for each in rows)


AWS_ROWS = [
    row(ARN.format("rds", "db:agents-db")),
    row(ARN.format("ec2", "vpc/vpc-0a1"), "anything"),
    row(ARN.format("ec2", "subnet/subnet-0a1"), "prod-network-private-0"),
    row(ARN.format("ec2", "subnet/subnet-0b2"), "prod-network-private-1"),
    row(ARN.format("lambda", "function:report")),
]
AWS_COMMAND = (
    "aws resourcegroupstaggingapi get-resources --tag-filters "
    """'[{"Key": "app", "Values": ["agents"]}]' --region %s --output json"""
)
AZURE_COMMAND = (
    "az %s list --tag app=agents --subscription 00000000-0000-0000-0000-000000000001 "
    "--query '[].{id: id, name: name}' --output json"
)
KUBECTL = "kubectl --context=acme-prod --namespace=agent-platform-prod get %s --selector=app=agents --no-headers --ignore-not-found"
RECORDED: Mapping[str, Recorded] = {
    "aws": Recorded(
        commands=[AWS_COMMAND % "us-west-2", AWS_COMMAND % "us-east-1"],
        answers=[
            json.dumps({"ResourceTagMappingList": AWS_ROWS}),
            json.dumps({"ResourceTagMappingList": [row("arn:aws:s3:::acme-files")]}),
        ],
        missing=[
            ("aws:rds/instance:Instance", "prod-database", {"identifier": "prod-database-0a1b2c3"}),
            ("aws:s3/bucket:Bucket", "prod-storage", {"bucket": "prod-storage-0a1b2c3"}),
            ("aws:ec2/vpc:Vpc", "prod-network", {"cidrBlock": "10.0.0.0/16"}),
            ("aws:ec2/subnet:Subnet", "prod-network-private-0", {}),
            ("aws:ec2/subnet:Subnet", "prod-network-private-1", {}),
        ],
        matches={
            "prod-database": "agents-db",
            "prod-storage": "acme-files",
            "prod-network": "vpc-0a1",
            "prod-network-private-0": "subnet-0a1",
            "prod-network-private-1": "subnet-0b2",
        },
        others=[ARN.format("lambda", "function:report")],
    ),
    "gcp": Recorded(
        commands=[
            "gcloud asset search-all-resources --scope=projects/acme-agents --query=labels.app=agents "
            "'--format=json(name,assetType,displayName)'"
        ],
        answers=[
            json.dumps(
                [
                    {
                        "name": "//cloudsql.googleapis.com/projects/acme-agents/instances/agents-db",
                        "assetType": "sqladmin.googleapis.com/Instance",
                        "displayName": "agents-db",
                    },
                    {"name": f"{RUN}/prod-chat", "assetType": "run.googleapis.com/Service", "displayName": "prod-chat"},
                    {"name": f"{RUN}/shop", "assetType": "run.googleapis.com/Service", "displayName": "shop"},
                ]
            )
        ],
        missing=[
            ("gcp:sql/databaseInstance:DatabaseInstance", "prod-database", {"name": "prod-database-0a1b2c3"}),
            ("gcp:cloudrunv2/service:Service", "prod-chat", {"name": "prod-chat", "location": "us-central1"}),
        ],
        matches={
            "prod-database": "projects/acme-agents/instances/agents-db",
            "prod-chat": "projects/acme-agents/locations/us-central1/services/prod-chat",
        },
        others=[f"{RUN}/shop"],
    ),
    "azure": Recorded(
        commands=[AZURE_COMMAND % "resource", AZURE_COMMAND % "group"],
        answers=[
            json.dumps(
                [
                    {"id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/main", "name": "main"},
                    {"id": f"{GROUP}/providers/Microsoft.Compute/disks/data", "name": "data"},
                ]
            ),
            json.dumps([{"id": GROUP, "name": "shared"}]),
        ],
        missing=[
            ("azure-native:network:VirtualNetwork", "prod-network", {"virtualNetworkName": "main"}),
            ("azure-native:resources:ResourceGroup", "prod-group", {"resourceGroupName": "shared"}),
        ],
        matches={
            "prod-network": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/main",
            "prod-group": GROUP,
        },
        others=[f"{GROUP}/providers/Microsoft.Compute/disks/data"],
    ),
    "docker": Recorded(
        commands=[
            "docker container ls --all --no-trunc --filter label=app=agents --format '{{json .}}'",
            "docker network ls --no-trunc --filter label=app=agents --format '{{json .}}'",
            "docker volume ls --filter label=app=agents --format '{{json .}}'",
        ],
        answers=[
            lines({"ID": "9f86", "Names": "proxy", "Labels": "app=agents"}),
            "",
            lines({"Name": "prod-database-data", "Driver": "local"}, {"Name": "models", "Driver": "local"}),
        ],
        missing=[
            ("docker:index/volume:Volume", "prod-database-data", {"name": "prod-database-data-0a1b2c3"}),
            ("docker:index/network:Network", "prod-network", {}),
        ],
        matches={"prod-database-data": "prod-database-data"},
        others=["container/proxy/9f86", "volume/models/models"],
    ),
    "kubernetes": Recorded(
        commands=[
            KUBECTL % "deployments.v1.apps",
            "kubectl --context=acme-prod get namespaces --selector=app=agents --no-headers --ignore-not-found",
            KUBECTL % "secrets",
        ],
        answers=["chat   1/1   1   1   5d\nshop   1/1   1   1   5d\n", "", "openai   Opaque   1   5d\n"],
        missing=[
            (
                "kubernetes:apps/v1:Deployment",
                "prod-chat",
                {"metadata": {"name": "chat", "namespace": "agent-platform-prod"}},
            ),
            ("kubernetes:core/v1:Secret", "prod-openai", {"metadata": {"name": "prod-openai-0a1b2c3d"}}),
            ("kubernetes:core/v1:Namespace", "prod-namespace", {"metadata": {"name": "agent-platform-prod"}}),
        ],
        matches={"prod-chat": "agent-platform-prod/chat", "prod-openai": "agent-platform-prod/openai"},
        others=["kubernetes:apps/v1:Deployment/agent-platform-prod/shop"],
    ),
}


NEEDED: Mapping[str, tuple[frozenset[str], bool]] = {
    "aws": (frozenset({"tags"}), True),
    "gcp": (frozenset({"labels", "userLabels"}), False),
    "azure": (frozenset({"tags", "location"}), True),
}
"""Inputs of a type whose objects a search finds by a tag, and whether it has all of them."""
EXCEPTIONS = {
    "aws:iam/role:Role": "has tags, and the Resource Groups Tagging API leaves it out",
    "gcp:sql/databaseInstance:DatabaseInstance": "has its labels in its settings",
}


def missing_of(cloud: str) -> list[MissingResource]:
    return [
        MissingResource(Urn(urn_of(token, name)), "", "", inputs) for token, name, inputs in RECORDED[cloud].missing
    ]


def scope_of(cloud: str) -> TagScope:
    spec = stack_of("prod", {PLATFORM_KEY: production(cloud=cloud)}).spec
    types = {each.urn.type for each in missing_of(cloud)}
    regions = [spec.home_region] if cloud in ("aws", "gcp", "azure") else []
    return TagScope(DeployedStack("prod", spec), Tag("app", "agents"), regions, types)


@pytest.mark.long(reason="imports a class of the SDK for each type")
@pytest.mark.parametrize("cloud", NEEDED)
def test_the_types_that_no_tag_finds_are_those_without_tags_in_the_sdk(cloud: str) -> None:
    names, every = NEEDED[cloud]
    searched = [each.type for each in import_table(cloud).rows if each.address]
    inputs = {token: names & set(shape_of(token).inputs) for token in searched}
    untagged = {token for token, found in inputs.items() if (found != names if every else not found)}
    assert untagged ^ tag_search(cloud).untagged == EXCEPTIONS.keys() & set(searched)


def test_every_target_has_a_recorded_search() -> None:
    assert RECORDED.keys() == set(AVAILABLE)


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_commands_of_a_search_only_read(cloud: str) -> None:
    commands = [command_text(query.command) for query in tag_search(cloud).queries(scope_of(cloud))]
    assert commands == list(RECORDED[cloud].commands)


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_objects_of_the_answers_are_matched_with_the_plan(cloud: str) -> None:
    recorded, table = RECORDED[cloud], import_table(cloud)
    queries = tuple(tag_search(cloud).queries(scope_of(cloud)))
    found = [each for query, answer in zip(queries, recorded.answers, strict=True) for each in query.read(answer)]
    observed = [ObservedObject(table.found_at(each.address, each.kind, each.name, LOCATION)) for each in found]
    result = match_tagged(observed, missing_of(cloud), StateIndex(frozenset()), table, LOCATION)
    assert {each.match.missing.urn.name: each.match.identity for each in result.matches} == recorded.matches
    assert [each.object.address for each in result.left_out] == list(recorded.others)
    assert result.undecided == ()


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_an_empty_answer_has_no_objects(cloud: str) -> None:
    assert [found for query in tag_search(cloud).queries(scope_of(cloud)) for found in query.read("")] == []


@pytest.mark.parametrize("cloud", AVAILABLE)
@pytest.mark.parametrize("text", ["app", "app=", "=agents", ""])
def test_a_tag_has_a_key_and_a_value(cloud: str, text: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"--tag: no key and value\. Write --tag KEY=VALUE\."):
        tag_search(cloud).tag_of(text)


@pytest.mark.parametrize(
    ("cloud", "text", "characters"),
    [
        ("aws", "app=a,b", "letters, digits, spaces"),
        ("gcp", "App=agents", "lowercase letters"),
        ("gcp", "app=a OR b", "lowercase letters"),
        ("azure", "a?b=c", "any characters but"),
        ("docker", "a b=c", "no space or = in the key"),
        ("kubernetes", "app=a,b=c", "letters, digits"),
    ],
)
def test_a_tag_that_the_target_cannot_have_is_refused(cloud: str, text: str, characters: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"--tag: not possible as a tag on this cloud. Use {characters}"):
        tag_search(cloud).tag_of(text)


@pytest.mark.parametrize(
    ("cloud", "text"),
    [
        ("aws", "aws:cloudformation:stack-name=old app"),
        ("gcp", "team=agents_1"),
        ("azure", "cost center=a,b"),
        ("docker", "com.docker.compose.project=agents"),
        ("kubernetes", "app.kubernetes.io/part-of=agents"),
    ],
)
def test_a_tag_is_split_at_the_first_equals_sign(cloud: str, text: str) -> None:
    assert str(tag_search(cloud).tag_of(text)) == text


def test_kubectl_gets_types_with_version_and_group() -> None:
    names = [resource_of(token) for token in sorted(import_table("kubernetes").by_type)]
    assert {"secrets", "networkpolicies.v1.networking.k8s.io", "clusters.v1.postgresql.cnpg.io"} <= set(names)
