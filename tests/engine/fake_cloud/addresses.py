"""Addresses and import ids of fake objects, from the import rules of the platform.

An address follows from the id and the inputs of an object, so it is not stored.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import import_module

from automation.plan.inventory import Value
from providers.contract.import_ids import PART, ImportRule, ImportTable, filled, parts_of, text_of

ACCOUNT = "111122223333"
REGION = "us-west-2"
PACKAGES = {"aws": "aws", "gcp": "gcp", "azure-native": "azure"}
WILDCARDS = {"aws": ("aws", REGION, ACCOUNT), "gcp": ("acme-agents",)}
"""Values for the wildcards of a pattern, in order."""
GLOBAL_SERVICES = {"arn:*:iam:*:*:": f"arn:aws:iam::{ACCOUNT}:"}
"""Services whose addresses have no region."""


@cache
def table_of(token: str) -> ImportTable | None:
    """Return the import table of a type's cloud."""
    folder = PACKAGES.get(token.partition(":")[0])
    return import_module(f"providers.{folder}.import_ids").IMPORT_TABLE if folder else None


def rule_of(token: str) -> ImportRule | None:
    """Return the import rule of a type."""
    table = table_of(token)
    return table.by_type.get(token) if table else None


def identity_of(token: str, inputs: Mapping[str, Value], config: Mapping[str, Value], salt: str) -> str:
    """Return the id of a new object with its generated part; empty for a type without a rule."""
    row = rule_of(token)
    if row is None:
        return ""
    place = placed(config, inputs)
    values = {**location_of(place), **generated_parts(token, salt), **inputs}
    return filled(row.identity, {**values, "address": filled(_plain(token, row.address, place), values)})


def address_of(token: str, identity: str, inputs: Mapping[str, Value], config: Mapping[str, Value]) -> str:
    """Return the address of an object in search results; empty for a type that no search returns."""
    row = rule_of(token)
    if row is None or not row.address:
        return ""
    if row.identity == "{address}":
        return identity
    place = placed(config, inputs)
    values = {**location_of(place), **generated_parts(token, sha256(identity.encode()).hexdigest()[:8]), **inputs}
    return filled(_plain(token, row.address, place), {**values, **(parts_of(row.identity, identity) or {})})


def generated_parts(token: str, salt: str) -> dict[str, str]:
    """Return the parts that a cloud generates: the id, such as `vpc-1a2b3c4d`, and the ignored parts of a pattern."""
    row = rule_of(token)
    keys = (
        {found["key"] for found in PART.finditer(f"{row.address}{row.identity}") if found["key"]} if row else set[str]()
    )
    own = {key: salt for key in keys if key.startswith("_")}
    return {**own, "id": f"{token.rpartition(':')[2].lower()}-{salt}"}


def placed(config: Mapping[str, Value], inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the settings of a provider in the region of an object, which may be another one than the provider's."""
    region = inputs.get("region")
    return {**config, "region": region} if isinstance(region, str) and region else config


def location_of(config: Mapping[str, Value]) -> dict[str, str]:
    """Return the parts of an address that come from the settings of the provider."""
    settings = {key: text_of(config.get(key)) for key in ("project", "region", "subscriptionId")}
    return {
        "project": "acme-agents",
        "account": ACCOUNT,
        "location": "us-central1",
        **{key: value for key, value in settings.items() if value},
    }


def _plain(token: str, pattern: str, config: Mapping[str, Value]) -> str:
    for pattern_part, value in GLOBAL_SERVICES.items():
        pattern = pattern.replace(pattern_part, value)
    for word in WILDCARDS.get(token.partition(":")[0], ()):
        pattern = pattern.replace("*", text_of(config.get("region")) or REGION if word == REGION else word, 1)
    return pattern
