"""Two plans beside production that the tests of entry, ingress, compute and autoscaling share: a plan takes seconds."""

from functools import cache

from automation.plan.inventory import Inventory
from tests.planning import DROP, plan, production

IMAGE = "ghcr.io/acme/ui:1.0"
IMAGE_BY_DIGEST = f"ghcr.io/acme/ui@sha256:{'7' * 64}"


@cache
def staging() -> Inventory:
    """Staging without domain, managed rules and Prometheus: chat is routed too, a Streamlit `ui` joins, numbers differ."""
    changes: dict[str, object] = {
        "profile": "staging",
        "ingress": {"waf": False, "rate_limit_per_minute": 600, "idle_timeout_seconds": 333},
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
    return plan(production(changes, cloud="aws"))


@cache
def private() -> Inventory:
    """Nothing is routed, nothing calls, and two services have names that the rooms might use themselves."""
    changes: dict[str, object] = {
        "ingress": {},
        "services.gateway.path": DROP,
        "services.gateway.calls": DROP,
        "services.collector": {"app": "fastapi", "image": IMAGE_BY_DIGEST},
        "services.insights": {"app": "fastapi", "image": IMAGE_BY_DIGEST},
    }
    return plan(production(changes, cloud="aws"))
