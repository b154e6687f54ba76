"""Hosts outside that services list: what opens on each cloud, for whom, what is refused, and what plan and report say."""

from collections.abc import Mapping

import pytest

from automation.plan.inventory import Declared, Inventory
from automation.plan.summary import connections_of, summary_of
from automation.report.access import reachability
from automation.report.content import ReportTable
from automation.report.facts import facts_of
from components.validation.parse import parse
from providers import AVAILABLE, limits
from providers.aws.network.allowed_names import allowed_names
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


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_report_names_the_hosts_beside_the_rule_that_opens_their_port(cloud: str) -> None:
    rows = outbound_rows(everywhere(DATABASE), cloud)
    source, port = "every service" if cloud == "azure" else "worker", "every port" if cloud == "docker" else "5432"
    assert (source, port, "db.example.com:5432") in [row[:3] for row in rows]
    others = {"aws": ("gateway", "443", "none"), "gcp": ("gateway", "443", "none"), "azure": (source, "443", "none")}
    assert cloud == "docker" or others[cloud] in [row[:3] for row in rows]


OWN_IMAGES: dict[str, object] = {
    "monitoring.prometheus": False,
    **{f"services.{name}.image": f"{name}@sha256:" + "1" * 64 for name in SERVICES},
}
NAMES: dict[str, object] = {"network.egress_control": "names"}
NAMED = AVAILABLE


def named(cloud: str, **hosts: object) -> Inventory:
    """Production with these hosts by service, whose names are checked."""
    return plan(production({**NAMES, **OWN_IMAGES, **listing(**hosts)}, cloud=cloud))


def test_aws_resolves_listed_hosts_and_its_own_names_alone() -> None:
    inventory = named("aws", gateway=[INTERFACE], worker=[DATABASE])
    domains = inventory.one("prod-network-listed-names", "route53:ResolverFirewallDomainList").inputs["domains"]
    assert domains == [
        "*.cache.amazonaws.com", "*.s3.amazonaws.com", "*.us-west-2.amazonaws.com", "*.us-west-2.rds.amazonaws.com",
        "api.example.com", "db.example.com", "s3.amazonaws.com",
    ]  # fmt: skip
    assert inventory.one("prod-network-every-name", "route53:ResolverFirewallDomainList").inputs["domains"] == ["*."]
    rules = {
        rule.name: (rule.inputs["priority"], rule.inputs["action"], rule.inputs.get("firewallDomainRedirectionAction"))
        for rule in inventory.of_type("route53:ResolverFirewallRule")
    }
    assert rules == {
        "prod-network-listed-names": (100, "ALLOW", "TRUST_REDIRECTION_DOMAIN"),
        "prod-network-every-name": (200, "BLOCK", None),
    }
    (config,) = inventory.of_type("route53:ResolverFirewallConfig")
    assert config.inputs["firewallFailOpen"] == "DISABLED"


def test_aws_blocks_names_after_both_rules_exist_and_before_services_start() -> None:
    inventory = named("aws", worker=[DATABASE])
    (association,) = inventory.of_type("route53:ResolverFirewallRuleGroupAssociation")
    for rule in inventory.of_type("route53:ResolverFirewallRule"):
        assert rule.urn in association.depends_on
    for name in SERVICES:
        service = inventory.one(f"prod-compute-{name}", "ecs:Service")
        assert depends(inventory, service, association.name)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"monitoring.prometheus": True}, {"public.ecr.aws", "*.cloudfront.net"}),
        ({"monitoring.tracing": {}}, {"public.ecr.aws", "*.cloudfront.net"}),
        (
            {
                "ingress.auth": {
                    "mode": "jwt", "issuer": "https://login.example.com", "audience": "api://agents",
                    "jwks_url": "https://keys.example.com/jwks",
                },
                "services.gateway.secrets": ["OPENAI_API_KEY"],
            },
            {"keys.example.com"},
        ),
    ],
)  # fmt: skip
def test_aws_resolves_the_names_that_its_own_parts_need(changes: dict[str, object], names: set[str]) -> None:
    without, with_parts = (
        set(allowed_names(spec_of({**NAMES, **OWN_IMAGES, **more}, "aws"), "us-west-2")) for more in ({}, changes)
    )
    assert with_parts - without == names


def test_aws_refuses_an_image_of_a_registry_whose_name_does_not_resolve() -> None:
    image = "ghcr.io/acme/chat@sha256:" + "7" * 64
    (sentence,) = refusals({**NAMES, **OWN_IMAGES, "services.chat.image": image}, "aws")
    assert sentence.endswith(
        "is not in ECR of us-west-2, and the names of its registry do not resolve with `names`. Push the image to ECR of "
        "us-west-2, or remove network.egress_control."
    )


def test_google_cloud_denies_what_no_listed_name_resolves_to() -> None:
    inventory = named("gcp", gateway=[INTERFACE], worker=[DATABASE])
    rules = {
        rule.name.removeprefix("prod-network-names-"): rule.inputs
        for rule in inventory.of_type("compute:NetworkFirewallPolicyRule")
    }
    assert {part: (rule["priority"], rule["action"], rule["direction"]) for part, rule in rules.items()} == {
        "inside": (100, "goto_next", "EGRESS"),
        "hosts-443": (1443, "goto_next", "EGRESS"),
        "hosts-5432": (6432, "goto_next", "EGRESS"),
        "rest": (100_000, "deny", "EGRESS"),
    }
    assert rules["hosts-5432"]["match"] == {
        "destFqdns": ["db.example.com"], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["5432"]}],
    }  # fmt: skip
    assert rules["rest"]["match"] == {"destIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "all"}]}
    order = "networkFirewallPolicyEnforcementOrder"
    assert inventory.one("prod-network", "compute:Network").inputs[order] == "BEFORE_CLASSIC_FIREWALL"
    assert (
        plan(production(cloud="gcp")).one("prod-network", "compute:Network").inputs[order] == "AFTER_CLASSIC_FIREWALL"
    )
    (association,) = inventory.of_type("compute:NetworkFirewallPolicyAssociation")
    assert {rule.urn for rule in inventory.of_type("compute:NetworkFirewallPolicyRule")} <= set(association.depends_on)
    assert depends(inventory, inventory.one("prod-compute-worker", "cloudrunv2:WorkerPool"), association.name)


def test_google_cloud_opens_a_port_of_names_for_the_tags_of_the_services_that_list_it() -> None:
    inventory = named("gcp", gateway=[INTERFACE], worker=[DATABASE])
    tags = {
        rule.name: rule.inputs["targetTags"] for rule in inventory.of_type("compute:Firewall") if "world" in rule.name
    }
    assert tags == {"prod-network-to-world": ["prod-gateway"], "prod-network-to-world-5432": ["prod-worker"]}


def test_google_cloud_refuses_names_that_one_service_alone_lists() -> None:
    other = {"host": "other.example.com", "port": 5432}
    (sentence,) = refusals({**NAMES, **listing(chat=[DATABASE], worker=[other])}, "gcp")
    assert sentence.startswith(
        "services.worker.egress: not supported on gcp: worker and chat list different hosts with port 5432"
    )
    assert not refusals({**NAMES, **listing(chat=[DATABASE], worker=[DATABASE, INTERFACE])}, "gcp")


def test_google_cloud_refuses_names_without_private_addresses_of_its_interfaces() -> None:
    changes = {**NAMES, "network.private_endpoints": False, "profile": "staging"}
    assert any("network.egress_control: not supported on gcp" in each for each in refusals(changes, "gcp"))


def firewalled() -> Inventory:
    """Production on Azure with two hosts, whose names are checked."""
    return plan(production({**NAMES, **OWN_IMAGES, **everywhere(INTERFACE, DATABASE)}, cloud="azure"))


def test_azure_sends_what_leaves_the_network_to_the_firewall() -> None:
    inventory = firewalled()
    route = inventory.one("prod-network-names-route", "network:Route")
    assert (route.inputs["addressPrefix"], route.inputs["nextHopType"]) == ("0.0.0.0/0", "VirtualAppliance")
    assert depends(inventory, route, "prod-network-names-rules")
    apps = inventory.one("prod-network-apps", "network:Subnet").inputs
    assert apps["routeTable"] == {"id": "<network:RouteTable prod-network-names-routes>.id"}
    subnet = inventory.one("prod-network-names", "network:Subnet").inputs
    assert (subnet["subnetName"], subnet["addressPrefix"]) == ("AzureFirewallSubnet", "10.20.242.0/24")
    assert subnet["natGateway"] == apps["natGateway"]
    (environment,) = inventory.of_type("app:ManagedEnvironment")
    assert route.urn in environment.depends_on


def test_azure_allows_listed_hosts_and_what_container_apps_needs_from_the_apps_alone() -> None:
    collections = firewalled().one("prod-network-names-rules").inputs["ruleCollections"]
    assert is_list(collections)
    rules = {
        str(rule["name"]): rule
        for collection in collections
        if is_mapping(collection) and is_list(collection["rules"])
        for rule in collection["rules"]
        if is_mapping(rule)
    }
    targets = {
        name: rule.get("targetFqdns") or rule.get("destinationFqdns") or rule.get("destinationAddresses")
        for name, rule in rules.items()
    }
    assert targets == {
        "registry": ["MicrosoftContainerRegistry"],
        "registry-front": ["AzureFrontDoor.FirstParty"],
        "directory": ["AzureActiveDirectory"],
        "monitor": ["AzureMonitor"],
        "container-apps": ["acs-mirror.azureedge.net", "packages.aks.azure.com"],
        "hosts-443": ["api.example.com"],
        "hosts-5432": ["db.example.com"],
    }
    assert (rules["hosts-443"]["ruleType"], rules["hosts-5432"]["destinationPorts"]) == ("ApplicationRule", ["5432"])
    assert {str(rule["sourceAddresses"]) for rule in rules.values()} == {"['10.20.0.0/20']"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            listing(worker=[INTERFACE]),
            "services.worker.egress: not supported on azure: apps share one subnet, whose firewall",
        ),
        (
            {"monitoring.prometheus": True},
            "monitoring.prometheus: not supported on azure: the image of the metrics collector",
        ),
        (
            {"services.chat.image": "ghcr.io/acme/chat@sha256:" + "7" * 64},
            "services.chat.image: not supported on azure: ghcr.io cannot be reached while network.egress_control is names",
        ),
        (
            {"network.private_endpoints": False, "profile": "staging"},
            "network.egress_control: not supported on azure: names needs private endpoints",
        ),
    ],
)
def test_azure_refuses_what_its_firewall_would_block_or_open(changes: dict[str, object], sentence: str) -> None:
    assert any(each.startswith(sentence) for each in refusals({**NAMES, **OWN_IMAGES, **changes}, "azure"))


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_secrets_open_no_port_where_names_are_checked(cloud: str) -> None:
    assert internet({**NAMES, **OWN_IMAGES}, cloud) == dict.fromkeys(SERVICES, "")


@pytest.mark.parametrize("cloud", NAMED)
def test_a_check_of_names_without_outbound_access_is_refused(cloud: str) -> None:
    assert any(
        "network.egress_control: no effect" in each for each in refusals({**NAMES, "network.egress": "none"}, cloud)
    )


@pytest.mark.parametrize("cloud", NAMED)
def test_the_report_says_that_names_are_checked(cloud: str) -> None:
    hosts = everywhere(DATABASE) if cloud == "azure" else listing(worker=[DATABASE])
    rows = [row[:3] for row in outbound_rows({**NAMES, **OWN_IMAGES, **hosts}, cloud)]
    source = "every service" if cloud == "azure" else "worker"
    assert (source, "5432", "db.example.com:5432") in rows
    assert len(rows) == (2 if cloud == "azure" else 1)


@pytest.mark.parametrize(("cloud", "usd"), [("aws", 6), ("gcp", 0.9), ("azure", 913.3)])
def test_the_plan_has_the_price_of_the_check_of_names(cloud: str, usd: float) -> None:
    changes = {**NAMES, **OWN_IMAGES, **everywhere(DATABASE)}
    cost = summary_of(planned_stack(production(changes, cloud=cloud))).cost
    assert cost.name_checks_usd == pytest.approx(usd, abs=0.01)
    assert summary_of(planned_stack(production(cloud=cloud))).cost.name_checks_usd is None
