"""Queries of an inventory and its JSON form."""

import json

import pytest

from automation.plan.inventory import Secret, Unknown, as_json, plain, walk
from automation.urn import short_type
from tests.automation.inventories import INSTANCE, KEY, ROLE, component_resource, inventory, resource

component = component_resource("Database", "prod-database")
database = resource(
    INSTANCE, "prod-database", within=component, password=Secret("hunter2"), host=Unknown(), size=[1, 2]
)
provider = resource("pulumi:providers:aws", "prod-us-west-2", within=component)
plan = inventory(component, database, provider, outputs={"url": Secret("https://u:p@host"), "region": "us-west-2"})


@pytest.mark.parametrize(
    ("token", "short"),
    [
        (INSTANCE, "rds:Instance"),
        (KEY, "kms:Key"),
        ("random:index/randomPassword:RandomPassword", "random:RandomPassword"),
        ("azure-native:dbforpostgresql:Server", "dbforpostgresql:Server"),
        ("agent-platform:index:Network", "agent-platform:Network"),
        ("pulumi:providers:aws", "providers:aws"),
    ],
)
def test_a_short_type_is_the_module_and_the_name(token: str, short: str) -> None:
    assert short_type(token) == short


def test_secrets_are_masked_in_json() -> None:
    text = json.dumps(as_json(plan))
    assert "hunter2" not in text
    assert "u:p@host" not in text
    assert text.count("[secret]") == 2


def test_a_secret_is_masked_as_text() -> None:
    assert repr(Secret("hunter2")) == f"{Secret('hunter2')}" == "[secret]"


def test_unknown_values_are_marked_in_json() -> None:
    assert plain({"host": [Unknown()]}) == {"host": ["[unknown]"]}


def test_json_has_every_field_of_a_resource() -> None:
    (document,) = [r for r in json.loads(json.dumps(as_json(plan)))["resources"] if r["type"] == INSTANCE]
    assert set(document) >= {
        "urn",
        "type",
        "name",
        "parent",
        "provider",
        "inputs",
        "dependencies",
        "protect",
        "aliases",
    }


def test_components_and_providers_are_not_managed_resources() -> None:
    assert plan.custom == (database,)


def test_a_resource_has_a_component() -> None:
    assert plan.component_of(database) == "Database"
    assert plan.component_of(component) == ""


def test_a_type_is_found_by_its_token_and_by_its_short_form() -> None:
    assert plan.of_type(INSTANCE) == plan.of_type("rds:Instance") == (database,)


def test_one_resource_is_found_by_name_and_type() -> None:
    assert plan.one("prod-database") is database
    assert plan.one("prod-database", "rds:Instance") is database


def test_a_missing_resource_raises_with_similar_names() -> None:
    with pytest.raises(LookupError, match="rds:Instance prod-database"):
        plan.one("prod-databse")
    with pytest.raises(LookupError):
        inventory(resource(ROLE, "twin"), resource(KEY, "twin")).one("twin")


def test_a_walk_reaches_every_leaf() -> None:
    assert walk({"a": [1, {"b": 2}]}, lambda leaf: f"<{leaf}>") == {"a": ["<1>", {"b": "<2>"}]}
