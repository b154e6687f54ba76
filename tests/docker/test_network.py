"""Networks: reachability between containers, outbound access and address blocks."""

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.docker.network.flows import PROMETHEUS_OFFSET, PROXY_OFFSET, subnets
from providers.docker.network.flows import networks as network_plans
from providers.docker.preflight.daemon import fields, rows, values
from tests.docker.plans import aliases, command, container, containers, networks, settings
from tests.docker.specs import adjustments, refusals, spec_of
from tests.planning import plan, production

SERVICES = ("gateway", "chat", "worker")


def shared_networks(prod: Inventory, first: str, second: str) -> set[str]:
    return networks(container(prod, first)) & networks(container(prod, second))


@pytest.mark.parametrize(("first", "second"), list(combinations(SERVICES, 2)))
def test_services_share_a_network_only_if_one_calls_the_other(prod: Inventory, first: str, second: str) -> None:
    expected = {"gateway-calls-chat"} if {first, second} == {"gateway", "chat"} else set[str]()
    assert shared_networks(prod, f"compute-{first}-1", f"compute-{second}-1") == expected


def test_a_caller_reaches_its_callee_by_name(prod: Inventory) -> None:
    assert aliases(container(prod, "compute-chat-2")) == {"chat"}


@pytest.mark.parametrize(
    ("part", "users"),
    [("database", {"gateway", "chat", "worker"}), ("cache", {"gateway", "worker"}), ("storage", {"gateway"})],
)
def test_only_its_users_reach_a_part(prod: Inventory, part: str, users: set[str]) -> None:
    reaching = {name for name in SERVICES if shared_networks(prod, f"{part}-server", f"compute-{name}-1")}
    assert reaching == users


def test_containers_with_data_have_no_outbound_access(prod: Inventory) -> None:
    internal = {network.part for network in network_plans(spec_of()) if network.internal}
    for name in ("database-server", "cache-server", "storage-server", "backup-dump", "backup-courier"):
        assert networks(container(prod, name)) <= internal, name


def test_the_drill_has_no_network(prod: Inventory) -> None:
    drill = container(prod, "backup-drill")
    assert (networks(drill), drill.inputs["networkMode"]) == (set(), "none")


def test_the_entry_reaches_public_services_and_no_data(prod: Inventory) -> None:
    assert networks(container(prod, "entry-router")) == {"entry", "monitoring", "gateway-inside"}
    assert networks(container(prod, "entry-proxy")) == {"entry"}


def test_the_scraper_reaches_services_and_prometheus_listens_in_the_monitoring_network_only(prod: Inventory) -> None:
    prometheus = container(prod, "monitoring-prometheus")
    assert networks(prometheus) == {"monitoring"}
    scraper = container(prod, "monitoring-scraper")
    assert networks(scraper) == {"monitoring", "gateway-inside", "chat-inside"}
    assert "--web.listen-address=127.0.0.1:9090" in command(scraper)
    (listen,) = [word for word in command(prometheus) if "listen" in word]
    address = listen.partition("=")[2].partition(":")[0]
    assert IPv4Network(address).subnet_of(subnets(spec_of())["monitoring"])


def test_only_entry_and_dashboard_publish_ports_of_the_host(prod: Inventory) -> None:
    assert {found.name for found in containers(prod) if found.inputs.get("ports")} == {
        "prod-entry-proxy",
        "prod-monitoring-grafana",
    }


def test_services_have_no_outbound_access_without_egress() -> None:
    closed = plan(production({"network.egress": "none"}, cloud="docker"))
    assert "chat-outside" not in networks(container(closed, "compute-chat-1"))
    assert closed.one("prod-network-chat-inside").inputs["internal"] is True


def test_each_service_has_a_separate_network_for_egress(prod: Inventory) -> None:
    assert prod.one("prod-network-chat-outside").inputs["internal"] is False
    assert not shared_networks(prod, "compute-chat-1", "compute-worker-1")


def test_blocks_are_in_the_range_and_do_not_overlap() -> None:
    blocks = list(subnets(spec_of()).values())
    assert all(block.subnet_of(IPv4Network("10.20.0.0/16")) for block in blocks)
    assert not [pair for pair in combinations(blocks, 2) if pair[0].overlaps(pair[1])]


def test_every_network_keeps_its_gateway_when_docker_restarts(prod: Inventory) -> None:
    """Without one Docker chooses an address and writes it into the network when it starts again."""
    for network in prod.of_type("docker:Network"):
        (settings,) = rows(network.inputs["ipamConfigs"])
        block, dynamic = IPv4Network(str(settings["subnet"])), IPv4Network(str(settings["ipRange"]))
        gateway = IPv4Address(str(settings["gateway"]))
        assert (gateway in block, gateway in dynamic) == (True, False), network.name
        assert gateway not in (block.network_address, block[PROMETHEUS_OFFSET], block[PROXY_OFFSET])


def test_a_network_of_an_earlier_version_is_replaced_for_another_block_only(prod: Inventory) -> None:
    for network in prod.of_type("docker:Network"):
        (settings,) = rows(network.inputs["ipamConfigs"])
        assert network.ignore_changes == ("ipamConfigs", "labels")
        assert network.options["replacementTrigger"] == settings["subnet"]


def test_a_new_service_changes_no_other_block() -> None:
    image = "extra@sha256:" + "7" * 64
    more = {"services.extra": {"app": "fastapi", "image": image, "replicas": {"min": 2, "max": 2}}}
    before, after = subnets(spec_of()), subnets(spec_of(more))
    assert {part: after[part] for part in before} == dict(before)


@given(st.integers(16, 20), st.integers(0, 15))
def test_any_large_range_is_divided_without_overlap(prefix_length: int, second_octet: int) -> None:
    cidr = f"10.{second_octet * 16}.0.0/{prefix_length}"
    blocks = list(subnets(spec_of({"network.cidr": cidr})).values())
    assert len(set(blocks)) == len(blocks)
    assert all(block.subnet_of(IPv4Network(cidr)) for block in blocks)


def test_a_range_that_is_too_small_is_refused_with_the_number_of_networks() -> None:
    (refusal,) = refusals({"network.cidr": "10.20.0.0/24"})
    assert refusal.key == "network.cidr"
    assert refusal.problem.startswith("10.20.0.0/24 holds 2 networks of /25, and this platform needs 13")
    assert str(refusal).startswith("network.cidr: not supported on docker: ")


def test_more_replicas_than_addresses_are_refused() -> None:
    (refusal,) = refusals({"services.chat.replicas": {"min": 40, "max": 40}})
    assert refusal.key == "services.chat.replicas.min"
    assert refusal.problem.startswith("40 exceeds 27")


def test_an_internal_network_has_no_address_of_the_host(prod: Inventory) -> None:
    option = "com.docker.network.bridge.inhibit_ipv4"
    for network in network_plans(spec_of()):
        options = fields(prod.one(f"prod-network-{network.part}").inputs.get("options"))
        assert options.get(option) == ("true" if network.internal else None), network.part


def test_metadata_addresses_lead_to_the_container_itself_in_every_network_with_outbound_access(prod: Inventory) -> None:
    internal = {network.part for network in network_plans(spec_of()) if network.internal}
    attachments = [attachment for found in containers(prod) for attachment in settings(found, "networksAdvanced")]
    for attachment in attachments:
        part = str(attachment["name"]).removeprefix("<docker:Network prod-network-").removesuffix(">.name")
        expected = [] if part in internal else ["169.254.169.254", "169.254.170.2", "169.254.170.23"]
        assert [*values(attachment.get("linkLocalIps"))] == expected, part
    assert {len(values(attachment.get("linkLocalIps"))) for attachment in attachments} == {0, 3}


def test_access_to_the_host_is_recorded_for_networks_with_outbound_access() -> None:
    (recorded,) = adjustments()["network.egress"]
    assert recorded.reason.endswith("until its firewall drops new connections from 10.20.0.0/16")
    assert "network.egress" not in adjustments({"network.egress": "none"})
