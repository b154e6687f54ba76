"""Specs, diagnostics and plans for the tests of Google Cloud; a plan takes seconds, so each is recorded once."""

from collections.abc import Mapping
from functools import cache
from typing import cast

from automation.plan.inventory import Inventory
from components.validation.parse import parse, read
from providers.contract.diagnostics import Adjustment, Diagnostic, InvalidConfiguration
from providers.contract.spec import Platform
from providers.gcp.limits import LIMITS
from tests.planning import DROP, plan, production

DIGEST = "sha256:" + "5" * 64
UI_IMAGE = "ghcr.io/acme/ui:1.0"
NARROW_RANGES = [f"198.51.{block}.0/24" for block in range(12)]
"""Twelve ranges: more than one rule of Cloud Armor accepts."""
DEVELOPMENT: Mapping[str, object] = {
    "profile": "development",
    "gcp.region": "europe-west1",
    "network": {"cidr": "10.64.0.0/20", "zones": 2, "egress": "none", "private_endpoints": True, "flow_logs": False},
    "ingress": {},
    "services.gateway.image": f"docker.io/team/gateway@{DIGEST}",
    "services.gateway.secrets": ["SIGNING_KEY"],
    "services.gateway.uses": ["database", "cache", "storage"],
    "services.worker.image": f"europe-docker.pkg.dev/elsewhere/images/worker@{DIGEST}",
    "database.version": "16",
    "database.size": {"vcpu": 2, "memory_gib": 4},
    "database.high_availability": False,
    "database.deletion_protection": False,
    "database.backup": {"retention_days": 0},
    "database.maintenance": {"day": "monday", "window_start": "23:00"},
    "database.max_storage_gib": 100,
    "database.parameters": {"shared_buffers_mib": 1024, "log_statement": "all"},
    "cache": {"memory_gib": 1, "high_availability": False, "eviction": "noeviction"},
    "storage": {"versioning": False, "noncurrent_days": 5},
    "monitoring.prometheus": False,
    "budget": DROP,
    "deployer": DROP,
}
STAGING: Mapping[str, object] = {
    "profile": "staging",
    "ingress": {
        "waf": False,
        "rate_limit_per_minute": 900,
        "idle_timeout_seconds": 333,
        "allowed_cidrs": NARROW_RANGES,
    },
    "monitoring": {"log_retention_days": 7, "dashboards": False, "alerts": {"cpu_percent": 50}},
    "budget": DROP,
    "services.gateway.path": "/gateway",
    "services.gateway.health": {"path": "/gateway/health"},
    "services.chat.path": "/chat",
    "services.chat.command": ["uvicorn", "app:app"],
    "services.ui": {"app": "streamlit", "image": UI_IMAGE, "path": "/ui"},
    "services.worker.replicas": {"min": 2, "max": 2},
    "services.chat.replicas": {"min": 2, "max": 2},
}
PRIVATE: Mapping[str, object] = {"ingress": {}, "services.gateway.path": DROP, "services.gateway.calls": DROP}


def spec_of(changes: Mapping[str, object] | None = None, stack: str = "prod") -> Platform:
    """Production on Google Cloud with changes by dotted path; raises InvalidConfiguration."""
    return parse(production(changes, cloud="gcp"), stack)


def unchecked_spec(changes: Mapping[str, object] | None = None) -> Platform:
    """Production on Google Cloud with changes by dotted path, without the refusals of Google Cloud."""
    spec, errors = read(production(changes, cloud="gcp"))
    assert spec is not None and not errors, errors
    return spec


def diagnostics(changes: Mapping[str, object] | None = None, stack: str = "prod") -> tuple[Diagnostic, ...]:
    """Errors and unsupported settings of production with changes; none for a valid spec."""
    try:
        spec_of(changes, stack)
    except InvalidConfiguration as invalid:
        return invalid.diagnostics
    return ()


def error_keys(changes: Mapping[str, object] | None = None, stack: str = "prod") -> list[str]:
    """Keys of `diagnostics`."""
    return [diagnostic.key for diagnostic in diagnostics(changes, stack)]


def adjustments(changes: Mapping[str, object] | None = None) -> dict[str, list[Adjustment]]:
    """Adjusted settings of production with changes, by key."""
    by_key: dict[str, list[Adjustment]] = {}
    for adjustment in LIMITS.adjustments(spec_of(changes)):
        by_key.setdefault(adjustment.key, []).append(adjustment)
    return by_key


@cache
def development() -> Inventory:
    """Plan with most switches of production off, as the stack `dev`."""
    return plan(production(DEVELOPMENT, cloud="gcp"), stack="dev")


@cache
def staging() -> Inventory:
    """Plan without domain, WAF rules, Prometheus and a service at `/`, with a Streamlit service `ui`."""
    return plan(production(STAGING, cloud="gcp"))


@cache
def private() -> Inventory:
    """Plan without routes and calls."""
    return plan(production(PRIVATE, cloud="gcp"))


def value_at(value: object, *path: str | int) -> object:
    """Value at a path of keys and indexes."""
    for key in path:
        value = cast("Mapping[str | int, object]", value)[key]
    return value


def text_at(value: object, *path: str | int) -> str:
    """Text at a path."""
    text = value_at(value, *path)
    assert isinstance(text, str)
    return text


def number_at(value: object, *path: str | int) -> float:
    """Number at a path."""
    number = value_at(value, *path)
    assert isinstance(number, int | float)
    return number


def values_at(value: object, *path: str | int) -> list[object]:
    """List at a path."""
    values = value_at(value, *path)
    assert isinstance(values, list)
    return cast("list[object]", values)


def mapping_at(value: object, *path: str | int) -> dict[str, object]:
    """Object at a path."""
    mapping = value_at(value, *path)
    assert isinstance(mapping, dict)
    return cast("dict[str, object]", mapping)
