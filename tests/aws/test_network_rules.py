"""Security group rules between peers, and network ACLs of tiers."""

import pytest

from automation.plan.inventory import Declared, Inventory
from tests.aws.plans import network
from tests.aws.readers import number, optional_number, text
from tests.planning import DROP

ANY_IPV4 = "0.0.0.0/0"
NO_DOMAIN = {"ingress__domain": DROP, "ingress__dns_zone": DROP, "profile": "staging"}
OWN_IMAGE = "gateway@sha256:" + "1" * 64
QUIET = {"monitoring__prometheus": False, "services__gateway__secrets": (), "services__gateway__image": OWN_IMAGE}
NO_SERVICE: set[str] = set()
INGRESS, EGRESS = "vpc:SecurityGroupIngressRule", "vpc:SecurityGroupEgressRule"


def group(peer: str) -> str:
    return f"<ec2:SecurityGroup prod-network-{peer}>.id"


def into(plan: Inventory, peer: str) -> set[tuple[str, int]]:
    """Sources of a peer, each with its port."""
    rules = [rule for rule in plan.of_type(INGRESS) if rule.inputs["securityGroupId"] == group(peer)]
    return {(source(rule), port(rule)) for rule in rules}


def out_of(plan: Inventory, peer: str) -> set[tuple[str, int]]:
    """Targets of a peer, each with its port."""
    rules = [rule for rule in plan.of_type(EGRESS) if rule.inputs["securityGroupId"] == group(peer)]
    return {(source(rule), port(rule)) for rule in rules}


def port(rule: Declared) -> int:
    assert rule.inputs["fromPort"] == rule.inputs["toPort"]
    return number(rule.inputs["toPort"])


def source(rule: Declared) -> str:
    named = ("referencedSecurityGroupId", "cidrIpv4", "prefixListId")
    (peer,) = [text(rule.inputs[key]) for key in named if key in rule.inputs]
    return peer.removeprefix("<ec2:SecurityGroup prod-network-").removesuffix(">.id")


def services_with_internet_egress(plan: Inventory) -> set[str]:
    return {
        rule.name.removeprefix("prod-network-service-").removesuffix("-to-world")
        for rule in plan.of_type(EGRESS)
        if rule.inputs.get("cidrIpv4") == ANY_IPV4
    }


def acl(plan: Inventory, tier: str, *, egress: bool) -> set[tuple[str, int | None, int | None]]:
    rules = [r for r in plan.of_type("ec2:NetworkAclRule") if f"network-{tier}-filter" in r.name]
    return {
        (
            text(r.inputs["cidrBlock"]),
            optional_number(r.inputs.get("fromPort")),
            optional_number(r.inputs.get("toPort")),
        )
        for r in rules
        if r.inputs["egress"] is egress
    }


def test_clients_reach_the_load_balancer_on_https_and_its_redirect() -> None:
    assert into(network(), "load-balancer") == {(ANY_IPV4, 443), (ANY_IPV4, 80)}


def test_without_a_domain_the_load_balancer_has_no_https_rule() -> None:
    assert into(network(**NO_DOMAIN), "load-balancer") == {(ANY_IPV4, 80)}


def test_only_the_allowed_ranges_reach_the_load_balancer() -> None:
    ranges = ("198.51.100.0/24", "203.0.113.0/24", "198.51.100.0/24")
    sources = {name for name, _ in into(network(ingress__allowed_cidrs=ranges), "load-balancer")}
    assert sources == set(ranges)


def test_removing_a_range_does_not_change_the_rule_of_another() -> None:
    both, one = (
        {rule.name: rule.inputs for rule in network(ingress__allowed_cidrs=ranges).of_type(INGRESS)}
        for ranges in (("198.51.100.0/24", "203.0.113.0/24"), ("203.0.113.0/24",))
    )
    assert {name: both[name] for name in one} == one


def test_without_public_services_the_load_balancer_has_no_client_rules() -> None:
    plan = network(services__gateway__path=DROP, ingress__domain=DROP, ingress__dns_zone=DROP)
    assert not into(plan, "load-balancer")


def test_the_load_balancer_reaches_public_services_on_their_ports_only() -> None:
    assert out_of(network(), "load-balancer") == {("service-gateway", 7777)}


def test_a_service_accepts_connections_from_the_load_balancer_and_its_callers_only() -> None:
    plan = network()
    assert into(plan, "service-gateway") == {("load-balancer", 7777)}
    assert into(plan, "service-chat") == {("service-gateway", 8001)}
    assert into(plan, "service-worker") == set()


def test_a_service_reaches_what_it_calls_and_uses_and_the_endpoints() -> None:
    plan = network(**QUIET)
    assert {target for target, _ in out_of(plan, "service-gateway")} == {
        "service-chat",
        "database",
        "cache",
        "endpoints",
        "<ec2:VpcEndpoint prod-network-s3>.prefixListId",
    }


def test_a_service_that_does_not_use_the_cache_cannot_reach_it() -> None:
    assert "cache" not in {target for target, _ in out_of(network(), "service-chat")}
    assert "service-chat" not in {name for name, _ in into(network(), "cache")}


def test_the_database_is_reached_by_its_users_on_the_port_of_postgres() -> None:
    assert into(network(), "database") == {("service-gateway", 5432), ("service-chat", 5432), ("service-worker", 5432)}


@pytest.mark.parametrize("peer", ["database", "cache", "endpoints"])
def test_database_cache_and_endpoints_open_no_connections(peer: str) -> None:
    assert out_of(network(), peer) == set()


def test_a_service_with_a_port_changed_keeps_its_rules() -> None:
    changed = network(services__chat__port=9000)
    assert {r.name for r in changed.of_type(INGRESS)} == {r.name for r in network().of_type(INGRESS)}
    assert ("service-gateway", 9000) in into(changed, "service-chat")


def test_a_service_without_need_has_no_internet_egress() -> None:
    assert services_with_internet_egress(network(**QUIET)) == set()


@pytest.mark.parametrize(
    ("reason", "reaching"),
    [
        ({"services__gateway__secrets": ("OPENAI_API_KEY",)}, {"gateway"}),
        ({"services__gateway__image": "ghcr.io/acme/gateway@sha256:" + "1" * 64}, {"gateway"}),
        ({"services__gateway__image": "1" * 12 + ".dkr.ecr.us-east-1.amazonaws.com/g@sha256:" + "1" * 64}, {"gateway"}),
        ({"services__gateway__image": "1" * 12 + ".dkr.ecr.us-west-2.amazonaws.com/g@sha256:" + "1" * 64}, NO_SERVICE),
        ({"monitoring__prometheus": True}, {"gateway", "chat"}),
        ({"network__private_endpoints": False}, {"gateway", "chat", "worker"}),
    ],
)
def test_internet_egress_is_limited_to_services_that_need_it(reason: dict[str, object], reaching: set[str]) -> None:
    assert services_with_internet_egress(network(**{**QUIET, **reason})) == reaching


def test_without_egress_no_service_has_internet_egress() -> None:
    plan = network(**{**QUIET, "services__gateway__secrets": ("OPENAI_API_KEY",)}, network__egress="none")
    assert services_with_internet_egress(plan) == set()


def test_internet_egress_is_https_only() -> None:
    assert {r.inputs["fromPort"] for r in network().of_type(EGRESS) if "cidrIpv4" in r.inputs} == {443}


def test_every_security_group_rule_has_a_description() -> None:
    rules = (*network().of_type(INGRESS), *network().of_type(EGRESS))
    assert all(rule.inputs["description"] for rule in rules)


def test_every_tier_has_an_acl_over_all_its_subnets() -> None:
    for tier in ("public", "private", "database"):
        subnets = network().one(f"prod-network-{tier}-filter", "ec2:NetworkAcl").inputs["subnetIds"]
        assert subnets == [f"<ec2:Subnet prod-network-{tier}-{zone}>.id" for zone in range(3)]


def test_only_the_private_tier_connects_to_the_database_tier() -> None:
    assert acl(network(), "database", egress=False) == {
        ("10.20.0.0/18", 5432, 5432),
        ("10.20.0.0/18", 6379, 6379),
        ("10.20.244.0/22", 1024, 65535),
    }


def test_the_database_tier_responds_to_the_private_tier_and_itself_only() -> None:
    assert {cidr for cidr, _, _ in acl(network(), "database", egress=True)} == {"10.20.0.0/18", "10.20.244.0/22"}


def open_to_the_internet(tier: str) -> set[int]:
    """Ports on which an ACL accepts packets of any address."""
    rules = acl(network(), tier, egress=False)
    return {port for cidr, low, high in rules if cidr == ANY_IPV4 and low for port in range(low, number(high) + 1)}


@pytest.mark.parametrize("tier", ["public", "private", "database"])
def test_no_acl_allows_ssh_from_the_internet(tier: str) -> None:
    assert 22 not in open_to_the_internet(tier)


def test_answers_to_every_source_port_of_a_nat_gateway_are_accepted() -> None:
    assert set(range(1024, 65536)) <= open_to_the_internet("public")


@pytest.mark.parametrize("tier", ["private", "database"])
def test_no_acl_of_a_tier_with_servers_allows_remote_desktop_from_the_internet(tier: str) -> None:
    assert 3389 not in open_to_the_internet(tier)


def test_responses_on_linux_ephemeral_ports_reach_the_private_tier() -> None:
    assert (ANY_IPV4, 32768, 65535) in acl(network(), "private", egress=False)


def test_without_egress_the_public_tier_accepts_no_responses() -> None:
    plan = network(**QUIET, network__egress="none")
    assert {(low, high) for cidr, low, high in acl(plan, "public", egress=False) if cidr == ANY_IPV4} == {
        (443, 443),
        (80, 80),
        (None, None),
    }


def test_acl_rule_numbers_do_not_depend_on_other_rules() -> None:
    with_cache, without = (
        {r.name: r.inputs["ruleNumber"] for r in plan.of_type("ec2:NetworkAclRule")}
        for plan in (network(), network(network__egress="none", **QUIET))
    )
    assert {name: with_cache[name] for name in without} == without
