"""Plans and specs for the tests of AWS: variants of production, single components, and the values they need."""

from collections.abc import Callable, Mapping
from functools import cache

import pulumi

from automation.plan.inventory import Inventory
from automation.plan.recorder import record
from components.validation.parse import read
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.network.resources import create_network
from providers.contract.component import Component, Scope
from providers.contract.spec import Platform
from tests.planning import DROP, plan, production

REGION = "us-west-2"
KEYS = ("<data key>", "<telemetry key>")
TOPICS = {severity: f"<sns:Topic prod-channels-{severity}>.arn" for severity in ("warning", "critical")}
"""Topic ARNs in a plan, by severity."""
DIGEST = "sha256:" + "5" * 64
PROFILE = "us.anthropic.claude-opus-4-6-v1"
GLOBAL_PROFILE = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
IMAGE = "ghcr.io/acme/ui:1.0"
IMAGE_BY_DIGEST = f"ghcr.io/acme/ui@sha256:{'7' * 64}"

DEVELOPMENT: dict[str, object] = {
    "profile": "development",
    "aws.models": [PROFILE, GLOBAL_PROFILE],
    "services.gateway.image": f"444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/gateway@{DIGEST}",
    "services.worker.image": f"chat@{DIGEST}",
    "database.version": "16",
    "database.high_availability": False,
    "database.deletion_protection": False,
    "database.backup.retention_days": 0,
    "database.maintenance": {"day": "sunday", "window_start": "23:30"},
    "database.max_storage_gib": 100,
    "database.parameters": {"shared_buffers_mib": 4096, "log_statement": "all"},
    "cache": {"memory_gib": 1, "high_availability": False, "eviction": "noeviction"},
    "storage": {"versioning": False, "noncurrent_days": 5},
    "monitoring.log_retention_days": 30,
    "deployer": DROP,
}
STAGING: dict[str, object] = {
    "profile": "staging",
    "ingress": {"waf": False, "rate_limit_per_minute": 900, "idle_timeout_seconds": 333},
    "monitoring.prometheus": False,
    "services.gateway.autoscaling": {
        "cpu_percent": 61,
        "memory_percent": 62,
        "requests_per_replica_per_minute": 63,
        "scale_out_cooldown_seconds": 64,
        "scale_in_cooldown_seconds": 65,
    },
    "services.chat.path": "/chat",
    "services.chat.command": ["uvicorn", "app:app"],
    "services.chat.health": {
        "path": "/ready",
        "interval_seconds": 40,
        "timeout_seconds": 9,
        "healthy_threshold": 3,
        "unhealthy_threshold": 4,
        "start_period_seconds": 99,
    },
    "services.ui": {"app": "streamlit", "image": IMAGE, "path": "/ui"},
    "services.worker.replicas": {"min": 2, "max": 2},
}
PRIVATE: dict[str, object] = {
    "ingress": {},
    "services.gateway.path": DROP,
    "services.gateway.calls": DROP,
    "services.collector": {"app": "fastapi", "image": IMAGE_BY_DIGEST},
    "services.insights": {"app": "fastapi", "image": IMAGE_BY_DIGEST},
}


def spec_of(changes: Mapping[str, object] | None = None) -> Platform:
    """Production on AWS with changes by dotted path, completed and validated."""
    spec, errors = read(production(changes, cloud="aws"))
    assert spec is not None and not errors, errors
    return spec


def context_of(changes: Mapping[str, object] | None = None, stack: str = "prod", region: str = REGION) -> AwsContext:
    """Region of `spec_of(changes)`."""
    return AwsContext(spec_of(changes), stack, region)


@cache
def production_plan() -> Inventory:
    """Plan of production."""
    return plan(production(cloud="aws"))


@cache
def development() -> Inventory:
    """Plan of development: the opposite of production for most switches of data, images and permissions."""
    return plan(production(DEVELOPMENT, cloud="aws"), stack="dev")


@cache
def staging() -> Inventory:
    """Plan of staging without domain, managed rules and Prometheus, with three public services."""
    return plan(production(STAGING, cloud="aws"))


@cache
def private() -> Inventory:
    """Plan without public services and calls, with services named like resources of the platform."""
    return plan(production(PRIVATE, cloud="aws"))


def changed(changes: Mapping[str, object]) -> Inventory:
    """Plan of production with changes by dotted path."""
    return plan(production(changes, cloud="aws"))


def keys() -> AwsKeys:
    """Keys of another component."""
    data, telemetry = (pulumi.Output.from_input(key) for key in KEYS)
    return AwsKeys(data=data, telemetry=telemetry)


def component(kind: str, create: Callable[[Scope], object]) -> Inventory:
    """Resources that `create` declares in a component of the stack `prod`, without the rest of the plan."""

    def program() -> None:
        create(Scope(f"prod-{kind}", Component(kind, f"prod-{kind}", pulumi.ResourceOptions()), {}))

    return record(program, "prod")


def network(**changes: object) -> Inventory:
    """Network of production, changed by `section__key=value`; recorded once for each change."""
    return _network(tuple((path.replace("__", "."), value) for path, value in changes.items()))


@cache
def _network(changes: tuple[tuple[str, object], ...]) -> Inventory:
    return network_of(dict(changes))


def network_of(changes: Mapping[str, object]) -> Inventory:
    """Network of production with changes by dotted path, which may be mappings; recorded anew."""
    context = context_of(changes)
    return component("network", lambda scope: create_network(scope, context, keys()))
