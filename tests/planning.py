"""Plans for tests: the production stack, changed in one place, recorded without an engine."""

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import yaml

from automation.plan.inventory import Inventory, Secret, walk
from automation.plan.recorder import Mode, record
from automation.stack.document import stack_of
from components.settings import PLATFORM_KEY, PROJECT
from providers.contract.spec.defaults import Raw

ROOT = Path(__file__).parent.parent
SECRET = "the value of every listed secret"
DROP = object()
"""Value of a change that takes the key away."""
POSSIBLE: Mapping[str, Mapping[str, object]] = {
    "docker": {
        "docker": {"entry_port": 443},
        "services.gateway.replicas.max": 3,
        "services.gateway.uses": ["database", "cache", "storage"],
        "services.chat.replicas.max": 3,
        "services.worker.replicas.max": 2,
        "database.high_availability": False,
        "cache.high_availability": False,
        "accept_risk": {
            "database.high_availability": "one machine has one zone",
            "cache.high_availability": "one machine has one zone",
        },
    },
}
"""What production must say differently on a cloud that refuses a part of it; the refusals have tests of their own."""


@cache
def _production() -> Raw:
    return raw_of(ROOT / "Pulumi.prod.yaml")


def raw_of(path: Path) -> Raw:
    """The raw platform of a stack file."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return cast("Raw", document["config"][PLATFORM_KEY])


def changed(raw: Raw, changes: Mapping[str, object]) -> Raw:
    """The raw platform with `changes` by dotted path, made in place."""
    for path, value in changes.items():
        _set(raw, path.split("."), value)
    return raw


def production(changes: Mapping[str, object] | None = None, cloud: str | None = None) -> Raw:
    """The raw platform of `Pulumi.prod.yaml` with `changes` by dotted path, e.g. `{"database.version": "16"}`."""
    raw = copy.deepcopy(_production())
    moved = {"cloud": cloud, **copy.deepcopy(dict(POSSIBLE.get(cloud, {})))} if cloud else {}
    changed(raw, {**moved, **(changes or {})})
    if raw["profile"] != "production" and "accept_risk" not in (changes or {}):
        # only production takes risks
        raw.pop("accept_risk", None)
    return raw


def _set(raw: Raw, keys: list[str], value: object) -> None:
    for key in keys[:-1]:
        raw = cast("Raw", raw.setdefault(key, {}))
    if value is DROP:
        raw.pop(keys[-1], None)
    else:
        raw[keys[-1]] = value


def plan(raw: Raw | None = None, stack: str = "prod", mode: Mode = "symbolic", secret: str = SECRET) -> Inventory:
    """What the platform of `raw` (default: production) declares; every secret has the value `secret`."""
    raw = production() if raw is None else raw
    read = stack_of(stack, {PLATFORM_KEY: raw})
    config = {**read.config, **{f"{PROJECT}:{name}": secret for name in read.missing_secrets}}
    return record(ROOT / "__main__.py", stack, config, read.secret_keys, mode)


def revealed(value: object) -> object:
    """The value with secrets opened, for tests that must look inside."""
    return walk(value, lambda leaf: leaf.value if isinstance(leaf, Secret) else leaf)
