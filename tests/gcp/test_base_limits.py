"""Regions, zones and models that the stack file may name."""

import pytest

from providers.contract.diagnostics import ConfigError, Effect, Unsupported
from tests.gcp.plans import adjustments, diagnostics, error_keys
from tests.planning import DROP

STORES_ONLY = ["database", "cache", "storage"]


def test_an_unknown_region_is_refused_with_the_nearest_name() -> None:
    assert diagnostics({"gcp.region": "us-centrall1"}) == (
        ConfigError(
            "gcp.region",
            problem='"us-centrall1" is not a Google Cloud region with Cloud Run (did you mean us-central1)',
            fix="use a region such as us-central1",
        ),
    )


def test_a_region_with_fewer_zones_than_the_network_is_refused() -> None:
    refusals = diagnostics({"gcp.region": "europe-west1", "network.zones": 4})
    (refusal,) = [refusal for refusal in refusals if refusal.key == "network.zones"]
    assert isinstance(refusal, Unsupported) and refusal.cloud == "gcp"
    assert refusal.problem == "europe-west1 has 3 zones, not 4"
    assert "use 3 or fewer" in refusal.fix


def test_the_region_with_four_zones_accepts_four() -> None:
    assert not diagnostics({"network.zones": 4})
    assert "network.zones" not in adjustments({"network.zones": 4})


def test_fewer_zones_than_the_region_has_are_adjusted() -> None:
    (adjustment,) = adjustments({"network.zones": 2})["network.zones"]
    assert (adjustment.requested, adjustment.effect) == (2, Effect.ADJUSTED)
    assert adjustment.reason == "4; subnets and Cloud Run span every zone of us-central1"


def test_a_project_number_is_not_a_project_id() -> None:
    assert "gcp.project" in error_keys({"gcp.project": "123456789012"})


@pytest.mark.parametrize("model", ["gpt-4.1", "anthropic.claude-sonnet-4", "models/gemini", "publishers/google/gemini"])
def test_a_model_outside_vertex_ai_is_refused(model: str) -> None:
    (error,) = diagnostics({"gcp.models": [model]})
    assert (error.key, error.problem) == ("gcp.models", f'"{model}" is not a Vertex AI model')
    assert error.fix.startswith("use publishers/")


@pytest.mark.parametrize("model", ["publishers/google/models/gemini-2.5-pro", "publishers/meta/models/llama-4@001"])
def test_a_model_of_model_garden_is_accepted(model: str) -> None:
    assert not diagnostics({"gcp.models": [model]})


def test_a_model_outside_vertex_ai_is_refused_without_egress_too() -> None:
    changes = {"gcp.models": ["gpt-4.1"], "network.egress": "none", "services.gateway.secrets": ["OS_SECURITY_KEY"]}
    assert error_keys(changes) == ["gcp.models"]


def test_the_grant_of_every_model_is_a_partial_adjustment() -> None:
    (adjustment,) = adjustments()["gcp.models"]
    assert adjustment.effect == Effect.PARTIAL
    assert "every model that the project has enabled" in adjustment.reason


def test_models_that_no_service_uses_are_not_adjusted() -> None:
    assert "gcp.models" not in adjustments({"services.gateway.uses": STORES_ONLY})
    assert "gcp.models" not in adjustments({"gcp.models": DROP, "services.gateway.uses": STORES_ONLY})
