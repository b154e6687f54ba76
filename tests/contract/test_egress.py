"""Hosts outside that services list: what opens on each cloud, for whom, what is refused, and what plan and report say."""

from collections.abc import Mapping

import pytest

from automation.plan.inventory import Declared, Inventory
from automation.plan.summary import connections_of
from automation.report.access import reachability
from automation.report.content import ReportTable
from automation.report.facts import facts_of
from components.validation.parse import parse
from providers import AVAILABLE, limits
from providers.contract.diagnostics import Effect, InvalidConfiguration
from providers.contract.spec import Platform
from providers.contract.spec.defaults import is_list, is_mapping
from tests.planning import changed_inputs, plan, production, resource_names
from tests.reports import TODAY, planned_stack

DATABASE = {"host": "db.example.com", "port": 5432}
MAIL = {"host": "smtp.example.com", "port": 587}
INTERFACE = {"host": "api.example.com", "port": 443}
CLOUDS = tuple(cloud for cloud in AVAILABLE if cloud != "docker")
SERVICES = ("gateway", "chat", "worker")


def listing(**hosts: object) -> dict[str, object]:
    """Hosts by service."""
    return {f"services.{name}.egress": value for name, value in hosts.items()}


def everywhere(*hosts: object) -> dict[str, object]:
    """The same hosts for every service, as Azure requires."""
    return listing(**{name: list(hosts) for name in SERVICES})


def spec_of(changes: Mapping[str, object], cloud: str) -> Platform:
    return parse(production(changes, cloud=cloud), "prod")


def refusals(changes: Mapping[str, object], cloud: str) -> list[str]:
    """Refusals of production with these changes, as sentences."""
    try:
        spec_of(changes, cloud)
    except InvalidConfiguration as invalid:
        return [str(each) for each in invalid.diagnostics]
    return []


def internet(changes: Mapping[str, object], cloud: str) -> dict[str, str]:
    """Ports of the internet by service, as the plan shows them."""
    return {each.service: each.internet for each in connections_of(spec_of(changes, cloud))}


def depends(inventory: Inventory, resource: Declared, on: str) -> bool:
    """Return whether a resource comes after another one, also through others."""
    by_urn = {str(each.urn): each for each in inventory.resources}
    seen, left = set[str](), [str(resource.urn)]
    while left:
        urn = left.pop()
        if urn in seen or urn not in by_urn:
            continue
        seen.add(urn)
        left += by_urn[urn].depends_on
    return any(by_urn[urn].name == on for urn in seen if urn in by_urn)


def outbound_rows(changes: Mapping[str, object], cloud: str) -> list[tuple[str, ...]]:
    """Rows of the report's table of outbound access, as texts."""
    section = reachability(facts_of(planned_stack(production(changes, cloud=cloud)), TODAY))
    (table,) = (each for each in section.parts if isinstance(each, ReportTable) and each.title == "Outbound")
    return [tuple(cell.text for cell in row.cells) for row in table.rows]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_nothing_changes_without_the_key(cloud: str) -> None:
    before, after = plan(production(cloud=cloud)), plan(production(everywhere(), cloud=cloud))
    assert resource_names(before) == resource_names(after) and not changed_inputs(before, after)


@pytest.mark.parametrize(
    ("cloud", "before"),
    [("aws", {"gateway": "443", "chat": "443", "worker": ""}), ("gcp", {"gateway": "443", "chat": "", "worker": ""})],
)
def test_a_port_opens_for_the_service_that_lists_it(cloud: str, before: dict[str, str]) -> None:
    assert internet({}, cloud) == before
    after = internet(listing(gateway=[DATABASE, MAIL], worker=[DATABASE, INTERFACE]), cloud)
    assert after == {**before, "gateway": "443, 587, 5432", "worker": "443, 5432"}


def test_aws_opens_a_port_in_the_group_of_the_service_and_in_both_tiers() -> None:
    inventory = plan(production(listing(worker=[DATABASE])))
    new = resource_names(inventory) - resource_names(plan(production()))
    assert new == {
        "vpc:SecurityGroupEgressRule prod-network-service-worker-to-world-5432",
        "ec2:NetworkAclRule prod-network-public-filter-out-5432",
        "ec2:NetworkAclRule prod-network-private-filter-out-5432",
    }
    rule = inventory.one("prod-network-service-worker-to-world-5432").inputs
    assert (rule["fromPort"], rule["toPort"], rule["cidrIpv4"]) == (5432, 5432, "0.0.0.0/0")
    assert rule["securityGroupId"] == "<ec2:SecurityGroup prod-network-service-worker>.id"
    for tier in ("public", "private"):
        acl = inventory.one(f"prod-network-{tier}-filter-out-5432").inputs
        assert (acl["egress"], acl["fromPort"], acl["toPort"], acl["ruleAction"]) == (True, 5432, 5432, "allow")
    worker = inventory.one("prod-compute-worker", "ecs:Service")
    assert depends(inventory, worker, "prod-network-service-worker-to-world-5432")


def test_aws_numbers_the_rule_of_a_port_by_the_port() -> None:
    def numbers(*ports: int) -> dict[str, object]:
        hosts = [{"host": "db.example.com", "port": port} for port in ports]
        rules = plan(production(listing(worker=hosts))).of_type("ec2:NetworkAclRule")
        return {rule.name: rule.inputs["ruleNumber"] for rule in rules if "private-filter-out" in rule.name}

    alone, more = numbers(5432), numbers(587, 5432, 35432)
    assert {name: more[name] for name in alone} == alone
    assert len(set(more.values())) == len(more)


def test_aws_refuses_more_ports_than_a_network_acl_has_rules_for() -> None:
    hosts = [{"host": "db.example.com", "port": port} for port in range(5000, 5017)]
    assert refusals(listing(worker=hosts), "aws") == [
        "services.worker.egress: not supported on aws: the services list 17 ports besides 443, and a network ACL has rules "
        "for 16. List fewer ports."
    ]
    assert not refusals(listing(worker=hosts[:16]), "aws")


def test_google_cloud_opens_a_port_for_the_tags_of_the_services() -> None:
    inventory = plan(production(listing(worker=[DATABASE], chat=[DATABASE, INTERFACE]), cloud="gcp"))
    new = resource_names(inventory) - resource_names(plan(production(cloud="gcp")))
    assert new == {"compute:Firewall prod-network-to-world-5432"}
    rule = inventory.one("prod-network-to-world-5432").inputs
    assert rule["allows"] == [{"protocol": "tcp", "ports": ["5432"]}]
    assert rule["targetTags"] == ["prod-chat", "prod-worker"]
    assert inventory.one("prod-network-to-world").inputs["targetTags"] == ["prod-chat", "prod-gateway"]
    worker = inventory.one("prod-compute-worker", "cloudrunv2:WorkerPool")
    assert depends(inventory, worker, "prod-network-to-world-5432")


def rules_of_apps(inventory: Inventory) -> dict[str, Mapping[str, object]]:
    rules = inventory.one("prod-network-apps-rules").inputs["securityRules"]
    assert is_list(rules)
    return {str(rule["name"]): rule for rule in rules if is_mapping(rule)}


def test_azure_opens_the_ports_for_the_subnet_of_the_apps() -> None:
    rules = rules_of_apps(plan(production(everywhere(DATABASE, MAIL, INTERFACE), cloud="azure")))
    assert set(rules) - set(rules_of_apps(plan(production(cloud="azure")))) == {"out-listed"}
    listed = rules["out-listed"]
    assert (listed["destinationPortRanges"], listed["destinationAddressPrefix"]) == (["587", "5432"], "Internet")
    assert (listed["direction"], listed["access"], listed["priority"]) == ("Outbound", "Allow", 200)


def test_azure_refuses_a_port_of_one_service_alone() -> None:
    sentence = (
        "services.{name}.egress: not supported on azure: apps share one subnet, whose rules would open TCP 5432 of worker "
        "for {name} too. List the hosts under services.{name}.egress as well, or give worker a stack of its own."
    )
    refused = refusals(listing(worker=[DATABASE], chat=[INTERFACE]), "azure")
    assert refused == [sentence.format(name=name) for name in ("gateway", "chat")]
    assert not refusals(everywhere(DATABASE), "azure")


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_plan_says_that_names_are_not_checked(cloud: str) -> None:
    notes = limits(cloud).adjustments(spec_of(everywhere(DATABASE, MAIL), cloud))
    (note,) = (each for each in notes if each.key == "services.worker.egress")
    assert (note.requested, note.effect) == (["db.example.com:5432", "smtp.example.com:587"], Effect.PARTIAL)
    expected = "every port of every host" if cloud == "docker" else "TCP ports 587 and 5432 open to every host"
    assert expected in note.reason


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_without_outbound_access_a_host_is_refused(cloud: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"services\.worker\.egress: no host outside can be reached"):
        spec_of({"network.egress": "none", **listing(worker=[DATABASE])}, cloud)


OPENED_PORTS = {"docker": "every port", "kubernetes": "443, 5432"}
"""Ports of the rule that opens the port of a host, where it opens others too."""


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_report_names_the_hosts_beside_the_rule_that_opens_their_port(cloud: str) -> None:
    rows = outbound_rows(everywhere(DATABASE), cloud)
    source, port = "every service" if cloud == "azure" else "worker", OPENED_PORTS.get(cloud, "5432")
    assert (source, port, "db.example.com:5432") in [row[:3] for row in rows]
    others = {
        "aws": ("gateway", "443", "none"),
        "gcp": ("gateway", "443", "none"),
        "azure": (source, "443", "none"),
    }
    assert cloud in OPENED_PORTS or others[cloud] in [row[:3] for row in rows]
