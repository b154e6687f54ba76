"""Plans for tests: the production stack, changed in one place, recorded without an engine."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory, Secret, walk
from automation.plan.recorder import Mode, record
from automation.stack.document import REMOVE, Stack, StackDocument, stack_of, with_values
from components.settings import PLATFORM_KEY, PROJECT
from providers.contract.rollout import POSITIONS_KEY, RolloutPosition
from providers.contract.spec.defaults import Raw
from tests.recordings import FOLDER_VARIABLE, shared

ROOT = Path(__file__).parent.parent
SECRET = "the value of every listed secret"
DROP = REMOVE
"""Value of a change that removes the key."""
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
    "kubernetes": {
        "kubernetes": {
            "context": "acme-prod",
            "cluster_uid": "3f0c0000-0000-0000-0000-000000000001",
            "flavour": "eks",
            "entry": "haproxy",
            "issuer": "letsencrypt",
            "registry": "ghcr.io/acme",
            "bucket": {
                "name": "acme-agents",
                "endpoint_url": "https://s3.us-west-2.amazonaws.com",
                "region": "us-west-2",
            },
            "cache": {"external": True},
            "grafana_url": "https://grafana.example.com",
            "models_identity": "arn:aws:iam::111122223333:role/agents-models",
        },
        "cache": {"eviction": "volatile-lru"},
        "storage": {},
        "budget": REMOVE,
        "deployer": REMOVE,
        "accept_checks": {
            "no-lasting-keys": {"reason": "the bucket's owner replaces its keys each quarter"},
            "secrets-rotate": {"reason": "rotated each quarter with agent-platform rotate"},
            "inside-is-encrypted": {"reason": "the network of the cluster encrypts the traffic between its nodes"},
            "data-has-no-way-out": {"reason": "the bucket and the API server have public addresses"},
            "restore-is-tested": {"reason": "restored by hand twice a year by the team that is on call"},
        },
    },
}
"""What production must say differently on a cloud that refuses a part of it; the refusals have separate tests."""
OTHER_MODELS = frozenset({"aws", "aws.models", "gcp", "gcp.models", "azure", "azure.models"})
"""Keys by which a test gives services other models than those of production."""
JOBS: Mapping[str, Mapping[str, object]] = {
    "nightly": {"service": "gateway", "schedule": "0 3 * * *", "command": ["python", "-m", "report"]}
}
"""Jobs of a platform that has some."""
DRILL: Mapping[str, object] = {"query": "SELECT count(*) FROM sessions"}
"""Restore drill of a platform that has one."""
WITH_KEY: Mapping[str, object] = {"app": "agentos", "secrets": ["OS_SECURITY_KEY"]}
"""Part of a service that production may route to."""
RECORDINGS = 24
"""Plans that are kept, of which those of production take a few MiB each."""
RECORDED_CHANGES = 200
"""Plans that are kept of the small platform whose keys are changed one by one, on one cloud after the other."""


@cache
def _production() -> Raw:
    return raw_of(ROOT / "Pulumi.prod.yaml")


def raw_of(path: Path) -> Raw:
    """Return the raw platform of a stack file."""
    return StackDocument.load(path).platform


def production(changes: Mapping[str, object] | None = None, cloud: str | None = None) -> Raw:
    """Return the raw platform of `Pulumi.prod.yaml` with `changes` by dotted path, e.g. `{"database.version": "16"}`."""
    moved = {"cloud": cloud, **POSSIBLE.get(cloud, {})} if cloud else {}
    # the prices of production are those of its models
    keys = set(changes or {})
    unpriced = {"cost": DROP} if keys & OTHER_MODELS and not any(key.startswith("cost") for key in keys) else {}
    raw = with_values(_production(), {**moved, **unpriced, **(changes or {})})
    if raw["profile"] != "production" and "accept_risk" not in (changes or {}):
        # only production takes risks
        raw.pop("accept_risk", None)
    return raw


def plan(
    raw: Raw | None = None,
    stack: str = "prod",
    mode: Mode = "symbolic",
    secret: str = SECRET,
    positions: Mapping[str, RolloutPosition] | None = None,
) -> Inventory:
    """Return what the platform of `raw` (default: production) declares; every secret has the value `secret`.

    It is recorded once for equal arguments, unless `RECORDINGS` others came between.
    """
    raw = production() if raw is None else raw
    read = stack_of(stack, {PLATFORM_KEY: raw})
    config = {**read.config, **{f"{PROJECT}:{name}": secret for name in read.missing_secrets}}
    if positions:
        config[POSITIONS_KEY] = json.dumps({name: position.dump() for name, position in positions.items()})
    return _recorded(stack, tuple(config.items()), read.secret_keys, mode)


def recorded(stack: Stack) -> Inventory:
    """Return what a stack without secrets declares; recorded once for equal configurations."""
    return _recorded_changes(stack.name, tuple(stack.config.items()), stack.secret_keys, "symbolic")


@contextmanager
def fresh_recordings() -> Generator[None]:
    """Let the plans in the block run the program, for a test that changes it or compares its runs; nothing is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(FOLDER_VARIABLE, raising=False)
        _recorded.cache_clear()
        yield
        _recorded.cache_clear()


def _record(stack: str, config: tuple[tuple[str, str], ...], secret_keys: tuple[str, ...], mode: Mode) -> Inventory:
    def run() -> Inventory:
        return record(ROOT / "__main__.py", stack, dict(config), secret_keys, mode)

    return shared((stack, config, secret_keys, mode), run)


_recorded = lru_cache(RECORDINGS)(_record)
_recorded_changes = lru_cache(RECORDED_CHANGES)(_record)


def revealed(value: object) -> object:
    """The value with secrets opened, for tests that must look inside."""
    return walk(value, lambda leaf: leaf.value if isinstance(leaf, Secret) else leaf)


def resource_names(inventory: Inventory) -> set[str]:
    """Short type and logical name of every resource."""
    return {f"{resource.short_type} {resource.name}" for resource in inventory.resources}


def changed_inputs(before: Inventory, after: Inventory) -> set[tuple[str, str]]:
    """Short type and name of every input that differs in resources that both have."""
    old = {resource.urn: resource for resource in before.resources}
    return {
        (resource.short_type, key)
        for resource in after.resources
        if resource.urn in old
        for key in {*resource.inputs, *old[resource.urn].inputs}
        if resource.inputs.get(key) != old[resource.urn].inputs.get(key)
    }
