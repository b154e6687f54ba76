"""VPC: tiers, routes, endpoints and flow logs."""

import json

import pytest

from automation.plan.inventory import Inventory
from providers.aws.network.resources import AwsNetwork, create_network
from tests.aws.plans import KEYS, component, context_of, keys, network, network_of
from tests.aws.readers import json_objects, strings, text
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
    return json_objects(json.loads(text(policy))["Statement"])


def test_the_vpc_has_the_range_of_the_spec() -> None:
    assert network(network__cidr="10.64.0.0/18").one("prod-network").inputs["cidrBlock"] == "10.64.0.0/18"


def test_the_vpc_supports_private_dns_names_of_endpoints() -> None:
    inputs = network().one("prod-network").inputs
    assert (inputs["enableDnsSupport"], inputs["enableDnsHostnames"]) == (True, True)


def test_every_tier_has_a_subnet_in_every_zone() -> None:
    tiers = ("public", "private", "database")
    assert names(network(), "ec2:Subnet") == {f"{tier}-{zone}" for tier in tiers for zone in range(3)}


def test_subnets_of_one_index_are_in_the_same_zone() -> None:
    plan = network()
    for zone, expected in enumerate(("<zone a>", "<zone b>", "<zone c>")):
        for tier in ("public", "private", "database"):
            assert plan.one(f"prod-network-{tier}-{zone}", "ec2:Subnet").inputs["availabilityZone"] == expected


def test_no_subnet_assigns_public_addresses() -> None:
    assert {subnet.inputs["mapPublicIpOnLaunch"] for subnet in network().of_type("ec2:Subnet")} == {False}


def test_a_changed_list_of_zones_does_not_move_a_subnet() -> None:
    assert all("availabilityZone" in subnet.ignore_changes for subnet in network().of_type("ec2:Subnet"))


def test_a_fourth_zone_changes_no_existing_subnet() -> None:
    three, four = ({s.name: s.inputs for s in network(network__zones=n).of_type("ec2:Subnet")} for n in (3, 4))
    assert len(four) == 12
    assert {name: four[name] for name in three} == three


def test_without_data_there_is_no_database_tier() -> None:
    users = {f"services__{name}__uses": () for name in ("gateway", "chat", "worker")}
    plan = network(database=DROP, cache=DROP, **users)
    assert not [name for name in names(plan, "ec2:Subnet") | names(plan, "ec2:RouteTable") if "database" in name]


@pytest.mark.parametrize(("egress", "gateways"), [("per_zone", {"nat-0", "nat-1", "nat-2"}), ("single", {"nat-0"})])
def test_the_egress_mode_sets_the_number_of_gateways(egress: str, gateways: set[str]) -> None:
    assert names(network(network__egress=egress), "ec2:NatGateway") == gateways


def test_a_zone_uses_its_own_nat_gateway() -> None:
    route = network().one("prod-network-private-2-to-nat")
    assert route.inputs["natGatewayId"] == "<ec2:NatGateway prod-network-nat-2>.id"


def test_a_single_gateway_serves_all_zones() -> None:
    plan = network(network__egress="single")
    routes = [plan.one(f"prod-network-private-{zone}-to-nat").inputs["natGatewayId"] for zone in range(3)]
    assert set(routes) == {"<ec2:NatGateway prod-network-nat-0>.id"}


def test_the_number_of_gateways_changes_no_route_table() -> None:
    tables = [names(network(network__egress=egress), "ec2:RouteTable") for egress in ("per_zone", "single")]
    assert tables[0] == tables[1] >= {"private-0-routes", "private-1-routes", "private-2-routes"}


def test_resources_in_public_subnets_depend_on_the_internet_route() -> None:
    plan = network()
    route, associated = plan.one("prod-network-public-to-internet"), plan.one("prod-network-public-0-routed")
    assert plan.of_type("ec2:InternetGateway")[0].urn in route.depends_on
    assert route.urn in associated.depends_on
    assert associated.urn in plan.one("prod-network-nat-0").depends_on


def test_the_load_balancer_depends_on_the_internet_route(prod: Inventory) -> None:
    associated = prod.one("prod-network-public-0-routed")
    assert associated.urn in prod.one("prod-ingress", "lb:LoadBalancer").depends_on


def test_without_egress_clients_can_connect_but_services_cannot() -> None:
    plan = network(**CLOSED)
    assert not plan.of_type("ec2:NatGateway")
    assert names(plan, "ec2:Route") == {"public-to-internet"}


def test_without_egress_and_public_services_there_is_no_internet_gateway() -> None:
    plan = network(**CLOSED, **PRIVATE)
    assert not plan.of_type("ec2:InternetGateway")
    assert not plan.of_type("ec2:Route")
    assert not [name for name in names(plan, "ec2:Subnet") if name.startswith("public")]


def test_the_database_tier_has_no_routes() -> None:
    table = "<ec2:RouteTable prod-network-database-routes>.id"
    plan = network()
    assert [a for a in plan.of_type("ec2:RouteTableAssociation") if a.inputs["routeTableId"] == table]
    assert not [route for route in plan.of_type("ec2:Route") if route.inputs["routeTableId"] == table]


def test_default_resources_of_the_vpc_are_emptied() -> None:
    plan = network()
    assert plan.one("prod-network-default-routes").inputs["routes"] == []
    for name in ("default-group", "default-filter"):
        assert not {"ingress", "egress"} & set(plan.one(f"prod-network-{name}").inputs)


def test_every_private_route_table_has_the_s3_endpoint() -> None:
    inputs = network().one("prod-network-s3").inputs
    assert inputs["vpcEndpointType"] == "Gateway"
    assert len(strings(inputs["routeTableIds"])) == 3


def test_the_s3_endpoint_does_not_need_private_endpoints() -> None:
    assert names(network(network__private_endpoints=False), "ec2:VpcEndpoint") == {"s3"}


def test_registry_and_logs_always_have_endpoints_and_metrics_need_none() -> None:
    always = {"ecr-api", "ecr-dkr", "logs"}
    assert always <= names(network(), "ec2:VpcEndpoint")
    assert "monitoring" not in names(network(), "ec2:VpcEndpoint")


def test_named_zones_are_those_of_the_subnets_and_may_be_changed() -> None:
    named = ("us-west-2d", "us-west-2a", "us-west-2c")
    plan = network(aws__zone_names=named)
    for zone, expected in enumerate(named):
        subnet = plan.one(f"prod-network-private-{zone}", "ec2:Subnet")
        assert (subnet.inputs["availabilityZone"], subnet.ignore_changes) == (expected, ())


def test_credentials_of_a_registry_need_the_endpoint_of_secrets() -> None:
    bare = {
        "database": DROP,
        "cache": DROP,
        **{f"services.{name}.uses": () for name in ("gateway", "chat", "worker")},
    }
    quiet = {**bare, "services.gateway.secrets": (), "accept_risk": {"ingress.auth": "a demo of one day"}}
    assert "secretsmanager" not in names(network_of(quiet), "ec2:VpcEndpoint")
    with_login = network_of({**quiet, "services.gateway.image_credentials": "GHCR_LOGIN"})
    assert "secretsmanager" in names(with_login, "ec2:VpcEndpoint")


@pytest.mark.parametrize(
    ("endpoint", "change"),
    [
        ("bedrock-runtime", {"services__gateway__uses": ("database", "cache", "storage")}),
        ("aps-workspaces", {"monitoring__prometheus": False}),
    ],
)
def test_an_endpoint_is_declared_with_its_feature(endpoint: str, change: dict[str, object]) -> None:
    assert endpoint in names(network(), "ec2:VpcEndpoint")
    assert endpoint not in names(network(**change), "ec2:VpcEndpoint")


def test_an_endpoint_has_private_dns_in_every_zone() -> None:
    inputs = network().one("prod-network-secretsmanager").inputs
    assert inputs["serviceName"] == "com.amazonaws.us-west-2.secretsmanager"
    assert inputs["privateDnsEnabled"] is True
    assert len(strings(inputs["subnetIds"])) == 3


def test_interface_endpoints_are_limited_to_this_account() -> None:
    plan = network()
    endpoints = [e.name.removeprefix("prod-network-") for e in plan.of_type("ec2:VpcEndpoint") if "s3" not in e.name]
    conditions = [statement["Condition"] for endpoint in endpoints for statement in statements(plan, endpoint)]
    assert conditions
    assert all(condition == {"StringEquals": {"aws:PrincipalAccount": "111122223333"}} for condition in conditions)


def test_the_s3_endpoint_allows_writes_to_buckets_of_this_account_only() -> None:
    own, _ = statements(network(), "s3")
    assert own["Condition"] == {"StringEquals": {"aws:ResourceAccount": "111122223333"}}


def test_without_egress_only_image_layers_can_be_read_from_other_buckets() -> None:
    _, others = statements(network(**CLOSED), "s3")
    assert others["Action"] == "s3:GetObject"
    assert others["Resource"] == "arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*"


def test_flow_logs_record_all_traffic_with_the_retention_of_logs() -> None:
    plan = network(monitoring__log_retention_days=90)
    flow_log, group = plan.one("prod-network-flow-logs", "ec2:FlowLog"), plan.of_type("cloudwatch:LogGroup")[0]
    assert flow_log.inputs["trafficType"] == "ALL"
    assert group.inputs["name"] == "/agent-platform/prod/network/flows"
    assert (group.inputs["retentionInDays"], group.inputs["kmsKeyId"]) == (90, KEYS[1])


def test_the_flow_log_role_writes_to_its_log_group_only() -> None:
    policy = text(network().one("prod-network-flow-logs", "iam:RolePolicy").inputs["policy"])
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == "<cloudwatch:LogGroup prod-network-flow-logs>.arn:*"


def test_flow_logs_can_be_left_out() -> None:
    plan = network(network__flow_logs=False)
    assert not (plan.of_type("ec2:FlowLog") or plan.of_type("iam:Role") or plan.of_type("cloudwatch:LogGroup"))


def test_services_depend_on_routes_endpoints_and_rules() -> None:
    networks: list[AwsNetwork] = []
    component("network", lambda scope: networks.append(create_network(scope, context_of(), keys())))
    kinds = {type(resource).__name__ for resource in networks[0].prerequisites("gateway")}
    assert {"Route", "RouteTableAssociation", "VpcEndpoint", "NetworkAclRule"} <= kinds
    assert {"SecurityGroupIngressRule", "SecurityGroupEgressRule"} <= kinds
