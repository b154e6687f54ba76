"""Existing subnets on Azure: what is declared in them, what a stack file may not say, and what the update finds."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from automation.plan.inventory import Inventory
from automation.plan.placeholders import ANSWERS
from providers.azure.network.existing_checks import AzureSubnetFacts, AzureVnetFacts, vnet_errors
from providers.contract.diagnostics import InvalidConfiguration
from tests.azure.plans import adjustments, input_at, spec_of
from tests.components.test_bad_input import messages
from tests.planning import DROP, fresh_recordings, plan, production

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
VNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/networks/providers/Microsoft.Network/virtualNetworks/main"
DNS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/dns"
APPS, DATABASE, ENDPOINTS = (f"{VNET}/subnets/{name}" for name in ("apps", "postgres", "endpoints"))
BLOCK: Mapping[str, object] = {
    "container_apps_subnet_id": APPS, "database_subnet_id": DATABASE, "private_endpoint_subnet_id": ENDPOINTS,
}  # fmt: skip
KEY = "network.existing.azure"
OWN_TYPES = (
    "network:VirtualNetwork",
    "network:Subnet",
    "network:NatGateway",
    "network:NetworkSecurityGroup",
    "network:RouteTable",
)


def existing(block: Mapping[str, object] = BLOCK, **changes: object) -> dict[str, object]:
    """Changes of production to existing subnets; `section__key=value` changes more."""
    others = {path.replace("__", "."): value for path, value in changes.items()}
    return {"network.cidr": DROP, "network.existing": {"azure": dict(block)}, **others}


def declared(block: Mapping[str, object] = BLOCK) -> Inventory:
    return plan(production(existing(block), cloud="azure"))


def test_no_part_of_a_network_is_declared_for_existing_subnets() -> None:
    inventory = declared()
    assert {name: len(inventory.of_type(name)) for name in OWN_TYPES} == dict.fromkeys(OWN_TYPES, 0)


def test_every_part_of_the_platform_is_in_its_subnet() -> None:
    inventory = declared()
    (environment,), (server,) = inventory.of_type("app:ManagedEnvironment"), inventory.of_type("dbforpostgresql:Server")
    assert input_at(environment, "vnetConfiguration.infrastructureSubnetId") == APPS
    assert input_at(server, "network.delegatedSubnetResourceId") == DATABASE
    endpoints = inventory.of_type("network:PrivateEndpoint")
    assert endpoints
    assert {input_at(each, "subnet.id") for each in endpoints} == {ENDPOINTS}


def test_zones_are_linked_to_the_network_unless_its_owner_has_them() -> None:
    own, shared = declared(), declared({**BLOCK, "private_dns_group_id": DNS})
    links = own.of_type("privatedns:VirtualNetworkLink")
    assert {input_at(link, "virtualNetwork.id") for link in links} == {VNET}
    assert {zone.name for zone in shared.of_type("privatedns:PrivateZone")} == {"prod-network-database-zone"}
    records = shared.of_type("network:PrivateDnsZoneGroup")
    vault = next(each for each in records if "vault" in each.name)
    assert input_at(vault, "privateDnsZoneConfigs")[0]["privateDnsZoneId"] == (  # type: ignore[index]
        f"{DNS}/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
    )


def test_connections_of_the_used_subnets_are_logged() -> None:
    logs = declared().of_type("network:FlowLog")
    assert {input_at(each, "targetResourceId") for each in logs} == {APPS, DATABASE, ENDPOINTS}
    assert len({input_at(each, "flowLogName") for each in logs}) == 3


OTHER = VNET.replace("/main", "/other")
REFUSED: dict[str, tuple[Mapping[str, object], str]] = {
    "no subnet of the apps": (
        existing({**BLOCK, "container_apps_subnet_id": None}),
        f"{KEY}.container_apps_subnet_id: missing; the apps of the platform need a subnet. Set the ID of a subnet for this use alone.",
    ),
    "no subnet of the database": (
        existing({**BLOCK, "database_subnet_id": None}),
        f"{KEY}.database_subnet_id: missing; the database server of the platform needs a subnet. "
        "Set the ID of a subnet for this use alone.",
    ),
    "two networks": (
        existing({**BLOCK, "database_subnet_id": f"{OTHER}/subnets/postgres"}),
        f"{KEY}.database_subnet_id: it is in another VNet than the first subnet. Use subnets of one VNet.",
    ),
    "one subnet for two uses": (
        existing({**BLOCK, "private_endpoint_subnet_id": DATABASE}),
        f"{KEY}.private_endpoint_subnet_id: the subnet has another use already. Use a subnet for each.",
    ),
    "another subscription": (
        existing({**BLOCK, "database_subnet_id": DATABASE.replace(SUBSCRIPTION, f"{SUBSCRIPTION[:-1]}f")}),
        f"{KEY}.database_subnet_id: it is in another subscription than azure.subscription_id. Use one of this one.",
    ),
    "a range": (
        {**existing(), "network.cidr": "10.20.0.0/16"},
        "network.cidr: no effect with `network.existing`, whose subnets have their own ranges. Remove it.",
    ),
    "zones without endpoints": (
        existing({**BLOCK, "private_dns_group_id": DNS}, profile="staging", network__private_endpoints=False),
        f"{KEY}.private_dns_group_id: no effect with `network.private_endpoints: false`, which needs no privatelink zones. "
        "Set network.private_endpoints to true, or remove it.",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_subnets_that_the_file_shows_to_be_wrong_are_refused(changes: Mapping[str, object], sentence: str) -> None:
    assert messages(changes, cloud="azure") == [sentence]


def test_what_the_owner_decides_is_reported() -> None:
    notes = adjustments(existing())
    assert {"network.existing", "network.egress", "network.flow_logs"} <= notes.keys()


def subnet(*delegations: str, prefix: str = "10.0.0.0/20") -> AzureSubnetFacts:
    return AzureSubnetFacts((prefix,), delegations, (), has_way_out=True)


FACTS = AzureVnetFacts(
    "westus3",
    {
        "apps": subnet("Microsoft.App/environments"),
        "database": subnet("Microsoft.DBforPostgreSQL/flexibleServers"),
        "endpoints": subnet(),
    },
)


def facts(use: str, changed: AzureSubnetFacts) -> AzureVnetFacts:
    """VNet that fits production, with another subnet."""
    return replace(FACTS, subnets={**FACTS.subnets, use: changed})


UNFIT: dict[str, tuple[AzureVnetFacts, str]] = {
    "another location": (
        replace(FACTS, location="eastus"),
        f"{KEY}.container_apps_subnet_id: its VNet is in eastus, and azure.location is westus3. Use subnets in westus3.",
    ),
    "no delegation": (
        facts("apps", subnet()),
        f"{KEY}.container_apps_subnet_id: apps is not delegated to Microsoft.App/environments. Add the delegation.",
    ),
    "a delegation too many": (
        facts("endpoints", subnet("Microsoft.Web/serverFarms")),
        f"{KEY}.private_endpoint_subnet_id: endpoints is delegated to Microsoft.Web/serverFarms. Use a subnet without delegation.",
    ),
    "IPv6 alone": (
        facts("endpoints", replace(subnet(), prefixes=("fd00::/64",))),
        f"{KEY}.private_endpoint_subnet_id: endpoints has no IPv4 addresses. Use a subnet with IPv4, as the platform does.",
    ),
    "a small subnet of the database": (
        facts("database", subnet("Microsoft.DBforPostgreSQL/flexibleServers", prefix="10.0.0.0/29")),
        f"{KEY}.database_subnet_id: postgres is 10.0.0.0/29, and this use needs /28 or larger. Use a larger subnet.",
    ),
    "addresses of Container Apps": (
        facts("apps", subnet("Microsoft.App/environments", prefix="172.30.0.0/20")),
        f"{KEY}.container_apps_subnet_id: apps overlaps 172.30.0.0/16, which Container Apps reserves. Use another subnet.",
    ),
    "no way out": (
        facts("apps", replace(subnet("Microsoft.App/environments"), has_way_out=False)),
        f"{KEY}.container_apps_subnet_id: apps has neither a NAT gateway nor a route table, and apps connect to the internet. "
        "Associate one with it, or set network.egress to none.",
    ),
}


@pytest.mark.parametrize(("vnet", "sentence"), UNFIT.values(), ids=UNFIT)
def test_each_property_that_does_not_fit_has_one_sentence(vnet: AzureVnetFacts, sentence: str) -> None:
    assert [str(error) for error in vnet_errors(spec_of(existing()), vnet)] == [sentence]


def test_a_vnet_that_fits_has_no_errors() -> None:
    assert list(vnet_errors(spec_of(existing()), FACTS)) == []


def test_more_replicas_than_addresses_are_refused() -> None:
    replicas = {f"services.{name}.replicas": {"min": 3, "max": 40} for name in ("gateway", "chat", "worker")}
    vnet = facts("apps", subnet("Microsoft.App/environments", prefix="10.0.0.0/27"))
    (error,) = vnet_errors(spec_of({**existing(), **replicas}), vnet)
    assert str(error) == (
        f"{KEY}.container_apps_subnet_id: apps is 10.0.0.0/27 with addresses for 90 replicas during a rollout, and the services may "
        "run 120. Use a larger subnet, or lower replicas.max."
    )


def test_a_program_declares_nothing_in_subnets_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    token = "azure-native:network:getSubnet"
    answer = ANSWERS[token]
    monkeypatch.setitem(ANSWERS, token, lambda arguments: {**answer(arguments), "natGateway": None})
    with fresh_recordings(), pytest.raises(InvalidConfiguration, match="neither a NAT gateway nor a route table"):
        plan(production(existing(), cloud="azure"))
