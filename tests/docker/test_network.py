"""Networks: who can reach whom, and which way leads out."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.docker.network.plan import nets, subnets
from tests.docker.asked import refused, spec_of
from tests.docker.laid import aliases, command, container, containers, networks
from tests.planning import plan, production

SERVICES = ("gateway", "chat", "worker")


def met(prod: Inventory, one: str, other: str) -> set[str]:
    return networks(container(prod, one)) & networks(container(prod, other))


@pytest.mark.parametrize(("one", "other"), list(combinations(SERVICES, 2)))
def test_services_meet_where_one_calls_the_other_and_nowhere_else(prod: Inventory, one: str, other: str) -> None:
    expected = {"gateway-calls-chat"} if {one, other} == {"gateway", "chat"} else set[str]()
    assert met(prod, f"compute-{one}-1", f"compute-{other}-1") == expected


def test_a_caller_finds_its_callee_by_name(prod: Inventory) -> None:
    assert aliases(container(prod, "compute-chat-2")) == {"chat"}


@pytest.mark.parametrize(
    ("part", "users"),
    [("database", {"gateway", "chat", "worker"}), ("cache", {"gateway", "worker"}), ("storage", {"gateway"})],
)
def test_a_part_is_reached_by_those_that_use_it_alone(prod: Inventory, part: str, users: set[str]) -> None:
    reached = {name for name in SERVICES if met(prod, f"{part}-server", f"compute-{name}-1")}
    assert reached == users


def test_what_holds_data_has_no_way_out(prod: Inventory) -> None:
    internal = {net.part for net in nets(spec_of()) if net.internal}
    for name in ("database-server", "cache-server", "storage-server", "backup-dump", "backup-courier"):
        assert networks(container(prod, name)) <= internal, name


def test_the_drill_reaches_nobody(prod: Inventory) -> None:
    drill = container(prod, "backup-drill")
    assert (networks(drill), drill.inputs["networkMode"]) == (set(), "none")


def test_the_entry_reaches_public_services_and_no_data(prod: Inventory) -> None:
    assert networks(container(prod, "entry-proxy")) == {"entry", "monitoring", "gateway-inside"}


def test_prometheus_asks_services_and_cannot_be_asked_by_them(prod: Inventory) -> None:
    prometheus = container(prod, "monitoring-prometheus")
    assert {"gateway-inside", "chat-inside"} <= networks(prometheus)
    (listens,) = [word for word in command(prometheus) if "listen" in word]
    address = listens.partition("=")[2].partition(":")[0]
    monitoring = subnets(spec_of())["monitoring"]
    assert IPv4Network(address).subnet_of(monitoring)


def test_only_the_entry_and_the_dashboard_have_ports_of_the_machine(prod: Inventory) -> None:
    assert {found.name for found in containers(prod) if found.inputs.get("ports")} == {
        "prod-entry-proxy",
        "prod-monitoring-grafana",
    }


def test_a_closed_egress_leaves_services_no_way_out() -> None:
    closed = plan(production({"network.egress": "none"}, cloud="docker"))
    assert "chat-outside" not in networks(container(closed, "compute-chat-1"))
    assert closed.one("prod-network-chat-inside").inputs["internal"] is True


def test_an_open_egress_is_each_services_own(prod: Inventory) -> None:
    assert prod.one("prod-network-chat-outside").inputs["internal"] is False
    assert not met(prod, "compute-chat-1", "compute-worker-1")


def test_blocks_lie_in_the_range_and_do_not_meet() -> None:
    blocks = list(subnets(spec_of()).values())
    assert all(block.subnet_of(IPv4Network("10.20.0.0/16")) for block in blocks)
    assert not [pair for pair in combinations(blocks, 2) if pair[0].overlaps(pair[1])]


def test_a_new_service_moves_no_other_network() -> None:
    image = "extra@sha256:" + "7" * 64
    more = {"services.extra": {"app": "fastapi", "image": image, "replicas": {"min": 2, "max": 2}}}
    before, after = subnets(spec_of()), subnets(spec_of(more))
    assert {part: after[part] for part in before} == dict(before)


@given(st.integers(16, 20), st.integers(0, 15))
def test_any_large_block_is_cut_without_overlap(prefix: int, second: int) -> None:
    cidr = f"10.{second * 16}.0.0/{prefix}"
    blocks = list(subnets(spec_of({"network.cidr": cidr})).values())
    assert len(set(blocks)) == len(blocks)
    assert all(block.subnet_of(IPv4Network(cidr)) for block in blocks)


def test_a_block_that_is_too_small_is_refused_with_what_is_needed() -> None:
    (told,) = refused({"network.cidr": "10.20.0.0/24"})
    assert told.startswith('network.cidr: "10.20.0.0/24" is not possible on docker: it holds 2 networks of /25')


def test_more_copies_than_addresses_are_refused() -> None:
    (told,) = refused({"services.chat.replicas": {"min": 40, "max": 40}})
    assert "addresses for 27 copies" in told
