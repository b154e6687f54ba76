"""Data stores that exist already, on every cloud: connected by secret and port, nothing of a managed one, refusals."""

import json
from collections.abc import Mapping

import pytest

from automation.plan.build import plan_of
from automation.plan.inventory import Declared, Inventory, plain
from automation.plan.spec_keys import BASE
from automation.plan.summary import summary_of
from automation.stack.document import stack_of, with_values
from components.adjustments import adjustments
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.existing_stores import existing_stores, store_ports
from tests.engine.fake_cloud.steps import lost, steps
from tests.planning import ROOT, recorded

STORES: Mapping[str, object] = {
    "database": {"existing": {"url": "OLD_DATABASE", "host": "db.example.com", "port": 6432}},
    "cache": {"existing": {"url": "OLD_CACHE", "host": "cache.example.com"}},
    "services.web.uses": ["database", "cache"],
}
MANAGED: Mapping[str, object] = {"database": {}, "cache": {}, "services.web.uses": ["database", "cache"]}
NONE: Mapping[str, object] = {"services.web.egress": [{"host": "a.example.com", "port": 6432}]}
SERVICE: Mapping[str, str] = {
    "aws": "ecs:TaskDefinition",
    "gcp": "cloudrunv2:Service",
    "azure": "app:ContainerApp",
    "docker": "docker:Container",
    "kubernetes": "apps:Deployment",
}


def raw(cloud: str, changes: Mapping[str, object]) -> dict[str, object]:
    return with_values(BASE, {"cloud": cloud, **changes})


def declared(cloud: str, changes: Mapping[str, object] = STORES) -> Inventory:
    return recorded(stack_of("trial", {PLATFORM_KEY: raw(cloud, changes)}))


def errors(changes: Mapping[str, object], cloud: str = "aws") -> list[str]:
    with pytest.raises(InvalidConfiguration) as refused:
        stack_of("trial", {PLATFORM_KEY: raw(cloud, changes)})
    return [str(each) for each in refused.value.diagnostics]


def service(inventory: Inventory, cloud: str) -> Declared:
    (found,) = [each for each in inventory.of_type(SERVICE[cloud]) if "-compute-web" in each.name]
    return found


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_service_gets_the_urls_under_the_variables_of_managed_stores(cloud: str) -> None:
    definition = json.dumps(plain(dict(service(declared(cloud), cloud).inputs)))
    names = ("DATABASE_URL", "REDIS_URL") if cloud != "docker" else ()
    for name in names:
        assert name in definition
    if cloud == "docker":  # its variables are secret texts, `NAME=value`
        before = service(declared(cloud, {}), cloud).inputs["envs"]
        after = service(declared(cloud), cloud).inputs["envs"]
        assert isinstance(before, list)
        assert isinstance(after, list)
        assert len(after) == len(before) + 2
    assert "PGHOST" not in definition


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_nothing_of_a_managed_store_is_declared(cloud: str) -> None:
    types = {each.type for each in declared(cloud).custom}
    of_stores = {each.type for each in declared(cloud, MANAGED).custom} - {
        each.type for each in declared(cloud, NONE).custom
    }
    assert of_stores
    secrets = {each.type for each in declared(cloud, {"services.web.secrets": ["API_KEY"]}).custom}
    assert not types & of_stores - secrets
    assert not [each.name for each in declared(cloud).custom if each.name.startswith(("trial-database", "trial-cache"))]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_ports_open_for_the_services_that_use_the_stores(cloud: str) -> None:
    assert {"6432", "6379"} <= open_ports(declared(cloud)) or cloud == "docker"
    assert not {"6432", "6379"} & open_ports(declared(cloud, {"services.web.uses": []}))
    spec = stack_of("trial", {PLATFORM_KEY: raw(cloud, STORES)}).spec
    assert store_ports(spec, "web") == (6379, 6432)


def open_ports(inventory: Inventory) -> set[str]:
    """Ports in the rules and policies of the network, as text."""
    kinds = ("Rule", "Firewall", "NetworkPolicy", "SecurityGroup")
    rules = [each for each in inventory.custom if each.short_type.endswith(kinds)]
    text = json.dumps([plain(dict(each.inputs)) for each in rules])
    return {port for port in ("6432", "6379") if port in text}


def test_private_addresses_are_reached_where_a_rule_for_the_internet_leaves_them_out() -> None:
    groups = json.dumps(
        [dict(each.inputs) for each in declared("azure").of_type("network:NetworkSecurityGroup")], default=str
    )
    assert '"destinationAddressPrefix": "VirtualNetwork"' in groups
    policies = declared("kubernetes").of_type("networking.k8s.io:NetworkPolicy")
    rules = [json.dumps(dict(each.inputs), default=str) for each in policies]
    (rule,) = [each for each in rules if "6432" in each and "web" in each]
    block = rule[: rule.index("6432")].rpartition('"ipBlock"')[2]
    assert "except" not in block


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_stack_that_moves_to_existing_stores_deletes_the_managed_ones_as_the_table_states(cloud: str) -> None:
    traits = resource_traits(cloud)
    taken = steps(declared(cloud, MANAGED), declared(cloud))
    assert lost(taken, traits.holds)
    assert {"database.existing", "cache.existing"} <= {row.key for row in traits.losing}


def test_the_plan_shows_existing_stores_and_their_adjustments() -> None:
    stack = stack_of("trial", {PLATFORM_KEY: raw("aws", STORES)})
    summary = summary_of(plan_of(stack, ROOT))
    assert [store.name for store in summary.stores] == [
        "PostgreSQL at db.example.com:6432",
        "Redis at cache.example.com:6379",
    ]
    assert {"OLD_DATABASE", "OLD_CACHE"} == set(summary.secrets_to_set)
    keys = [each.key for each in adjustments(stack.spec)]
    assert {"database.existing.host", "cache.existing.host"} <= set(keys)
    assert [each.address for each in existing_stores(stack.spec)] == ["db.example.com:6432", "cache.example.com:6379"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"database.size": {"vcpu": 2}},
            "database.size: no effect on a database that exists already: its owner decides",
        ),
        ({"database.backup": {"retention_days": 3}}, "database.backup: no effect on a database that exists already"),
        ({"cache.eviction": "noeviction"}, "cache.eviction: no effect on a cache that exists already"),
        ({"recovery.drill": {"query": "SELECT 1"}}, "recovery.drill: the platform has no database to restore"),
        (
            {"network.egress": "none", "network.private_endpoints": True},
            "database.existing: db.example.com:6432 is outside",
        ),
        ({"services.web.uses": ["cache"]}, "database.existing: no service uses the database"),
        ({"services.web.secrets": ["OLD_DATABASE"]}, "services.web.secrets: OLD_DATABASE is the URL of the database"),
        (
            {"services.web.environment": {"DATABASE_URL": "x"}},
            "services.web.environment: the platform sets DATABASE_URL",
        ),
        (
            {"services.web.image_credentials": "OLD_DATABASE"},
            "database.existing.url: OLD_DATABASE is a login of a registry",
        ),
        ({"database.existing.host": "10.0.0.5"}, "is an address"),
        ({"database.existing.host": "https://db.example.com"}, "has a scheme"),
        ({"database.existing": {"host": "db.example.com"}}, "database.existing.url: missing"),
        ({"database.existing.url": "postgresql://u:p@db/x"}, "database.existing.url:"),
    ],
)
def test_what_does_not_fit_an_existing_store_is_refused(changes: Mapping[str, object], expected: str) -> None:
    found = errors({**STORES, **changes})
    assert [error for error in found if expected in error], found
    assert "u:p" not in "".join(found)


def test_two_servers_for_one_store_of_a_cluster_are_refused() -> None:
    found = errors({**STORES, "kubernetes.database.external": True}, "kubernetes")
    assert found == ["kubernetes.database.external: database.existing names the server already. Remove one of the two."]
