"""The VPC: tiers, ways out, endpoints, and what is closed because nothing asks for it."""

import json
from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers.aws.network.resources import AwsNetwork, create_network
from tests.aws.alone import KEYS, alone, context_of, keys, network
from tests.planning import DROP

CLOSED = {
    "network__egress": "none",
    "monitoring__prometheus": False,
    "services__gateway__image": "gateway@sha256:" + "1" * 64,
}
PRIVATE = {"services__gateway__path": DROP, "ingress__domain": DROP, "ingress__dns_zone": DROP}


def names(plan: Inventory, token: str) -> set[str]:
    return {resource.name.removeprefix("prod-network-") for resource in plan.of_type(token)}


def statements(plan: Inventory, endpoint: str) -> list[dict[str, object]]:
    policy = plan.one(f"prod-network-{endpoint}", "ec2:VpcEndpoint").inputs["policy"]
    return cast("list[dict[str, object]]", json.loads(cast("str", policy))["Statement"])


def test_the_vpc_has_the_range_of_the_spec() -> None:
    assert network(network__cidr="10.64.0.0/18").one("prod-network").inputs["cidrBlock"] == "10.64.0.0/18"


def test_endpoints_can_answer_under_public_names() -> None:
    inputs = network().one("prod-network").inputs
    assert (inputs["enableDnsSupport"], inputs["enableDnsHostnames"]) == (True, True)


def test_every_tier_has_a_subnet_in_every_zone() -> None:
    tiers = ("public", "private", "database")
    assert names(network(), "ec2:Subnet") == {f"{tier}-{zone}" for tier in tiers for zone in range(3)}


def test_the_subnets_of_a_zone_stand_in_the_same_zone() -> None:
    plan = network()
    for zone, expected in enumerate(("<zone a>", "<zone b>", "<zone c>")):
        for tier in ("public", "private", "database"):
            assert plan.one(f"prod-network-{tier}-{zone}", "ec2:Subnet").inputs["availabilityZone"] == expected


def test_no_subnet_gives_out_public_addresses() -> None:
    assert {subnet.inputs["mapPublicIpOnLaunch"] for subnet in network().of_type("ec2:Subnet")} == {False}


def test_a_subnet_stays_where_it_is_when_the_list_of_zones_changes() -> None:
    assert all("availabilityZone" in subnet.ignore_changes for subnet in network().of_type("ec2:Subnet"))


def test_a_fourth_zone_changes_no_subnet_that_stands() -> None:
    three, four = ({s.name: s.inputs for s in network(network__zones=n).of_type("ec2:Subnet")} for n in (3, 4))
    assert len(four) == 12
    assert {name: four[name] for name in three} == three


def test_without_data_there_is_no_database_tier() -> None:
    users = {f"services__{name}__uses": () for name in ("gateway", "chat", "worker")}
    plan = network(database=DROP, cache=DROP, **users)
    assert not [name for name in names(plan, "ec2:Subnet") | names(plan, "ec2:RouteTable") if "database" in name]


@pytest.mark.parametrize(("egress", "gateways"), [("per_zone", {"nat-0", "nat-1", "nat-2"}), ("single", {"nat-0"})])
def test_egress_says_how_many_gateways_there_are(egress: str, gateways: set[str]) -> None:
    assert names(network(network__egress=egress), "ec2:NatGateway") == gateways


def test_a_zone_leaves_by_its_own_gateway() -> None:
    route = network().one("prod-network-private-2-to-nat")
    assert route.inputs["natGatewayId"] == "<ec2:NatGateway prod-network-nat-2>.id"


def test_a_single_gateway_serves_all_zones() -> None:
    plan = network(network__egress="single")
    routes = [plan.one(f"prod-network-private-{zone}-to-nat").inputs["natGatewayId"] for zone in range(3)]
    assert set(routes) == {"<ec2:NatGateway prod-network-nat-0>.id"}


def test_the_number_of_gateways_changes_no_route_table() -> None:
    tables = [names(network(network__egress=egress), "ec2:RouteTable") for egress in ("per_zone", "single")]
    assert tables[0] == tables[1] >= {"private-0-routes", "private-1-routes", "private-2-routes"}


def test_whatever_stands_in_a_public_subnet_waits_for_the_way_to_the_internet() -> None:
    plan = network()
    route, associated = plan.one("prod-network-public-to-internet"), plan.one("prod-network-public-0-routed")
    assert plan.of_type("ec2:InternetGateway")[0].urn in route.depends_on
    assert route.urn in associated.depends_on
    assert associated.urn in plan.one("prod-network-nat-0").depends_on


def test_the_load_balancer_waits_for_the_way_to_the_internet(prod: Inventory) -> None:
    associated = prod.one("prod-network-public-0-routed")
    assert associated.urn in prod.one("prod-ingress", "lb:LoadBalancer").depends_on


def test_a_closed_network_has_a_way_in_for_clients_but_none_out() -> None:
    plan = network(**CLOSED)
    assert not plan.of_type("ec2:NatGateway")
    assert names(plan, "ec2:Route") == {"public-to-internet"}


def test_a_closed_network_with_nothing_public_has_no_internet_at_all() -> None:
    plan = network(**CLOSED, **PRIVATE)
    assert not plan.of_type("ec2:InternetGateway")
    assert not plan.of_type("ec2:Route")
    assert not [name for name in names(plan, "ec2:Subnet") if name.startswith("public")]


def test_the_database_tier_has_no_route_out() -> None:
    table = "<ec2:RouteTable prod-network-database-routes>.id"
    plan = network()
    assert [a for a in plan.of_type("ec2:RouteTableAssociation") if a.inputs["routeTableId"] == table]
    assert not [route for route in plan.of_type("ec2:Route") if route.inputs["routeTableId"] == table]


def test_what_aws_puts_into_a_vpc_is_emptied() -> None:
    plan = network()
    assert plan.one("prod-network-default-routes").inputs["routes"] == []
    for name in ("default-group", "default-filter"):
        assert not {"ingress", "egress"} & set(plan.one(f"prod-network-{name}").inputs)


def test_s3_is_reached_from_every_private_table_without_nat() -> None:
    inputs = network().one("prod-network-s3").inputs
    assert inputs["vpcEndpointType"] == "Gateway"
    assert len(cast("list[str]", inputs["routeTableIds"])) == 3


def test_s3_is_free_so_it_stays_without_private_endpoints() -> None:
    assert names(network(network__private_endpoints=False), "ec2:VpcEndpoint") == {"s3"}


def test_every_task_finds_registry_logs_and_metrics_inside() -> None:
    always = {"ecr-api", "ecr-dkr", "logs", "monitoring"}
    assert always <= names(network(), "ec2:VpcEndpoint")


@pytest.mark.parametrize(
    ("endpoint", "change"),
    [
        ("bedrock-runtime", {"services__gateway__uses": ("database", "cache", "storage")}),
        ("aps-workspaces", {"monitoring__prometheus": False}),
    ],
)
def test_an_endpoint_comes_with_its_feature(endpoint: str, change: dict[str, object]) -> None:
    assert endpoint in names(network(), "ec2:VpcEndpoint")
    assert endpoint not in names(network(**change), "ec2:VpcEndpoint")


def test_an_endpoint_answers_under_the_public_name_in_every_zone() -> None:
    inputs = network().one("prod-network-secretsmanager").inputs
    assert inputs["serviceName"] == "com.amazonaws.us-west-2.secretsmanager"
    assert inputs["privateDnsEnabled"] is True
    assert len(cast("list[str]", inputs["subnetIds"])) == 3


def test_no_account_but_this_one_passes_an_interface_endpoint() -> None:
    plan = network()
    doors = [e.name.removeprefix("prod-network-") for e in plan.of_type("ec2:VpcEndpoint") if "s3" not in e.name]
    conditions = [statement["Condition"] for door in doors for statement in statements(plan, door)]
    assert conditions
    assert all(found == {"StringEquals": {"aws:PrincipalAccount": "111122223333"}} for found in conditions)


def test_objects_are_written_to_buckets_of_this_account_alone() -> None:
    own, _ = statements(network(), "s3")
    assert own["Condition"] == {"StringEquals": {"aws:ResourceAccount": "111122223333"}}


def test_a_closed_network_reads_no_bucket_of_others_but_the_layers_of_images() -> None:
    _, others = statements(network(**CLOSED), "s3")
    assert others["Action"] == "s3:GetObject"
    assert others["Resource"] == "arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*"


def test_flow_logs_record_everything_and_are_kept_like_the_logs() -> None:
    plan = network(monitoring__log_retention_days=90)
    flow_log, group = plan.one("prod-network-flow-logs", "ec2:FlowLog"), plan.of_type("cloudwatch:LogGroup")[0]
    assert flow_log.inputs["trafficType"] == "ALL"
    assert group.inputs["name"] == "/agent-platform/prod/network/flows"
    assert (group.inputs["retentionInDays"], group.inputs["kmsKeyId"]) == (90, KEYS[1])


def test_the_role_of_the_flow_logs_writes_to_their_group_alone() -> None:
    policy = cast("str", network().one("prod-network-flow-logs", "iam:RolePolicy").inputs["policy"])
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == "<cloudwatch:LogGroup prod-network-flow-logs>.arn:*"


def test_flow_logs_can_be_left_out() -> None:
    plan = network(network__flow_logs=False)
    assert not (plan.of_type("ec2:FlowLog") or plan.of_type("iam:Role") or plan.of_type("cloudwatch:LogGroup"))


def test_services_wait_for_routes_endpoints_and_rules() -> None:
    seen: list[AwsNetwork] = []
    alone("network", lambda scope: seen.append(create_network(scope, context_of(), keys())))
    kinds = {type(resource).__name__ for resource in seen[0].ready}
    assert {"Route", "RouteTableAssociation", "VpcEndpoint", "NetworkAclRule"} <= kinds
    assert {"SecurityGroupIngressRule", "SecurityGroupEgressRule"} <= kinds
