"""The network: one subnet, ways out, names, and a firewall that denies."""

from typing import cast

from automation.plan.inventory import Inventory
from tests.gcp.lighter import lighter
from tests.planning import plan, production

FIREWALL = "compute:Firewall"


def rule(inventory: Inventory, part: str, stack: str = "prod") -> dict[str, object]:
    return dict(inventory.one(f"{stack}-network-{part}", FIREWALL).inputs)


def test_the_network_makes_no_subnet_by_itself(prod: Inventory) -> None:
    inputs = prod.one("prod-network", "compute:Network").inputs
    assert (inputs["autoCreateSubnetworks"], inputs["deleteDefaultRoutesOnCreate"]) == (False, True)


def test_the_services_subnet_is_the_first_quarter_and_reaches_google_privately(prod: Inventory) -> None:
    inputs = prod.one("prod-network-services").inputs
    assert (inputs["ipCidrRange"], inputs["privateIpGoogleAccess"]) == ("10.20.0.0/18", True)


def test_data_services_have_a_range_beside_the_subnet(prod: Inventory) -> None:
    inputs = prod.one("prod-network-private").inputs
    assert (inputs["address"], inputs["prefixLength"], inputs["purpose"]) == ("10.20.128.0", 19, "VPC_PEERING")


def test_database_and_cache_wait_for_the_peering(prod: Inventory) -> None:
    peering = prod.one("prod-network-peering").urn
    assert peering in prod.one("prod-database", "sql:DatabaseInstance").depends_on
    assert peering in prod.one("prod-cache", "redis:Instance").depends_on


def test_production_does_not_remove_the_peering_behind_a_database(prod: Inventory) -> None:
    assert "deletionPolicy" not in prod.one("prod-network-peering").inputs
    assert lighter().one("dev-network-peering").inputs["deletionPolicy"] == "REMOVE_PEERING"


def test_each_zone_asked_for_gives_the_nat_a_fixed_address(prod: Inventory) -> None:
    assert len(cast("list[str]", prod.one("prod-network-nat").inputs["natIps"])) == 3
    assert prod.one("prod-network-nat").inputs["natIpAllocateOption"] == "MANUAL_ONLY"


def test_a_single_way_out_has_one_address() -> None:
    single = plan(production({"network.egress": "single"}, cloud="gcp"))
    assert len(cast("list[str]", single.one("prod-network-nat").inputs["natIps"])) == 1


def test_without_egress_there_is_no_nat_and_no_route_to_the_world() -> None:
    assert not lighter().of_type("compute:RouterNat")
    assert [route.inputs["destRange"] for route in lighter().of_type("compute:Route")] == ["199.36.153.8/30"]


def test_everything_is_denied_last_and_told(prod: Inventory) -> None:
    for direction in ("egress", "ingress"):
        inputs = rule(prod, f"deny-{direction}")
        assert (inputs["priority"], inputs["denies"]) == (65000, [{"protocol": "all"}])
        assert inputs["logConfig"] == {"metadata": "INCLUDE_ALL_METADATA"}


def test_nothing_is_let_in(prod: Inventory) -> None:
    assert not [r for r in prod.of_type(FIREWALL) if r.inputs["direction"] == "INGRESS" and "allows" in r.inputs]


def test_only_users_of_the_cache_reach_it(prod: Inventory) -> None:
    inputs = rule(prod, "to-cache")
    assert inputs["targetTags"] == ["prod-gateway", "prod-worker"]
    assert inputs["allows"] == [{"protocol": "tcp", "ports": ["6378"]}]
    assert inputs["destinationRanges"] == ["10.20.128.0/19"]


def test_only_services_with_an_outside_key_reach_the_world(prod: Inventory) -> None:
    assert rule(prod, "to-world")["targetTags"] == ["prod-gateway"]


def test_copies_carry_the_tag_that_rules_name(prod: Inventory) -> None:
    template = cast(
        "dict[str, dict[str, list[dict[str, object]]]]",
        prod.one("prod-compute-gateway", "cloudrunv2:Service").inputs["template"],
    )
    assert template["vpcAccess"]["networkInterfaces"][0]["tags"] == ["prod-gateway"]


def test_flow_logs_off_switches_flow_log_and_denial_log_off(prod: Inventory) -> None:
    assert "logConfig" in prod.one("prod-network-services").inputs
    assert "logConfig" not in lighter().one("dev-network-services").inputs
    assert "logConfig" not in rule(lighter(), "deny-egress", "dev")


def test_every_question_for_a_name_is_logged(prod: Inventory) -> None:
    assert prod.one("prod-network-dns").inputs["enableLogging"] is True


def test_googles_names_answer_with_private_addresses(prod: Inventory) -> None:
    records = {record.inputs["name"]: record.inputs["rrdatas"] for record in prod.of_type("dns:RecordSet")}
    assert records["*.googleapis.com."] == ["private.googleapis.com."]
    assert records["*.run.app."] == ["run.app."]
    addresses = [f"199.36.153.{last}" for last in (8, 9, 10, 11)]
    assert records["run.app."] == records["private.googleapis.com."] == addresses


def test_without_private_endpoints_google_is_reached_through_the_nat() -> None:
    public = plan(production({"network.private_endpoints": False}, cloud="gcp"))
    assert not [r for r in public.of_type("dns:ManagedZone") if r.inputs.get("visibility") == "private"]
    assert rule(public, "to-world")["targetTags"] == ["prod-chat", "prod-gateway", "prod-worker"]
