"""Checks of the doctor on what exists already: network and registry by the cloud's command line, and hosts of data stores."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.engine.checks import existing_resources as existing
from automation.engine.dns import RESOLVERS
from automation.engine.findings import CheckInput, Finding
from automation.engine.network import HttpReply
from automation.plan.existing_keys import AZURE_FIELDS, AZURE_VNET, SUBNETS, VPC
from automation.plan.existing_places import ARN, EXISTING_REGISTRIES
from automation.processes import CompletedCommand
from automation.stack.document import Stack
from tests.automation.check_inputs import check_input, replies, stack, tool

DATA: Mapping[str, object] = {
    "services.web.path": "/",
    "database": {},
    "services.web.uses": ["database"],
    "network.egress": "single",
}
NETWORKS: Mapping[str, Mapping[str, object]] = {
    "aws": {"vpc_id": VPC, **{f"{tier}_subnet_ids": ids for tier, ids in SUBNETS.items()}},
    "gcp": {"network": "shared", "subnetwork": "agents", "private_range": "services"},
    "azure": {name: f"{AZURE_VNET}/subnets/{name}" for name in AZURE_FIELDS[:3]},
}
Replies = dict[str, object]
TARGETS: Mapping[str, Mapping[str, str]] = {
    "public": {"GatewayId": "igw-1"}, "private": {"NatGatewayId": "nat-1"}, "database": {},
}  # fmt: skip


def connected(cloud: str, block: Mapping[str, object] | None = None) -> Stack:
    return stack(cloud, {**DATA, "network.existing": {cloud: dict(block or NETWORKS[cloud])}})


def described_vpc() -> Replies:
    """Answers of the AWS CLI about a VPC that fits."""
    subnets = [
        {
            "SubnetId": identity, "AvailabilityZone": f"us-west-2{'ab'[zone]}", "CidrBlock": "10.0.0.0/20",
            "AvailableIpAddressCount": 4000, "Ipv6Native": False, "Tags": [{"Key": "tier", "Value": tier}],
        }
        for tier, ids in SUBNETS.items()
        for zone, identity in enumerate(ids)
    ]  # fmt: skip
    tables = [
        {
            "RouteTableId": f"rtb-{tier}",
            "Associations": [{"SubnetId": each, "Main": False} for each in ids],
            "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, *_default(tier)],
        }
        for tier, ids in SUBNETS.items()
    ]
    return {
        "aws ec2 describe-vpcs": {"Vpcs": [{"VpcId": VPC}]},
        "aws ec2 describe-subnets": {"Subnets": subnets},
        "aws ec2 describe-route-tables": {"RouteTables": tables},
        "aws ec2 describe-network-interfaces": {"NetworkInterfaces": []},
        f"aws ec2 describe-vpc-attribute --vpc-id {VPC} --attribute enableDnsSupport": {
            "EnableDnsSupport": {"Value": True}
        },
        f"aws ec2 describe-vpc-attribute --vpc-id {VPC} --attribute enableDnsHostnames": {
            "EnableDnsHostnames": {"Value": True}
        },
    }


def _default(tier: str) -> list[Mapping[str, str]]:
    return [{"DestinationCidrBlock": "0.0.0.0/0", **TARGETS[tier]}] if TARGETS[tier] else []


def described_network() -> Replies:
    """Answers of the Google Cloud CLI about a network that fits."""
    path = "https://www.googleapis.com/compute/v1/projects/acme-agents/global/networks/shared"
    subnet = {
        "name": "agents",
        "ipCidrRange": "10.0.0.0/20",
        "network": path,
        "privateIpGoogleAccess": True,
        "stackType": "IPV4_ONLY",
    }
    return {
        "gcloud compute networks list": [{"name": "shared"}],
        "gcloud compute networks subnets list": [subnet],
        "gcloud compute addresses describe": {
            "address": "10.64.0.0",
            "prefixLength": 16,
            "purpose": "VPC_PEERING",
            "network": path,
        },
        "gcloud dns managed-zones list": [{"dnsName": "run.app.", "visibility": "private"}],
    }


def described_vnet() -> Replies:
    """Answer of the Azure CLI about a VNet that fits."""
    delegations = {
        AZURE_FIELDS[0]: "Microsoft.App/environments",
        AZURE_FIELDS[1]: "Microsoft.DBforPostgreSQL/flexibleServers",
    }
    endpoints = ("Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.Storage")
    subnets = [
        {
            "name": name, "addressPrefix": f"10.0.{16 * number}.0/20", "addressPrefixes": None,
            "delegations": [{"serviceName": delegations[name]}] if name in delegations else [],
            "serviceEndpoints": [{"service": each} for each in endpoints], "natGateway": {"id": "nat"}, "routeTable": None,
        }
        for number, name in enumerate(AZURE_FIELDS)
    ]  # fmt: skip
    return {"az network vnet show": {"location": "westus3", "subnets": subnets}}


DESCRIBED = {"aws": described_vpc, "gcp": described_network, "azure": described_vnet}


def checked(folder: Path, used: Stack, documents: Mapping[str, object]) -> Finding:
    return existing.check_existing_network(facts(folder, documents), used)


def facts(folder: Path, documents: Mapping[str, object]) -> CheckInput:
    printed = {command: CompletedCommand(0, json.dumps(document), "") for command, document in documents.items()}
    return check_input(folder, run_tool=tool(printed))


@pytest.mark.parametrize("cloud", DESCRIBED)
def test_a_network_that_fits_is_ok(tmp_path: Path, cloud: str) -> None:
    assert (
        str(checked(tmp_path, connected(cloud), DESCRIBED[cloud]())) == "existing network: zones, routes and sizes fit."
    )


@pytest.mark.parametrize("cloud", DESCRIBED)
def test_without_an_answer_the_update_is_the_first_to_read_the_network(tmp_path: Path, cloud: str) -> None:
    for documents in ({}, {each: "nonsense" for each in DESCRIBED[cloud]()}):
        finding = checked(tmp_path, connected(cloud), documents)
        assert finding.verdict == "unknown"
        assert "the update reads it" in finding.observed
        assert finding.fix.startswith("run `")


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure", "docker", "kubernetes"])
def test_a_platform_with_its_own_network_needs_no_command(tmp_path: Path, cloud: str) -> None:
    assert existing.check_existing_network(check_input(tmp_path), stack(cloud)).verdict == "ok"


def _first(documents: Replies, command: str, kind: str) -> dict[str, object]:
    document = documents[command]
    assert isinstance(document, dict)
    return document[kind][0]


def full_subnet() -> Replies:
    documents = described_vpc()
    _first(documents, "aws ec2 describe-subnets", "Subnets")["AvailableIpAddressCount"] = 2
    return documents


def no_route() -> Replies:
    documents = described_vpc()
    _first(documents, "aws ec2 describe-route-tables", "RouteTables")["Routes"] = []
    return documents


def no_dns() -> Replies:
    command = f"aws ec2 describe-vpc-attribute --vpc-id {VPC} --attribute enableDnsSupport"
    return {**described_vpc(), command: {"EnableDnsSupport": {"Value": False}}}


def two_in_a_zone() -> Replies:
    documents = described_vpc()
    _first(documents, "aws ec2 describe-subnets", "Subnets")["AvailabilityZone"] = "us-west-2b"
    return documents


def no_vpc() -> Replies:
    return {**described_vpc(), "aws ec2 describe-vpcs": {"Vpcs": []}}


def no_delegation() -> Replies:
    documents = described_vnet()
    _first(documents, "az network vnet show", "subnets")["delegations"] = None
    return documents


def no_gateway() -> Replies:
    documents = described_vnet()
    _first(documents, "az network vnet show", "subnets")["natGateway"] = None
    return documents


def no_subnet() -> Replies:
    documents = described_vnet()
    _first(documents, "az network vnet show", "subnets")["name"] = "other"
    return documents


def other_purpose() -> Replies:
    documents = described_network()
    path = documents["gcloud compute addresses describe"]
    assert isinstance(path, dict)
    return {**documents, "gcloud compute addresses describe": {**path, "purpose": "VPC_NONE"}}


def no_gcp_subnet() -> Replies:
    return {**described_network(), "gcloud compute networks subnets list": []}


UNFIT: Mapping[str, tuple[str, Replies, str]] = {
    "a full subnet": (
        "aws",
        full_subnet(),
        f"network.existing.aws.public_subnet_ids: {SUBNETS['public'][0]} has 2 free addresses",
    ),
    "no route": (
        "aws",
        no_route(),
        f"network.existing.aws.public_subnet_ids: {SUBNETS['public'][0]} has no route for 0.0.0.0/0",
    ),
    "no DNS": ("aws", no_dns(), f"network.existing.aws.vpc_id: DNS support of {VPC} is off"),
    "two subnets in a zone": ("aws", two_in_a_zone(), "are both in us-west-2b"),
    "no VPC": ("aws", no_vpc(), f"network.existing.aws.vpc_id: {VPC} does not exist in us-west-2"),
    "no delegation": ("azure", no_delegation(), "is not delegated to Microsoft.App/environments"),
    "no gateway": ("azure", no_gateway(), "has neither a NAT gateway nor a route table"),
    "no subnet": ("azure", no_subnet(), f"the VNet has no subnet {AZURE_FIELDS[0]}"),
    "another purpose": ("gcp", other_purpose(), "services has the purpose VPC_NONE"),
    "no subnet on Google Cloud": ("gcp", no_gcp_subnet(), "agents does not exist in us-central1"),
}


@pytest.mark.parametrize(("cloud", "documents", "words"), UNFIT.values(), ids=UNFIT)
def test_a_network_that_does_not_fit_fails_with_key_and_fix(
    tmp_path: Path, cloud: str, documents: Replies, words: str
) -> None:
    finding = checked(tmp_path, connected(cloud), documents)
    assert finding.verdict == "failed"
    assert words in finding.observed
    assert finding.fix


def test_subnets_are_found_by_tags(tmp_path: Path) -> None:
    by_tags = {"vpc_tags": {"Name": "main"}, **{f"{tier}_subnet_tags": {"tier": tier} for tier in SUBNETS}}
    commands: list[str] = []
    documents = described_vpc()

    def run(arguments: object, seconds: float) -> CompletedCommand:
        commands.append(" ".join(arguments))  # type: ignore[arg-type]
        return facts(tmp_path, documents).run_tool(arguments, seconds)  # type: ignore[arg-type]

    used = connected("aws", by_tags)
    assert existing.check_existing_network(check_input(tmp_path, run_tool=run), used).verdict == "ok"
    assert "aws ec2 describe-vpcs --filters Name=tag:Name,Values=main --region us-west-2 --output json" in commands
    few = connected("aws", {**by_tags, "private_subnet_tags": {"tier": "other"}})
    assert "0 subnets" in existing.check_existing_network(check_input(tmp_path, run_tool=run), few).observed


def in_registry(cloud: str, **changes: object) -> Stack:
    others = {path.replace("__", "."): value for path, value in changes.items()}
    base = {
        "services.web.image": "web:1.0",
        "kubernetes.registry": None,
        "registry.existing": EXISTING_REGISTRIES[cloud],
    }
    return stack(cloud, {**base, **others})


REGISTRIES: Mapping[str, tuple[str, object]] = {
    "aws": ("aws ecr describe-repositories", {"repositories": [{"repositoryArn": ARN}]}),
    "gcp": ("gcloud artifacts repositories describe images", {"format": "DOCKER", "mode": "STANDARD_REPOSITORY"}),
    "azure": (
        "az acr show",
        {"loginServer": "acmeimages.azurecr.io", "sku": {"name": "Premium"}, "roleAssignmentMode": None},
    ),
}


@pytest.mark.parametrize("cloud", REGISTRIES)
def test_a_registry_that_can_be_read_is_ok(tmp_path: Path, cloud: str) -> None:
    command, document = REGISTRIES[cloud]
    found = existing.check_existing_registry(facts(tmp_path, {command: document}), in_registry(cloud))
    assert str(found) == "existing registry: it can be read."
    assert existing.check_existing_registry(check_input(tmp_path), in_registry(cloud)).verdict == "unknown"
    assert existing.check_existing_registry(check_input(tmp_path), stack(cloud)).verdict == "ok"


BROKEN: Mapping[str, tuple[str, Mapping[str, object], dict[str, object], str]] = {
    "another format": ("gcp", {"format": "MAVEN"}, {}, "images has the format maven"),
    "a remote repository": (
        "gcp", {"format": "DOCKER", "mode": "REMOTE_REPOSITORY"}, {"services__web__build": {}}, "to which no image can be pushed",
    ),
    "another login server": ("azure", {"loginServer": "acmeimages-h4sh.azurecr.io"}, {}, "is acmeimages-h4sh.azurecr.io"),
    "a tier without private endpoints": (
        "azure", {"sku": {"name": "Basic"}}, {"network__private_endpoints": True}, "acmeimages has the tier Basic",
    ),
    "ABAC": ("azure", {"roleAssignmentMode": "AbacRepositoryPermissions"}, {}, "it ignores the role AcrPull"),
}  # fmt: skip


@pytest.mark.parametrize(("cloud", "changes", "settings", "words"), BROKEN.values(), ids=BROKEN)
def test_a_registry_that_does_not_fit_fails(
    tmp_path: Path, cloud: str, changes: Mapping[str, object], settings: dict[str, object], words: str
) -> None:
    command, document = REGISTRIES[cloud]
    assert isinstance(document, dict)
    found = existing.check_existing_registry(
        facts(tmp_path, {command: {**document, **changes}}), in_registry(cloud, **settings)
    )
    assert found.verdict == "failed"
    assert words in found.observed


def resolved(*addresses: str) -> HttpReply:
    records = [{"name": "db.example.com.", "type": 1, "data": each} for each in addresses]
    return HttpReply(200, {}, json.dumps({"Status": 0, "Answer": records}).encode())


def test_the_host_of_an_existing_database_resolves_or_is_unknown(tmp_path: Path) -> None:
    server = {"existing": {"url": "OLD", "host": "db.example.com"}}
    used = stack("aws", {"database": server, "services.web.uses": ["database"], "network.egress": "single"})
    public = check_input(tmp_path, fetch=replies({RESOLVERS[0]: resolved("203.0.113.7")}))
    assert existing.check_existing_stores(public, used).verdict == "ok"
    for fetch in (replies({RESOLVERS[0]: resolved()}), replies({})):
        finding = existing.check_existing_stores(check_input(tmp_path, fetch=fetch), used)
        assert (finding.verdict, finding.fix) == (
            "unknown", "check from the network of the services, with `dig +short db.example.com`",
        )  # fmt: skip
    assert existing.check_existing_stores(check_input(tmp_path), stack("aws")).verdict == "ok"
