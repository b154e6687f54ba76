"""Existing VPC: what the platform declares in it, what a stack file may not say, and what the update finds in the account."""

from collections.abc import Mapping

import pytest

from automation.plan.inventory import Inventory
from automation.plan.placeholders import ANSWERS
from providers.aws.network.existing_checks import check_found, only_vpc
from providers.aws.network.limits import network_adjustments, network_refusals
from providers.contract.diagnostics import InvalidConfiguration
from tests.aws.plans import changed, spec_of
from tests.aws.readers import json_object, strings, text
from tests.components.test_bad_input import messages
from tests.planning import DROP, fresh_recordings, plan, production

VPC = "vpc-0123456789abcdef0"
SUBNETS = {
    tier: [f"subnet-0{part}00000000000000{zone}" for zone in range(3)]
    for part, tier in enumerate(("public", "private", "database"))
}
GROUP = "sg-0123456789abcdef0"
BY_ID: Mapping[str, object] = {"vpc_id": VPC, **{f"{tier}_subnet_ids": ids for tier, ids in SUBNETS.items()}}
BY_TAGS: Mapping[str, object] = {
    "vpc_tags": {"Name": "main"}, **{f"{tier}_subnet_tags": {"tier": tier} for tier in SUBNETS},
}  # fmt: skip
KEY = "network.existing.aws"
OWN_TYPES = (
    "ec2:Vpc", "ec2:Subnet", "ec2:NatGateway", "ec2:Eip", "ec2:InternetGateway", "ec2:Route", "ec2:RouteTable",
    "ec2:RouteTableAssociation", "ec2:NetworkAcl", "ec2:NetworkAclRule", "ec2:DefaultSecurityGroup", "ec2:DefaultRouteTable",
    "ec2:DefaultNetworkAcl",
)  # fmt: skip


def existing(block: Mapping[str, object] = BY_ID, **changes: object) -> dict[str, object]:
    """Changes of production to an existing VPC; `section__key=value` changes more."""
    others = {path.replace("__", "."): value for path, value in changes.items()}
    return {"network.cidr": DROP, "network.existing": {"aws": dict(block)}, **others}


def declared(block: Mapping[str, object] = BY_ID, **changes: object) -> Inventory:
    return changed(existing(block, **changes))


def test_no_part_of_a_network_is_declared_in_an_existing_vpc() -> None:
    inventory = declared()
    assert {name: len(inventory.of_type(name)) for name in OWN_TYPES} == dict.fromkeys(OWN_TYPES, 0)


@pytest.mark.parametrize("block", [BY_ID, BY_TAGS], ids=["by id", "by tags"])
def test_every_part_of_the_platform_is_in_the_given_subnets(block: Mapping[str, object]) -> None:
    inventory = declared(block)
    tiers = (
        SUBNETS if block is BY_ID else {tier: [f"<subnet tier={tier} {zone}>" for zone in range(3)] for tier in SUBNETS}
    )
    assert strings(inventory.one("prod-ingress", "lb:LoadBalancer").inputs["subnets"]) == tiers["public"]
    assert strings(inventory.one("prod-database-subnets").inputs["subnetIds"]) == tiers["database"]
    assert strings(inventory.one("prod-cache-subnets").inputs["subnetIds"]) == tiers["database"]
    for service in inventory.of_type("ecs:Service"):
        assert strings(json_object(service.inputs["networkConfiguration"])["subnets"]) == tiers["private"]


def test_every_security_group_and_target_group_is_in_the_vpc() -> None:
    inventory = declared()
    placed = [
        *inventory.of_type("ec2:SecurityGroup"),
        *inventory.of_type("lb:TargetGroup"),
        *inventory.of_type("ec2:VpcEndpoint"),
    ]
    assert {each.inputs["vpcId"] for each in placed} == {VPC}


def test_rules_are_those_of_a_vpc_of_the_platform() -> None:
    own, there = changed({}), declared()
    for name in ("vpc:SecurityGroupIngressRule", "vpc:SecurityGroupEgressRule"):
        assert {rule.name for rule in there.of_type(name)} == {rule.name for rule in own.of_type(name)}
    (s3,) = {
        str(rule.inputs["prefixListId"])
        for rule in there.of_type("vpc:SecurityGroupEgressRule")
        if "prefixListId" in rule.inputs
    }
    assert s3 == "<prefix list s3>"


def test_s3_has_no_endpoint_of_the_platform_and_the_others_are_in_the_private_subnets() -> None:
    endpoints = declared().of_type("ec2:VpcEndpoint")
    assert endpoints
    assert {text(each.inputs["vpcEndpointType"]) for each in endpoints} == {"Interface"}
    assert all(strings(each.inputs["subnetIds"]) == SUBNETS["private"] for each in endpoints)


def test_endpoints_of_the_owner_are_used_by_rules_to_their_security_group() -> None:
    inventory = declared({**BY_ID, "endpoint_security_group_id": GROUP})
    assert not inventory.of_type("ec2:VpcEndpoint")
    assert "prod-network-endpoints" not in {group.name for group in inventory.of_type("ec2:SecurityGroup")}
    out = inventory.one("prod-network-service-gateway-to-endpoints-out").inputs
    into = inventory.one("prod-network-service-gateway-to-endpoints-in").inputs
    assert (out["referencedSecurityGroupId"], into["securityGroupId"]) == (GROUP, GROUP)
    assert (into["fromPort"], into["toPort"]) == (443, 443)


def test_connections_of_the_used_subnets_are_logged_and_not_those_of_the_vpc() -> None:
    logs = declared().of_type("ec2:FlowLog")
    assert sorted(text(each.inputs["subnetId"]) for each in logs) == sorted(
        each for ids in SUBNETS.values() for each in ids
    )
    assert not any("vpcId" in each.inputs for each in logs)


def test_denied_connections_are_counted_in_the_range_of_the_existing_subnets() -> None:
    patterns = [str(each.inputs["pattern"]) for each in declared().of_type("cloudwatch:LogMetricFilter")]
    (pattern,) = [each for each in patterns if "REJECT" in each]
    # the plan answers with subnets of 10.0.0.0/18
    assert '="10.0.*"' in pattern


def test_what_cannot_move_is_replaced_with_the_network() -> None:
    names = ("prod-database", "prod-database-subnets", "prod-cache", "prod-cache-subnets", "prod-ingress")
    kinds = (
        "rds:Instance",
        "rds:SubnetGroup",
        "elasticache:ReplicationGroup",
        "elasticache:SubnetGroup",
        "lb:LoadBalancer",
    )
    for trigger, inventory in (("own", changed({})), (VPC, declared())):
        assert {inventory.one(*each).options["replacementTrigger"] for each in zip(names, kinds, strict=True)} == {
            trigger
        }


REFUSED: dict[str, tuple[Mapping[str, object], str]] = {
    "no vpc": (
        existing({**BY_ID, "vpc_id": None}),
        f"{KEY}.vpc_id: missing. Set the ID of the VPC, or vpc_tags that only this VPC has.",
    ),
    "a vpc by id and by tags": (
        existing({**BY_ID, "vpc_tags": {"Name": "main"}}),
        f"{KEY}.vpc_tags: vpc_id names the VPC already. Keep one of the two.",
    ),
    "no subnets of the services": (
        existing({**BY_ID, "private_subnet_ids": []}),
        f"{KEY}.private_subnet_ids: missing; the platform needs subnets for the services. "
        "List 3 of the VPC, one in each zone, or set private_subnet_tags.",
    ),
    "fewer subnets than zones": (
        existing({**BY_ID, "public_subnet_ids": SUBNETS["public"][:2]}),
        f"{KEY}.public_subnet_ids: 2 subnets are listed, and network.zones is 3. "
        "List one subnet in each zone, or change network.zones.",
    ),
    "subnets by id and by tags": (
        existing({**BY_ID, "database_subnet_tags": {"tier": "data"}}),
        f"{KEY}.database_subnet_tags: database_subnet_ids lists subnets already. Keep one of the two.",
    ),
    "one subnet in two tiers": (
        existing({**BY_ID, "database_subnet_ids": [SUBNETS["private"][0], *SUBNETS["database"][1:]]}),
        f"{KEY}.database_subnet_ids: {SUBNETS['private'][0]} is listed twice. List another subnet.",
    ),
    "endpoints without use": (
        existing({**BY_ID, "endpoint_security_group_id": GROUP}, profile="staging", network__private_endpoints=False),
        f"{KEY}.endpoint_security_group_id: no effect with `network.private_endpoints: false`, which uses no endpoints. "
        "Set network.private_endpoints to true, or remove this key.",
    ),
    "a range": (
        {**existing(), "network.cidr": "10.20.0.0/16"},
        "network.cidr: no effect with `network.existing`, whose VPC has its own range. Remove it.",
    ),
    "zones by name": (
        existing(aws__zone_names=["us-west-2a", "us-west-2b", "us-west-2c"]),
        "aws.zone_names: no effect with `network.existing`, whose subnets are in their zones already. Remove it.",
    ),
    "checked names": (
        existing(
            network__egress_control="names",
            services__gateway__image="gateway@sha256:" + "1" * 64,
            monitoring__prometheus=False,
        ),
        "network.egress_control: not supported on aws: names: DNS Firewall applies to the whole VPC, and would block the names "
        "of others in an existing one. Use ports, or remove network.existing.",
    ),
    "a second region": (
        {**existing(), "recovery.mode": "warm", "recovery.standby_region": "us-east-1"},
        'recovery.mode: "warm" runs services in a second region, and `network.existing` names a network in one. '
        "Use none or backup, or remove network.existing.",
    ),
    "no block": (
        {**existing(), "network.existing": {}},
        "network.existing: it names no network. Name one under network.existing.aws, or remove it.",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_network_that_the_file_shows_to_be_wrong_is_refused(changes: Mapping[str, object], sentence: str) -> None:
    assert messages(changes) == [sentence]


@pytest.mark.parametrize("cloud", ["gcp", "azure", "docker", "kubernetes"])
def test_a_vpc_of_aws_is_refused_on_other_clouds(cloud: str) -> None:
    (sentence,) = [each for each in messages(existing(), cloud=cloud) if each.startswith("network.existing")]
    assert "Remove it" in sentence or "or remove it" in sentence


def test_an_existing_network_has_no_refusals() -> None:
    assert network_refusals(spec_of(existing()), "prod") == network_refusals(spec_of(existing(BY_TAGS)), "prod") == []


def test_what_the_owner_decides_is_reported() -> None:
    private = {"services.gateway.path": DROP, "ingress.domain": DROP, "ingress.dns_zone": DROP}
    notes = {note.key: note for note in network_adjustments(spec_of({**existing(), **private}))}
    assert "no account" in notes["network.existing"].reason
    assert f"{KEY}.public_subnet_ids" in notes
    assert "private and database subnets" in notes["network.flow_logs"].reason
    assert "no NAT gateway" in next(
        note.reason for note in network_adjustments(spec_of(existing())) if note.key == "network.egress"
    )


FOUND: dict[str, tuple[Mapping[str, object], list[str], str]] = {
    "an id of nothing": (BY_ID, [], f"{KEY}.vpc_id: {VPC} does not exist in us-west-2 of this account. Correct the ID."),
    "tags of nothing": (
        BY_TAGS, [], f"{KEY}.vpc_tags: no VPC in us-west-2 of this account has these tags. Correct them, or use vpc_id.",
    ),
    "tags of two": (
        BY_TAGS, ["vpc-2", "vpc-1"], f"{KEY}.vpc_tags: vpc-1 and vpc-2 have these tags. Add a tag that only one has, or use vpc_id.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("block", "ids", "sentence"), FOUND.values(), ids=FOUND)
def test_one_vpc_must_be_found(block: Mapping[str, object], ids: list[str], sentence: str) -> None:
    with pytest.raises(InvalidConfiguration) as invalid:
        only_vpc(spec_of(existing(block)), ids)
    assert str(invalid.value) == sentence


def test_subnets_elsewhere_and_tags_of_too_few_are_refused_together() -> None:
    block = {**BY_ID, "public_subnet_ids": [], "public_subnet_tags": {"tier": "public"}}
    found = {"public": ["subnet-1"], "private": SUBNETS["private"][1:], "database": SUBNETS["database"]}
    with pytest.raises(InvalidConfiguration) as invalid:
        check_found(spec_of(existing(block)), VPC, found)  # type: ignore[arg-type]
    assert str(invalid.value).splitlines() == [
        f"{KEY}.public_subnet_tags: 1 subnets of {VPC} have these tags, and network.zones is 3. "
        "Tag one subnet in each zone, or change network.zones.",
        f"{KEY}.private_subnet_ids: {SUBNETS['private'][0]} is not in {VPC}. List subnets of this VPC.",
    ]


def test_a_program_declares_no_security_group_in_a_vpc_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    token = "aws:ec2/getVpc:getVpc"
    answer = ANSWERS[token]
    monkeypatch.setitem(ANSWERS, token, lambda arguments: {**answer(arguments), "enableDnsSupport": False})
    with fresh_recordings(), pytest.raises(InvalidConfiguration, match="DNS support of vpc-0123456789abcdef0 is off"):
        plan(production(existing(), cloud="aws"))
