"""Two plans beside production that the tests of compute, ingress, entry and monitoring share: a plan takes seconds."""

from functools import cache
from typing import cast

from automation.plan.inventory import Inventory
from components.validation.parse import read
from providers.contract.spec import Platform
from tests.planning import DROP, plan, production

IMAGE = "ghcr.io/acme/ui:1.0"


@cache
def staging() -> Inventory:
    """Staging without domain, managed rules and Prometheus: no service at `/`, a Streamlit `ui`, other numbers."""
    changes: dict[str, object] = {
        "profile": "staging",
        "ingress": {"waf": False, "rate_limit_per_minute": 600, "idle_timeout_seconds": 333, "allowed_cidrs": narrow()},
        "monitoring": {"log_retention_days": 7, "dashboards": False, "alerts": {"cpu_percent": 50}},
        "budget": DROP,
        "services.gateway.path": "/gateway",
        "services.gateway.health": {"path": "/gateway/health"},
        "services.chat.path": "/chat",
        "services.chat.command": ["uvicorn", "app:app"],
        "services.ui": {"app": "streamlit", "image": IMAGE, "path": "/ui"},
        "services.worker.replicas": {"min": 2, "max": 2},
        "services.chat.replicas": {"min": 2, "max": 2},
    }
    return plan(production(changes, cloud="gcp"))


@cache
def private() -> Inventory:
    """Nothing is routed and nothing calls."""
    changes: dict[str, object] = {"ingress": {}, "services.gateway.path": DROP, "services.gateway.calls": DROP}
    return plan(production(changes, cloud="gcp"))


def narrow() -> list[str]:
    """Twelve ranges: more than one rule of Cloud Armor takes."""
    return [f"198.51.{block}.0/24" for block in range(12)]


def spec_of(changes: dict[str, object] | None = None) -> Platform:
    """Production on Google Cloud with changes by dotted path, as far as it can be read: no cloud has refused it yet."""
    spec, mistakes = read(production(changes, cloud="gcp"))
    assert spec is not None and not mistakes, mistakes
    return spec


def deep(value: object, *path: str | int) -> object:
    """What stands at a path of keys and positions."""
    for key in path:
        value = cast("dict[str | int, object]", value)[key]
    return value
