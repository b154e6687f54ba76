"""Valid stack files of a first day, on every cloud: what they need is declared, refused by its key, or reported."""

import json
from functools import cache
from pathlib import Path

import pytest

from automation.plan.build import plan_of
from automation.plan.docs.reference import MODEL_VARIABLES
from automation.plan.inventory import as_json
from automation.plan.summary import connections_of
from automation.stack.document import Stack, StackDocument
from components.adjustments import adjustments
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.variables import DATABASE_URL, LIBPQ, MODELS
from tests.planning import ROOT, revealed

CASES = Path(__file__).parent / "cases"
CLOUDS = ("aws", "gcp", "azure")
"""The clouds; a Docker host has tests of its own below."""
BLOCKS = {name: StackDocument.load(ROOT / "Pulumi.prod.yaml").platform[name] for name in CLOUDS}


def moved(case: str, cloud: str, **changes: object) -> Stack:
    """Return the stack of a case on a cloud, changed by `section__key=value`."""
    values = {key.replace("__", "."): value for key, value in changes.items()}
    document = StackDocument.load(CASES / f"{case}.yaml").with_overrides(
        {**BLOCKS, "docker": {}, "cloud": cloud, **values}
    )
    return document.stack("trial")


@cache
def declared(case: str, cloud: str) -> str:
    """Return the plan of a case as text, with the placeholders of secrets."""
    return json.dumps(
        [revealed(dict(each.inputs)) for each in plan_of(moved(case, cloud), ROOT).inventory.custom], default=str
    )


def reasons(stack: Stack, key: str) -> str:
    """Return the reasons of the adjustments of a key."""
    return "\n".join(note.reason for note in adjustments(stack.spec) if note.key == key)


@pytest.mark.parametrize("cloud", [*CLOUDS, "docker"])
def test_a_database_is_handed_over_in_the_forms_of_libpq_and_of_the_framework(cloud: str) -> None:
    assert not [name for name in (*LIBPQ, DATABASE_URL) if name not in declared("database-url-dialect", cloud)]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_documented_variables_of_models_are_handed_over(cloud: str) -> None:
    names = (MODELS, *MODEL_VARIABLES[cloud])
    assert not [name for name in names if name not in declared("vertex-environment", cloud)]
    assert not [name for name in MODEL_VARIABLES[cloud] if name in declared("waf-prompts", cloud)]


@pytest.mark.parametrize("cloud", ["aws", "docker"])
def test_a_service_has_a_writable_home(cloud: str) -> None:
    assert "HOME" in declared("home-unwritable", cloud)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_image_of_a_private_registry_is_reported_until_it_has_credentials(cloud: str) -> None:
    assert "ghcr.io must allow anonymous pulls" in reasons(moved("private-image", cloud), "services.gateway.image")
    signed_in = moved("private-image", cloud, services__gateway__image_credentials="REGISTRY_LOGIN")
    assert "anonymous" not in reasons(signed_in, "services.gateway.image")
    assert signed_in.missing_secrets == ("REGISTRY_LOGIN",)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_prompts_that_the_firewall_blocks_are_reported(cloud: str) -> None:
    assert "403" in reasons(moved("waf-prompts", cloud), "ingress.waf")


@pytest.mark.parametrize(("cloud", "ports"), [("aws", "443"), ("gcp", "443"), ("azure", "443"), ("docker", "any port")])
def test_the_plan_lists_the_ports_that_lead_out(cloud: str, ports: str) -> None:
    assert {each.internet for each in connections_of(moved("egress-other-port", cloud).spec)} == {ports}


@pytest.mark.parametrize(
    ("cloud", "ports"),
    [("aws", "443, 587, 5432"), ("gcp", "443, 587, 5432"), ("azure", "443, 587, 5432"), ("docker", "any port")],
)
def test_a_port_that_a_service_needs_outside_can_be_opened(cloud: str, ports: str) -> None:
    hosts = [{"host": "ep-cool.neon.tech", "port": 5432}, {"host": "smtp.example.com", "port": 587}]
    opened = moved("egress-other-port", cloud, services__gateway__egress=hosts)
    (gateway,) = connections_of(opened.spec)
    assert (gateway.internet, gateway.hosts) == (ports, ("ep-cool.neon.tech:5432", "smtp.example.com:587"))


@pytest.mark.parametrize("cloud", [*CLOUDS, "docker"])
def test_an_architecture_is_honoured_or_refused(cloud: str) -> None:
    key = "services.gateway.architecture"
    changes: dict[str, object] = {
        "services__gateway__cpu_architecture": None,
        "services__gateway__architecture": "arm64",
    }
    if cloud in ("gcp", "azure"):
        with pytest.raises(InvalidConfiguration, match=f"^{key}: not supported on {cloud}: .*amd64"):
            moved("arm64", cloud, **changes)
    else:
        plan = json.dumps(as_json(plan_of(moved("arm64", cloud, **changes), ROOT).inventory), default=str)
        assert "ARM64" in plan or "linux/arm64" in plan or "arm64" in plan
