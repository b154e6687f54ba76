"""Documents generated from the spec: up to date, complete, and a schema that accepts valid stack files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

import pytest
import yaml
from jsonschema import Draft202012Validator

from automation.plan.docs.reference import CONFIGURATION_FILE, configuration_text, default_of, table, type_of
from automation.plan.docs.schema import SCHEMA_FILE, Node, node_at, platform_schema, profile_defaults, schema_text
from automation.plan.spec_keys import BASE, spec_keys
from automation.stack.document import stack_names, with_values
from components.configuration import PLATFORM_KEY
from providers.contract.spec import PRESETS, Platform
from providers.contract.spec.defaults import complete

ROOT = Path(__file__).parent.parent.parent


class Validator(Protocol):
    """Interface of jsonschema's validators; the stubs have no types for it."""

    def iter_errors(self, instance: object) -> Iterator[object]: ...


VALIDATOR = cast("Validator", Draft202012Validator(json.loads(schema_text())))


def schema_errors(document: object) -> list[str]:
    return [str(error) for error in VALIDATOR.iter_errors(document)]


def with_platform(platform: object, **others: object) -> dict[str, object]:
    return {"config": {PLATFORM_KEY: platform, **others}}


@pytest.mark.parametrize(
    ("file", "text"), [(SCHEMA_FILE, schema_text), (CONFIGURATION_FILE, configuration_text)], ids=["schema", "docs"]
)
def test_the_document_is_up_to_date(file: str, text: object) -> None:
    assert callable(text)
    assert (ROOT / file).read_text(encoding="utf-8") == text(), f"{file} is stale: run `make docs`"


@pytest.mark.parametrize("stack", stack_names(ROOT))
def test_the_schema_accepts_the_stack_files(stack: str) -> None:
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    assert schema_errors(document) == []


@pytest.mark.parametrize("stack", stack_names(ROOT))
def test_each_stack_file_names_the_schema_for_editors(stack: str) -> None:
    first = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE}"


@pytest.mark.parametrize(
    "mistake",
    [
        {"databse": {}},
        {"cloud": "awz"},
        {"network.zones": 9},
        {"aws.account_id": 111122223333},
        {"services.web.size": {"vcpus": 1}},
        {"services.Web": {"image": "web:1.0"}},
        {"services.web.uses": ["databse"]},
        {"services": {}},
    ],
    ids=lambda mistake: next(iter(mistake)),
)
def test_the_schema_refuses_a_wrong_shape(mistake: dict[str, object]) -> None:
    assert schema_errors(with_platform(BASE)) == []
    assert schema_errors(with_platform(with_values(BASE, mistake))) != []


def test_the_schema_requires_an_image_or_a_build() -> None:
    assert schema_errors(with_platform(with_values(BASE, {"services.web": {"build": {}}}))) == []
    assert schema_errors(with_platform(with_values(BASE, {"services.web": {"app": "fastapi"}}))) != []


def test_the_schema_accepts_encrypted_secrets_and_provider_keys() -> None:
    secret = "agent-platform:API_KEY"
    document = with_platform(BASE, **{secret: {"secure": "v1:abc"}, "aws:region": "us-west-2"})
    assert schema_errors({"encryptionsalt": "v1:abc", **document}) == []
    assert schema_errors(with_platform(BASE, **{secret: "plain text"})) != []


def test_every_key_has_a_line_and_a_meaning() -> None:
    lines = configuration_text().splitlines()
    for key in spec_keys():
        (line, *_) = [line for line in lines if line.startswith(f"| `{key.rpartition('.')[2]}` |")]
        assert len(line.split(" | ")[-1].split()) > 1, f"{key} has no meaning"


def test_every_object_has_a_section() -> None:
    text = configuration_text()
    for above in {key.rpartition(".")[0] for key in spec_keys()} - {""}:
        assert f"\n## `{above}`\n" in text


@pytest.mark.parametrize("profile", ["production", "staging", "development"])
def test_the_listed_defaults_by_profile_are_those_of_the_spec(profile: str) -> None:
    raw = with_values(
        {"cloud": "aws", "services": {"web": {"image": "web:1.0"}}},
        {"profile": profile, "database": {}, "cache": {}, "caches": {"web": {}}},
    )
    spec = json.loads(Platform.model_validate_json(json.dumps(complete(raw))).model_dump_json())
    for path, values in profile_defaults().items():
        value = spec
        for key in path.replace("*", "web").split("."):
            value = value[key]
        assert value == values[profile], path


def test_a_default_that_depends_on_the_profile_is_not_a_fixed_default() -> None:
    zones = node_at(platform_schema(), "network.zones")
    assert "default" not in zones
    assert zones.get("description", "").endswith("Default: production 3, staging 2, development 2.")


def test_every_application_kind_is_listed() -> None:
    text = configuration_text()
    assert all(f"\n| `{app}` |" in text for app in PRESETS)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 4}, "whole number, 1 to 4"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 100}, "number, above 0 and up to 100"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "whole number"),
        ({"enum": ["a", "b"], "type": "string"}, "`a`, `b`"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "text by name"),
    ],
)
def test_a_type_is_shown_as_text(node: Node, text: str) -> None:
    assert type_of(node) == text


def test_a_default_is_shown_as_in_a_file() -> None:
    nodes: list[Node] = [{"default": True}, {"default": []}, {"default": None}, {}]
    assert [default_of(node, required=False) for node in nodes] == ["`true`", "empty", "none", "none"]
    assert default_of({}, required=True) == "required"


def test_a_table_escapes_borders_and_html() -> None:
    assert table(("a",), [["x | <name> and `<code>`"]]).splitlines()[-1] == "| x \\| &lt;name> and `<code>` |"
