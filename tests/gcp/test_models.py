"""Models: those of Vertex AI, and the honest word on what its rights can tell apart."""

import pytest

from tests.gcp.asked import approximated, refused
from tests.planning import DROP


@pytest.mark.parametrize("model", ["gpt-4.1", "anthropic.claude-sonnet-4", "models/gemini", "publishers/google/gemini"])
def test_a_model_outside_vertex_is_refused(model: str) -> None:
    told = refused({"gcp.models": [model]})
    assert len(told) == 1
    assert told[0].startswith(f'gcp.models: "{model}" is no model of Vertex AI; write publishers/')


@pytest.mark.parametrize("model", ["publishers/google/models/gemini-2.5-pro", "publishers/meta/models/llama-4@001"])
def test_a_model_of_model_garden_is_taken(model: str) -> None:
    assert not refused({"gcp.models": [model]})


def test_a_model_outside_vertex_is_refused_without_egress_too() -> None:
    told = refused({"gcp.models": ["gpt-4.1"], "network.egress": "none", "services.gateway.secrets": []})
    assert [sentence.partition(":")[0] for sentence in told] == ["gcp.models"]


def test_the_right_to_every_model_is_told() -> None:
    assert "any model the project has enabled" in approximated()["gcp.models"][0]


def test_nothing_is_told_when_nobody_uses_models() -> None:
    assert "gcp.models" not in approximated({"services.gateway.uses": ["database", "cache", "storage"]})
    assert "gcp.models" not in approximated(
        {"gcp.models": DROP, "services.gateway.uses": ["database", "cache", "storage"]}
    )
