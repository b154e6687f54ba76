"""Network policies: exactly the connections along `calls`, `uses`, `path`, `metrics` and `egress`."""

import pytest

from automation.plan.inventory import Inventory
from tests.kubernetes.inputs import POLICY, at, items, mapping, peers
from tests.kubernetes.platforms import GATEWAY, OWN_CACHE, SIMPLE_INGRESS, prod, prod_plan, staging
from tests.planning import plan

INTERNET = "0.0.0.0/0 without private ranges"


def of_service(inventory: Inventory, name: str, direction: str) -> set[str]:
    stack = inventory.stack
    return peers(inventory.one(f"{stack}-network-{name}", POLICY), direction)


def test_the_namespace_enforces_restricted_pods() -> None:
    labels = mapping(prod_plan().one("prod-network-namespace", "core:Namespace").inputs, "metadata", "labels")
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["pod-security.kubernetes.io/enforce-version"] == "v1.33"
    assert prod_plan().one("prod-network-namespace", "core:Namespace").protect


def test_every_connection_is_denied_that_no_policy_allows() -> None:
    deny = mapping(prod_plan().one("prod-network-default-deny", POLICY).inputs, "spec")
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_a_caller_and_a_callee_agree_on_one_port() -> None:
    assert "chat:8001" in of_service(prod_plan(), "gateway", "egress")
    assert of_service(prod_plan(), "chat", "ingress") == {"gateway:8001", "namespace monitoring:8001"}
    assert "chat:8001" not in of_service(prod_plan(), "worker", "egress")


def test_a_worker_accepts_no_connection() -> None:
    assert of_service(prod_plan(), "worker", "ingress") == set()


def test_only_the_entry_and_prometheus_reach_a_public_service() -> None:
    assert of_service(prod_plan(), "gateway", "ingress") == {"entry:7777", "namespace monitoring:9464"}


def test_services_reach_what_they_use_and_nothing_else() -> None:
    assert of_service(prod_plan(), "chat", "egress") == {"database:5432", f"{INTERNET}:443"}
    own = plan(staging(block=OWN_CACHE), stack="staging")
    assert {"database:5432", "cache:6379"} <= of_service(own, "worker", "egress")


def test_without_egress_no_rule_opens_the_internet() -> None:
    closed = plan(prod({"network.egress": "none"}))
    assert of_service(closed, "chat", "egress") == {"database:5432"}


def test_a_listed_port_opens_beside_https() -> None:
    listing = plan(prod({"services.chat.egress": [{"host": "mail.example.com", "port": 587}]}))
    assert {f"{INTERNET}:443", f"{INTERNET}:587"} <= of_service(listing, "chat", "egress")


@pytest.mark.parametrize(
    ("flavour", "identity", "endpoint"),
    [
        ("eks", "arn:aws:iam::111122223333:role/chat", "169.254.170.23/32:80"),
        ("gke", "chat@acme.iam.gserviceaccount.com", "169.254.169.254/32:988"),
        ("aks", "00000000-0000-0000-0000-000000000001", "169.254.169.254/32:80"),
    ],
)
def test_only_pods_with_an_identity_reach_its_endpoint(flavour: str, identity: str, endpoint: str) -> None:
    known = plan(prod(block={"flavour": flavour, "identities": {"chat": identity}}))
    assert endpoint in of_service(known, "chat", "egress")
    assert not any(each.startswith("169.254") for each in of_service(known, "worker", "egress"))
    account = known.one("prod-identity-chat", "core:ServiceAccount")
    assert identity in mapping(account.inputs, "metadata", "annotations").values()
    assert account.inputs["automountServiceAccountToken"] is False


def test_the_rules_of_a_service_are_those_of_its_tasks_and_of_its_new_revision() -> None:
    policy = plan(prod({"services.gateway.rollout": {"strategy": "canary"}})).one("prod-network-gateway", POLICY)
    (expression,) = items(policy.inputs, "spec", "podSelector", "matchExpressions")
    assert items(expression, "values") == ["gateway", "gateway-next", "gateway.task"]


def test_the_proxies_of_a_gateway_are_those_of_its_namespace() -> None:
    routed = plan(staging(SIMPLE_INGRESS, GATEWAY), stack="staging")
    assert "namespace envoy-gateway-system:7777" in of_service(routed, "gateway", "ingress")


def test_no_rule_is_without_peers_or_ports() -> None:
    for policy in prod_plan().of_type(POLICY):
        for direction, key in (("ingress", "from"), ("egress", "to")):
            for rule in items(policy.inputs, "spec", direction):
                assert items(rule, key), policy.name
                assert items(rule, "ports"), policy.name
    assert at(prod_plan().one("prod-network-dns", POLICY).inputs, "spec", "egress")
