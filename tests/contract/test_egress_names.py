"""Names of hosts outside that are checked: what is declared on each cloud, what is refused, and the price in the plan."""

import pytest

from automation.plan.inventory import Inventory
from automation.plan.summary import summary_of
from providers import AVAILABLE
from providers.aws.network.allowed_names import allowed_names
from providers.contract.spec.defaults import is_list, is_mapping
from tests.contract.test_egress import (
    DATABASE,
    INTERFACE,
    SERVICES,
    depends,
    everywhere,
    internet,
    listing,
    outbound_rows,
    refusals,
    spec_of,
)
from tests.planning import DRILL, plan, production
from tests.reports import planned_stack

OWN_IMAGES: dict[str, object] = {
    "monitoring.prometheus": False,
    **{f"services.{name}.image": f"{name}@sha256:" + "1" * 64 for name in SERVICES},
}
NAMES: dict[str, object] = {"network.egress_control": "names"}
NAMED = tuple(cloud for cloud in AVAILABLE if cloud != "kubernetes")
"""Clouds on which hosts are checked by their names; a network policy knows none."""


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
        ({"recovery.drill": DRILL}, {"public.ecr.aws", "*.cloudfront.net"}),
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
        ({"recovery.drill": DRILL}, "recovery.drill: not supported on azure: the drill calls the Resource Manager"),
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
