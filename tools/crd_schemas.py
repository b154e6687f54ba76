"""Write the OpenAPI schemas of custom resources as test data: `python -m tools.crd_schemas SOURCE VERSION CRD.yaml...`.

A schema is that of `spec` in the served version, without descriptions and without parts that the platform does not set; see
tests/kubernetes/schemas/README.md. Fields that a schema does not know are refused, as by the API server with
`fieldValidation=Strict`.
"""

import json
import sys
from pathlib import Path

import yaml

from providers.contract.json_data import Raw, is_list, is_mapping, mappings, texts

FOLDER = Path(__file__).parent.parent / "tests" / "kubernetes" / "schemas"
DROPPED = ("description", "default", "example", "title", "format")
RECEIVERS = ("emailConfigs", "slackConfigs")
"""Receivers of Alertmanager that the platform declares; the others are left out."""
DEPTH = 9
"""Properties below this depth are dropped with their names: only templates of pods are so deep."""


def main(arguments: list[str]) -> None:
    """Write one file for each CRD."""
    source, version, *paths = arguments
    for path in paths:
        crd: object = yaml.load(Path(path).read_text(), Loader=yaml.BaseLoader)  # noqa: S506  # text alone, `=` is no type
        if not is_mapping(crd) or not is_mapping(crd["spec"]):
            raise ValueError(f"{path} is no custom resource definition")
        spec = crd["spec"]
        names = spec["names"]
        kind = str(names["kind"]) if is_mapping(names) else ""
        served = [each for each in mappings(spec["versions"]) if each.get("served") == "true"]
        chosen = next((each for each in served if each.get("storage") == "true"), served[0])
        schema = chosen["schema"]
        root = schema["openAPIV3Schema"] if is_mapping(schema) else None
        properties = root.get("properties") if is_mapping(root) else None
        document = {
            "apiVersion": f"{spec['group']}/{chosen['name']}",
            "kind": kind,
            "source": source,
            "version": version,
            "spec": reduced(properties["spec"] if is_mapping(properties) else {}),
        }
        (FOLDER / f"{kind}.json").write_text(json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n")


def reduced(schema: object, depth: int = 0) -> object:
    """Return a JSON schema that refuses unknown fields."""
    if not is_mapping(schema):
        return schema
    if schema.get("x-kubernetes-int-or-string") == "true":
        return {"type": ["integer", "string"]}
    kept: Raw = {key: _typed(key, value) for key, value in schema.items() if _is_kept(key)}
    if schema.get("type") == "integer" and is_list(kept.get("enum")):
        kept["enum"] = [int(str(each)) for each in texts(kept["enum"])]
    properties = schema.get("properties")
    if depth > DEPTH and is_mapping(properties):
        return {"type": "object"}
    if is_mapping(properties):
        used = {name: each for name, each in properties.items() if name in RECEIVERS or not name.endswith("Configs")}
        kept["properties"] = {name: reduced(each, depth + 1) for name, each in used.items()}
    for key in ("items", "additionalProperties"):
        if is_mapping(schema.get(key)):
            kept[key] = reduced(schema[key], depth + 1)
    for key in ("oneOf", "anyOf", "allOf"):
        if is_list(schema.get(key)):
            kept[key] = [_alternative(each) for each in mappings(schema[key])]
    closed = properties and "additionalProperties" not in schema
    if closed and schema.get("x-kubernetes-preserve-unknown-fields") != "true":
        kept["additionalProperties"] = False
    return kept


def _is_kept(key: str) -> bool:
    nested = ("properties", "items", "additionalProperties", "oneOf", "anyOf", "allOf", "not")
    return key not in DROPPED and key not in nested and not key.startswith("x-kubernetes-")


def _alternative(schema: Raw) -> Raw:
    """Return an alternative, which adds requirements to the properties and declares none."""
    return {key: value for key, value in schema.items() if key in ("required", "enum", "pattern")}


def _typed(key: str, value: object) -> object:
    """Return numbers as such: the file was read as text."""
    if key.startswith(("max", "min")) or key == "multipleOf":
        return float(str(value)) if "." in str(value) else int(str(value))
    return value


if __name__ == "__main__":
    main(sys.argv[1:])
