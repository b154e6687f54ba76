"""Raw configuration -> spec: presets, profiles and what they leave alone."""

from collections.abc import Mapping

import pytest

from components.validation.parse import parse
from providers.contract.spec import Platform
from tests.planning import production


def small(services: Mapping[str, object], profile: str = "development") -> Platform:
    """The spec of a stack with these services and nothing else."""
    block = {"region": "us-west-2", "account_id": "111122223333"}
    return parse({"cloud": "aws", "aws": block, "profile": profile, "services": dict(services)}, "dev")


def test_presets_fill_what_a_service_leaves_out() -> None:
    apps = ("agentos", "fastapi", "streamlit", "django", "celery")
    spec = small({app: {"app": app, "image": f"{app}:1"} for app in apps})
    ports = {name: (service.port, service.health.path) for name, service in spec.services.items()}
    assert ports == {
        "agentos": (7777, "/health"),
        "fastapi": (8000, "/health"),
        "streamlit": (8501, "/_stcore/health"),
        "django": (8000, "/health"),
        "celery": (None, None),
    }
    assert spec.services["django"].command[0] == "gunicorn"
    assert spec.services["celery"].health.command[0] == "CMD-SHELL"


def test_a_preset_follows_the_port_that_the_service_chooses() -> None:
    spec = small({"site": {"app": "django", "image": "site:1", "port": 9000}})
    assert "--bind=0.0.0.0:9000" in spec.services["site"].command


@pytest.mark.parametrize(("app", "vcpu", "processes"), [("fastapi", 2, 2), ("django", 0.5, 1), ("agentos", 4, None)])
def test_web_concurrency_follows_the_vcpus(app: str, vcpu: float, processes: int | None) -> None:
    size = {"vcpu": vcpu, "memory_gib": 8 if vcpu > 1 else 2}
    assert small({"api": {"app": app, "image": "api:1", "size": size}}).services["api"].web_concurrency == processes


@pytest.mark.parametrize(
    ("profile", "zones", "logs"), [("production", 3, 365), ("staging", 2, 90), ("development", 2, 30)]
)
def test_a_profile_sets_defaults(profile: str, zones: int, logs: int) -> None:
    spec = small({"a": {"image": "a.b/c@sha256:" + "0" * 64}}, profile)
    assert (spec.network.zones, spec.monitoring.log_retention_days) == (zones, logs)


def test_a_part_that_is_not_written_is_not_added_by_defaults() -> None:
    spec = small({"a": {"image": "a:1"}})
    assert (spec.database, spec.cache, spec.storage) == (None, None, None)


@pytest.mark.parametrize(
    ("replicas", "bounds"), [({"min": 20}, (20, 20)), ({"max": 1}, (1, 1)), ({"max": 9}, (3, 9)), ({}, (3, 12))]
)
def test_one_bound_moves_the_other_only_as_far_as_it_must(replicas: Mapping[str, int], bounds: tuple[int, int]) -> None:
    raw = production({"services.chat.replicas": replicas, "accept_risk": RISK_OF_ONE if bounds[0] < 2 else {}})
    chat = parse(raw, "prod").services["chat"]
    assert (chat.replicas.min, chat.replicas.max) == bounds


RISK_OF_ONE = {"services.chat.replicas.min": "one replica is enough"}
