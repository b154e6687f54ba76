"""Capabilities of each cloud: the components of its plans, and the modules that declare them."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory
from automation.plan.spec_keys import BASE
from automation.stack.document import REMOVE, with_values
from automation.urn import kind_of
from providers import AVAILABLE
from providers.contract.capabilities import CAPABILITIES, MODULES
from providers.contract.component import type_token
from providers.contract.spec import CloudName
from tests.planning import DRILL, plan, production

ROOT = Path(__file__).parent.parent.parent
NEUTRAL = {"AgentPlatform", "Region"}
SERVICE = {"app": "fastapi", "image": "ghcr.io/acme/webapp:1.0"}
MINIMAL: Mapping[str, object] = {"services.web": REMOVE, "services.webapp": SERVICE}
FULL: Mapping[str, object] = {
    **MINIMAL,
    "database": {},
    "cache": {},
    "storage": {},
    "services.webapp": {**SERVICE, "path": "/", "uses": ["database", "cache", "storage"], "secrets": ["API_KEY"]},
    "services.worker": {"app": "celery", "image": "ghcr.io/acme/worker:1.0", "replicas": {"min": 1, "max": 1}},
    "jobs.nightly": {"service": "worker", "schedule": "0 3 * * *", "command": ["report"]},
    "ingress.domain": "agents.example.com",
    "monitoring.dashboards": True,
    "monitoring.emails": ["oncall@example.com"],
    "monitoring.prometheus": True,
}
COPIES: Mapping[str, Mapping[str, object]] = {
    "aws": {"recovery.mode": "backup", "aws.standby_region": "us-east-1"},
    "azure": {"recovery.mode": "backup", "azure.location": "eastus2", "azure.standby_location": "centralus"},
    "gcp": {"recovery.mode": "backup", "gcp.standby_region": "us-east1"},
    "kubernetes": {"services.webapp.image_credentials": "REGISTRY_LOGIN"},
}
"""Copies in a standby region, on clouds that make them, and on Kubernetes the login that a pull secret has."""
PRIVATE: Mapping[str, object] = {
    **MINIMAL,
    "monitoring.prometheus": True,
    "services.webapp": {**SERVICE, "replicas": {"min": 2, "max": 2}},
}
VARIANTS: Mapping[str, Mapping[str, object]] = {"minimal": MINIMAL, "full": FULL, "private": PRIVATE}
CASES = [(cloud, variant) for cloud in AVAILABLE for variant in ("production", *VARIANTS)]


@cache
def recorded(cloud: CloudName, variant: str) -> Inventory:
    if variant == "production":
        return plan(production(cloud=cloud))
    added: Mapping[str, object] = COPIES.get(cloud, {}) if variant == "full" else {}
    drill = {"recovery.drill": DRILL} if variant == "full" and "Drill" in CAPABILITIES[cloud] else {}
    return plan(with_values(BASE, {"cloud": cloud, **VARIANTS[variant], **added, **drill}), stack="trial")


def kinds(inventory: Inventory) -> set[str]:
    return {kind_of(resource.type) for resource in inventory.resources if not resource.custom} - NEUTRAL


@pytest.mark.parametrize(("cloud", "variant"), CASES)
def test_every_component_of_a_plan_has_a_child(cloud: CloudName, variant: str) -> None:
    inventory = recorded(cloud, variant)
    parents = {resource.parent for resource in inventory.resources}
    assert [r.name for r in inventory.resources if not r.custom and r.urn not in parents] == []


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_capabilities_are_the_components_of_the_plans(cloud: CloudName) -> None:
    declared = set[str]().union(*(kinds(recorded(cloud, variant)) for variant in ("production", *VARIANTS)))
    assert declared == CAPABILITIES[cloud]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_component_that_an_adapter_opens_is_a_capability(cloud: CloudName) -> None:
    opened = {kind_of(type_token(kind)) for kind in opened_kinds(ROOT / "providers" / cloud)}
    assert opened <= CAPABILITIES[cloud]


def opened_kinds(folder: Path) -> Iterator[str]:
    """Yield the first argument of every call of `component`."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="component"), args=[ast.Constant(value=str(kind)), *_]):
                    yield kind
                case _:
                    pass


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_capability_has_the_same_module_on_each_cloud(cloud: CloudName) -> None:
    folder = ROOT / "providers" / cloud
    assert [MODULES[kind] for kind in sorted(CAPABILITIES[cloud]) if not (folder / MODULES[kind]).is_file()] == []


def test_every_capability_has_a_module() -> None:
    assert set(MODULES) == set[str]().union(*CAPABILITIES.values())
    assert set(CAPABILITIES) >= set(AVAILABLE)
