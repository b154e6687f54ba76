"""Hints for unknown keys agree with the keys that exist."""

import json
from pathlib import Path

from components.validation.key_hints import SYNONYMS, UNAVAILABLE
from providers.contract.spec import AdditionalCache, ExistingNetworkSpec, Platform, RegistrySpec, SpecModel
from providers.contract.spec.network import IngressSpec, NetworkSpec
from providers.contract.spec.service import Service

MODELS: dict[str, type[SpecModel]] = {
    "": Platform,
    "services.*": Service,
    "network": NetworkSpec,
    "network.existing": ExistingNetworkSpec,
    "ingress": IngressSpec,
    "registry": RegistrySpec,
    "caches.*": AdditionalCache,
}
SCHEMA = Path(__file__).parents[2] / "docs" / "config.schema.json"


def keys_of(schema: object) -> set[str]:
    """Names of all properties in a JSON schema, on every level."""
    if isinstance(schema, list):
        return {key for each in schema for key in keys_of(each)}
    if not isinstance(schema, dict):
        return set()
    names: set[str] = set(schema.get("properties", {}))
    return names | {key for each in schema.values() for key in keys_of(each)}


def test_no_key_of_a_platform_is_called_unavailable() -> None:
    assert {entry.parent for entry in UNAVAILABLE} == set(MODELS)
    for entry in UNAVAILABLE:
        assert set(entry.keys) & set(MODELS[entry.parent].model_fields) == set(), entry.problem


def test_synonyms_suggest_keys_that_exist() -> None:
    assert set(SYNONYMS) - keys_of(json.loads(SCHEMA.read_text(encoding="utf-8"))) == set()
