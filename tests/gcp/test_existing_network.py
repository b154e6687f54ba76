"""Existing network on Google Cloud: what is declared for it, what a stack file may not say, and what the update finds."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from automation.plan.inventory import Inventory
from automation.plan.placeholders import ANSWERS
from providers.contract.diagnostics import InvalidConfiguration
from providers.gcp.network.existing_checks import (
    GcpNetworkFacts,
    GcpRangeFacts,
    GcpSubnetFacts,
    check_found,
    network_errors,
)
from tests.components.test_bad_input import messages
from tests.gcp.plans import adjustments, mapping_at, spec_of, text_at, values_at
from tests.planning import DROP, fresh_recordings, plan, production

BLOCK: Mapping[str, object] = {"network": "shared", "subnetwork": "agents", "private_range": "services"}
KEY = "network.existing.gcp"
OWN_TYPES = (
    "compute:Network", "compute:Subnetwork", "compute:Router", "compute:RouterNat", "compute:Route", "compute:Address",
    "servicenetworking:Connection", "dns:ManagedZone", "dns:Policy",
)  # fmt: skip


def existing(block: Mapping[str, object] = BLOCK, **changes: object) -> dict[str, object]:
    """Changes of production to an existing network; `section__key=value` changes more."""
    others = {path.replace("__", "."): value for path, value in changes.items()}
    return {"network.cidr": DROP, "network.existing": {"gcp": dict(block)}, **others}


def declared(block: Mapping[str, object] = BLOCK, **changes: object) -> Inventory:
    return plan(production(existing(block, **changes), cloud="gcp"))


def test_no_part_of_a_network_is_declared_in_an_existing_one() -> None:
    inventory = declared()
    assert {name: len(inventory.of_type(name)) for name in OWN_TYPES} == dict.fromkeys(OWN_TYPES, 0)


def test_every_part_of_the_platform_is_in_the_given_network() -> None:
    inventory = declared({**BLOCK, "project": "acme-networks"})
    network = "projects/acme-networks/global/networks/shared"
    ip = mapping_at(inventory.one("prod-database", "sql:DatabaseInstance").inputs, "settings", "ipConfiguration")
    assert (ip["privateNetwork"], ip["allocatedIpRange"]) == (network, "services")
    cache = inventory.one("prod-cache", "redis:Instance").inputs
    assert (cache["authorizedNetwork"], cache["reservedIpRange"]) == (network, "services")
    for service in inventory.of_type("cloudrunv2:Service"):
        interface = mapping_at(service.inputs, "template", "vpcAccess", "networkInterfaces", 0)
        assert interface["network"] == network
        assert text_at(interface, "subnetwork").endswith("/subnetworks/agents")


def test_firewall_rules_are_for_the_tags_of_the_services_alone() -> None:
    rules = declared({**BLOCK, "project": "acme-networks"}).of_type("compute:Firewall")
    assert {rule.name for rule in rules} == {
        rule.name for rule in plan(production(cloud="gcp")).of_type("compute:Firewall")
    }
    assert all(values_at(rule.inputs, "targetTags") for rule in rules)
    assert {rule.inputs["project"] for rule in rules} == {"acme-networks"}
    database = next(rule for rule in rules if rule.name == "prod-network-to-database")
    assert values_at(database.inputs, "destinationRanges") == ["10.64.0.0/16"]


def test_a_database_is_replaced_with_its_network() -> None:
    triggers = [
        inventory.one("prod-database", "sql:DatabaseInstance").options["replacementTrigger"]
        for inventory in (plan(production(cloud="gcp")), declared())
    ]
    assert triggers[0] == "own"
    assert str(triggers[1]).endswith("/global/networks/shared")


REFUSED: dict[str, tuple[Mapping[str, object], str]] = {
    "no network": (existing({**BLOCK, "network": None}), f"{KEY}.network: missing. Set the name of the VPC network."),
    "no subnet": (
        existing({**BLOCK, "subnetwork": None}),
        f"{KEY}.subnetwork: missing; the services of the platform need a subnet. Set the name of a subnet in gcp.region.",
    ),
    "no range": (
        existing({**BLOCK, "private_range": None}),
        f"{KEY}.private_range: missing; Cloud SQL and Memorystore need an allocated range of private services access. "
        "Set the name of the range that is peered with servicenetworking.googleapis.com.",
    ),
    "a range of addresses": (
        {**existing(), "network.cidr": "10.20.0.0/16"},
        "network.cidr: no effect with `network.existing`, whose subnet has its own range. Remove it.",
    ),
    "checked names": (
        existing(network__egress_control="names"),
        "network.egress_control: not supported on gcp: names: a firewall policy applies to the whole network, and would close it "
        "for others in an existing one. Use ports, or remove network.existing.",
    ),
    "a network on aws": (
        {**existing(), "network.existing": {"aws": {"vpc_id": "vpc-0123456789abcdef0"}}},
        "network.existing: it names a network on aws, and the cloud is gcp. Name one under network.existing.gcp alone, or remove it.",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_network_that_the_file_shows_to_be_wrong_is_refused(changes: Mapping[str, object], sentence: str) -> None:
    assert messages(changes, cloud="gcp") == [sentence]


def test_what_the_owner_decides_is_reported() -> None:
    notes = adjustments(existing())
    assert {"network.existing", "network.egress", "network.flow_logs", "network.private_endpoints"} <= notes.keys()


PATH = "https://www.googleapis.com/compute/v1/projects/acme/global/networks/"
FACTS = GcpNetworkFacts(
    subnet=GcpSubnetFacts("10.0.0.0/20", f"{PATH}shared", google_access=True, stack_type="IPV4_ONLY"),
    private_range=GcpRangeFacts("10.64.0.0", 16, "VPC_PEERING", f"{PATH}shared"),
    private_zones=frozenset(["googleapis.com.", "run.app."]),
)
RANGE = GcpRangeFacts("10.64.0.0", 16, "VPC_PEERING", f"{PATH}shared")
COMMAND = "gcloud compute networks subnets update agents --project=acme-agents --region=us-central1 --enable-private-ip-google-access"
UNFIT: dict[str, tuple[GcpNetworkFacts, str]] = {
    "a subnet of another network": (
        replace(FACTS, subnet=replace(FACTS.subnet, network=f"{PATH}other")),
        f"{KEY}.subnetwork: agents is in the network other. Use a subnet of shared.",
    ),
    "IPv6 alone": (
        replace(FACTS, subnet=replace(FACTS.subnet, stack_type="IPV6_ONLY")),
        f"{KEY}.subnetwork: agents has IPv6 addresses only. Use a subnet with IPv4, as the platform does.",
    ),
    "a small subnet": (
        replace(FACTS, subnet=replace(FACTS.subnet, cidr="10.0.0.0/28")),
        f"{KEY}.subnetwork: agents is 10.0.0.0/28 with 12 addresses, and Cloud Run needs 96 at maximum scale. "
        "Use a larger subnet, or lower replicas.max.",
    ),
    "no private access": (
        replace(FACTS, subnet=replace(FACTS.subnet, google_access=False)),
        f"{KEY}.subnetwork: Private Google Access of agents is off. Enable it with `{COMMAND}`, or set network.private_endpoints "
        "to false.",
    ),
    "no private zones": (
        replace(FACTS, private_zones=frozenset(["googleapis.com."])),
        f"{KEY}.network: the project acme-agents has no private DNS zone for run.app. Create it for shared with the addresses of "
        "private.googleapis.com, or set network.private_endpoints to false.",
    ),
    "a range for load balancers": (
        replace(FACTS, private_range=replace(RANGE, purpose="PRIVATE_SERVICE_CONNECT")),
        f"{KEY}.private_range: services has the purpose PRIVATE_SERVICE_CONNECT. Use a range with VPC_PEERING.",
    ),
    "a range of another network": (
        replace(FACTS, private_range=replace(RANGE, network=f"{PATH}other")),
        f"{KEY}.private_range: services is in the network other. Use a range of shared.",
    ),
    "a small range": (
        replace(FACTS, private_range=replace(RANGE, prefix_length=28)),
        f"{KEY}.private_range: services is 10.64.0.0/28, and Cloud SQL needs /24 or larger in a region. Use a larger range.",
    ),
}


@pytest.mark.parametrize(("network", "sentence"), UNFIT.values(), ids=UNFIT)
def test_each_property_that_does_not_fit_has_one_sentence(network: GcpNetworkFacts, sentence: str) -> None:
    assert [str(error) for error in network_errors(spec_of(existing()), network)] == [sentence]


def test_a_network_that_fits_has_no_errors() -> None:
    assert list(network_errors(spec_of(existing()), FACTS)) == []


def test_names_of_nothing_are_refused_together() -> None:
    with pytest.raises(InvalidConfiguration) as invalid:
        check_found(spec_of(existing()), frozenset(["other"]), frozenset())
    assert str(invalid.value).splitlines() == [
        f"{KEY}.network: shared does not exist in the project acme-agents. Correct the name, or set project.",
        f"{KEY}.subnetwork: agents does not exist in us-central1 of the project acme-agents. Use a subnet of gcp.region.",
    ]


def test_a_program_declares_no_rule_in_a_network_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    token = "gcp:compute/getSubnetwork:getSubnetwork"
    answer = ANSWERS[token]
    monkeypatch.setitem(ANSWERS, token, lambda arguments: {**answer(arguments), "privateIpGoogleAccess": False})
    with fresh_recordings(), pytest.raises(InvalidConfiguration, match="Private Google Access of agents is off"):
        plan(production(existing(), cloud="gcp"))
