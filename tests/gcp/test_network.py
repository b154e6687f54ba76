"""Network: subnet, outbound access, private DNS names and firewall."""

from automation.plan.inventory import Inventory
from tests.gcp.plans import development, values_at
from tests.planning import plan, production

FIREWALL = "compute:Firewall"


def rule(inventory: Inventory, part: str, stack: str = "prod") -> dict[str, object]:
    return dict(inventory.one(f"{stack}-network-{part}", FIREWALL).inputs)


def test_the_network_has_no_automatic_subnets_and_routes(prod: Inventory) -> None:
    inputs = prod.one("prod-network", "compute:Network").inputs
    assert (inputs["autoCreateSubnetworks"], inputs["deleteDefaultRoutesOnCreate"]) == (False, True)


def test_the_services_subnet_is_the_first_quarter_and_reaches_google_privately(prod: Inventory) -> None:
    inputs = prod.one("prod-network-services").inputs
    assert (inputs["ipCidrRange"], inputs["privateIpGoogleAccess"]) == ("10.20.0.0/18", True)


def test_data_services_have_a_separate_range(prod: Inventory) -> None:
    inputs = prod.one("prod-network-private").inputs
    assert (inputs["address"], inputs["prefixLength"], inputs["purpose"]) == ("10.20.128.0", 19, "VPC_PEERING")


def test_database_and_cache_depend_on_the_peering(prod: Inventory) -> None:
    peering = prod.one("prod-network-peering").urn
    assert peering in prod.one("prod-database", "sql:DatabaseInstance").depends_on
    assert peering in prod.one("prod-cache", "redis:Instance").depends_on


def test_production_keeps_the_peering_of_a_database(prod: Inventory) -> None:
    assert "deletionPolicy" not in prod.one("prod-network-peering").inputs
    assert development().one("dev-network-peering").inputs["deletionPolicy"] == "REMOVE_PEERING"


def test_the_nat_has_a_fixed_address_per_zone(prod: Inventory) -> None:
    assert len(values_at(prod.one("prod-network-nat").inputs, "natIps")) == 3
    assert prod.one("prod-network-nat").inputs["natIpAllocateOption"] == "MANUAL_ONLY"


def test_single_egress_has_one_address() -> None:
    single = plan(production({"network.egress": "single"}, cloud="gcp"))
    assert len(values_at(single.one("prod-network-nat").inputs, "natIps")) == 1


def test_without_egress_there_is_no_nat_and_no_route_to_the_internet() -> None:
    assert not development().of_type("compute:RouterNat")
    assert [route.inputs["destRange"] for route in development().of_type("compute:Route")] == ["199.36.153.8/30"]


def test_every_other_connection_is_denied_and_logged(prod: Inventory) -> None:
    for direction in ("egress", "ingress"):
        inputs = rule(prod, f"deny-{direction}")
        assert (inputs["priority"], inputs["denies"]) == (65000, [{"protocol": "all"}])
        assert inputs["logConfig"] == {"metadata": "INCLUDE_ALL_METADATA"}


def test_no_ingress_is_allowed(prod: Inventory) -> None:
    assert not [r for r in prod.of_type(FIREWALL) if r.inputs["direction"] == "INGRESS" and "allows" in r.inputs]


def test_only_users_of_the_cache_reach_it(prod: Inventory) -> None:
    inputs = rule(prod, "to-cache")
    assert inputs["targetTags"] == ["prod-gateway", "prod-worker"]
    assert inputs["allows"] == [{"protocol": "tcp", "ports": ["6378"]}]
    assert inputs["destinationRanges"] == ["10.20.128.0/19"]


def test_only_services_with_secrets_reach_the_internet(prod: Inventory) -> None:
    assert rule(prod, "to-world")["targetTags"] == ["prod-gateway"]


def test_replicas_have_the_network_tag_of_the_rules(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway", "cloudrunv2:Service").inputs
    assert values_at(service, "template", "vpcAccess", "networkInterfaces", 0, "tags") == ["prod-gateway"]


def test_without_flow_logs_neither_flows_nor_denials_are_logged(prod: Inventory) -> None:
    assert "logConfig" in prod.one("prod-network-services").inputs
    assert "logConfig" not in development().one("dev-network-services").inputs
    assert "logConfig" not in rule(development(), "deny-egress", "dev")


def test_every_dns_query_is_logged(prod: Inventory) -> None:
    assert prod.one("prod-network-dns").inputs["enableLogging"] is True


def test_names_of_google_apis_resolve_to_private_addresses(prod: Inventory) -> None:
    records = {record.inputs["name"]: record.inputs["rrdatas"] for record in prod.of_type("dns:RecordSet")}
    assert records["*.googleapis.com."] == ["private.googleapis.com."]
    assert records["*.run.app."] == ["run.app."]
    addresses = [f"199.36.153.{last}" for last in (8, 9, 10, 11)]
    assert records["run.app."] == records["private.googleapis.com."] == addresses


def test_without_private_endpoints_google_apis_are_reached_through_the_nat() -> None:
    public = plan(production({"network.private_endpoints": False}, cloud="gcp"))
    assert not [r for r in public.of_type("dns:ManagedZone") if r.inputs.get("visibility") == "private"]
    assert rule(public, "to-world")["targetTags"] == ["prod-chat", "prod-gateway", "prod-worker"]
