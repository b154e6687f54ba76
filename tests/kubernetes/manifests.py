"""Objects of a plan as the API server receives them, and their validation against the schemas of Kubernetes and of the CRDs."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

from automation.plan.inventory import Declared, Inventory
from providers.contract.json_data import Raw, is_list, is_mapping
from tests.planning import revealed

SCHEMAS = Path(__file__).parent / "schemas"
PREFIX = "kubernetes:"
NAMESPACE = "kubernetes:core/v1:Namespace"


def objects(inventory: Inventory) -> Iterator[tuple[Declared, Raw]]:
    """Yield each object with its manifest."""
    for resource in inventory.resources:
        if resource.type.startswith(PREFIX):
            yield resource, manifest(resource)


def manifest(resource: Declared) -> Raw:
    """Return an object as JSON: with values in place of secrets, and whole numbers as integers."""
    document = plain(revealed(resource.inputs))
    assert is_mapping(document)
    return document


def plain(value: object) -> object:
    """Return JSON values; what only an engine knows is text."""
    if is_mapping(value) or isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items() if each is not None}
    if is_list(value) or isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


@cache
def schema(kind: str) -> Raw | None:
    """Return the schema of a custom resource; None for an object of Kubernetes itself."""
    path = SCHEMAS / f"{kind}.json"
    if not path.exists():
        return None
    document: object = json.loads(path.read_text())
    assert is_mapping(document)
    return document


def custom_errors(document: Raw) -> list[str] | None:
    """Return what the schema of a custom resource refuses; None for an object of Kubernetes itself."""
    described = schema(str(document["kind"]))
    if described is None or described["apiVersion"] != document["apiVersion"]:
        return None
    spec = described["spec"]
    assert is_mapping(spec)
    validator = Draft202012Validator(spec)
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(document["spec"])]
