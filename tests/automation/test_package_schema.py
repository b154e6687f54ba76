"""Schema of the Pulumi package: equal to the checked-in file, complete for the spec, and sound as languages need it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from automation.plan.docs.package import PACKAGE_FILE, package_schema, package_text
from automation.plan.spec_keys import spec_keys
from components.package.names import camel_case
from components.package.provider import TOKEN
from tests.planning import ROOT

Node = Mapping[str, Any]
SCHEMA: Node = package_schema("1.2.3")
COMPONENT: Node = SCHEMA["resources"][TOKEN]
RESERVED = {"id", "urn", "pulumi", "provider"}
ENDINGS = ("Args", "Output", "Input", "Array", "Map", "Ptr")
"""Endings that SDKs add to the names of types."""


def nodes(value: object) -> Iterator[Node]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def properties_of(node: Node) -> Mapping[str, Node]:
    """Properties of the object that a property has, directly, as the values of a map or as one of several types."""
    for each in (node, node.get("additionalProperties", {}), node.get("items", {}), *node.get("oneOf", ())):
        if "$ref" in each:
            return SCHEMA["types"][each["$ref"].removeprefix("#/types/")].get("properties", {})
    return {}


def test_the_checked_in_schema_is_that_of_the_spec() -> None:
    assert (ROOT / PACKAGE_FILE).read_text(encoding="utf-8") == package_text(ROOT), "run `make docs`"


@pytest.mark.parametrize("key", spec_keys())
def test_every_key_of_the_spec_is_a_property_with_a_description(key: str) -> None:
    properties, node = COMPONENT["inputProperties"], {}
    for part in key.split("."):
        if part != "<name>":
            node = properties[camel_case(part)]
            properties = properties_of(node)
    assert len(node["description"]) > 10


def test_references_lead_to_types_and_all_types_are_used() -> None:
    references = {node["$ref"] for node in nodes(SCHEMA) if isinstance(node.get("$ref"), str)}
    used = {each.removeprefix("#/types/") for each in references if each.startswith("#")}
    assert used == set(SCHEMA["types"])


def test_names_are_valid_in_every_language() -> None:
    names = {name for node in nodes(SCHEMA) for name in node.get("properties", {})}
    assert all(re.fullmatch(r"[a-z][a-zA-Z0-9]*", name) for name in names)
    assert not names & RESERVED
    types = [token.rpartition(":")[2] for token in SCHEMA["types"]]
    assert not [name for name in types if name.endswith(ENDINGS)]
    lowered = [name.lower() for name in types]
    assert len(set(lowered)) == len(lowered)


def test_values_of_an_enumeration_have_distinct_names() -> None:
    for node in SCHEMA["types"].values():
        names = [value["name"] for value in node.get("enum", ())]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) for name in names)


def test_no_default_is_sent_by_an_sdk() -> None:
    assert not [node for node in nodes(SCHEMA) if "default" in node and "type" in node]
    zones = SCHEMA["types"]["agent-platform:index:Network"]["properties"]["zones"]
    assert zones["description"].endswith("Default: production 3, staging 2, development 2.")


def test_secrets_are_secret_inputs_and_the_generated_key_a_secret_output() -> None:
    assert COMPONENT["inputProperties"]["secrets"]["secret"] is True
    assert [name for name, node in COMPONENT["properties"].items() if node.get("secret")] == ["apiKey"]


def test_a_service_needs_no_image_and_a_platform_needs_cloud_and_services() -> None:
    assert COMPONENT["requiredInputs"] == ["cloud", "services"]
    assert SCHEMA["types"]["agent-platform:index:Service"]["required"] == []


def test_a_value_with_a_short_form_has_both_types() -> None:
    waf = SCHEMA["types"]["agent-platform:index:Ingress"]["properties"]["waf"]
    assert waf["oneOf"] == [{"$ref": "#/types/agent-platform:index:Waf"}, {"type": "boolean"}]
    metrics = SCHEMA["types"]["agent-platform:index:Service"]["properties"]["metrics"]
    assert metrics["oneOf"] == [{"$ref": "#/types/agent-platform:index:Metrics"}, {"type": "string"}]


def test_descriptions_name_properties_and_not_keys() -> None:
    texts = [text for node in nodes(SCHEMA) if isinstance(text := node.get("description"), str)]
    assert any("`rateLimit.perAddress`" in text for text in texts)
    assert not [text for text in texts if "rate_limit" in text or "account_id" in text]


def test_an_output_has_no_name_of_an_input_with_another_meaning() -> None:
    # an SDK shows the input where the output is absent
    assert set(COMPONENT["inputProperties"]) & set(COMPONENT["properties"]) == {"cloud", "registry", "services"}
    assert {"cloud", "registry", "services"} <= set(COMPONENT["required"])
