"""Where a stand-in's objects stand and by which id they are imported, from the tables by which the platform finds them.

An address follows from an object's id and inputs, so nothing has to be kept beside them.
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
ANY = {"aws": ("aws", REGION, ACCOUNT), "gcp": ("acme-agents",)}
"""What stands where a pattern takes anything, in order."""
GLOBAL = {"arn:*:iam:*:*:": f"arn:aws:iam::{ACCOUNT}:"}
"""Services whose addresses name no region."""


@cache
def table_of(token: str) -> ImportTable | None:
    """The table of a type's cloud."""
    folder = PACKAGES.get(token.partition(":")[0])
    return import_module(f"providers.{folder}.import_ids").IMPORT_TABLE if folder else None


def row_of(token: str) -> ImportRule | None:
    """How the platform finds objects of a type."""
    table = table_of(token)
    return table.by_type.get(token) if table else None


def identity_of(token: str, inputs: Mapping[str, Value], config: Mapping[str, Value], salt: str) -> str:
    """The id of a new object with its drawn part; empty where the tables tell none."""
    row = row_of(token)
    if row is None:
        return ""
    values = {**place_of(config), **drawn(token, salt), **inputs}
    return filled(row.identity, {**values, "address": filled(_plain(token, row.address), values)})


def address_of(token: str, identity: str, inputs: Mapping[str, Value], config: Mapping[str, Value]) -> str:
    """Where an object stands, as its cloud's search tells it; empty for what no search tells."""
    row = row_of(token)
    if row is None or not row.address:
        return ""
    if row.identity == "{address}":
        return identity
    values = {**place_of(config), **drawn(token, sha256(identity.encode()).hexdigest()[:8]), **inputs}
    return filled(_plain(token, row.address), {**values, **(parts_of(row.identity, identity) or {})})


def drawn(token: str, salt: str) -> dict[str, str]:
    """What a cloud draws for an object: its id, such as `vpc-1a2b3c4d`, and every part that says nothing of it."""
    row = row_of(token)
    keys = (
        {found["key"] for found in PART.finditer(f"{row.address}{row.identity}") if found["key"]} if row else set[str]()
    )
    own = {key: salt for key in keys if key.startswith("_")}
    return {**own, "id": f"{token.rpartition(':')[2].lower()}-{salt}"}


def place_of(config: Mapping[str, Value]) -> dict[str, str]:
    """What an address has from its provider's settings."""
    told = {key: text_of(config.get(key)) for key in ("project", "region", "subscriptionId")}
    return {
        "project": "acme-agents",
        "account": ACCOUNT,
        "location": "us-central1",
        **{key: value for key, value in told.items() if value},
    }


def _plain(token: str, pattern: str) -> str:
    for told, real in GLOBAL.items():
        pattern = pattern.replace(told, real)
    for word in ANY.get(token.partition(":")[0], ()):
        pattern = pattern.replace("*", word, 1)
    return pattern
