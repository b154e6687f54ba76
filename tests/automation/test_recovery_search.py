"""Queries and results of the searches of each cloud."""

import pytest

from automation.engine.clouds import azure, gcp, stack_tags
from automation.engine.target import CloudTarget
from automation.stack.document import stack_of
from components.agent_platform import tags_of
from components.configuration import PLATFORM_KEY
from components.settings import Settings
from tests.planning import production

TARGET = CloudTarget("us-central1", "acme-agents", "", "prod")
TAGS = {"project": "agent-platform", "stack": "prod", "managed-by": "pulumi"}
ADDRESS = "//run.googleapis.com/projects/acme-agents/locations/us-central1/services/"


def test_the_search_uses_the_tags_that_the_platform_sets() -> None:
    spec = stack_of("prod", {PLATFORM_KEY: production({"tags": {}})}).spec
    assert tags_of(Settings("prod", spec, {})) == stack_tags(TARGET)


def test_the_query_for_google_cloud_contains_labels_and_names() -> None:
    query = gcp.query_for(TARGET)
    assert all(f"labels.{key}={value}" in query for key, value in TAGS.items())
    assert "OR name:prod*" in query


@pytest.mark.parametrize(
    ("name", "labels", "tagged"),
    [
        ("prod-chat", TAGS, True),
        ("anything", TAGS, True),
        ("prod-chat", {}, False),
        ("prod-chat", {"team": "agents"}, False),
        ("production", {}, None),
        ("prod-chat", {**TAGS, "stack": "staging"}, None),
        ("prod-chat", {"project": "another-project"}, None),
    ],
)  # fmt: skip
def test_a_result_of_google_cloud_is_accepted_by_its_labels_or_its_whole_name(
    name: str, labels: dict[str, str], tagged: bool | None
) -> None:
    hit = gcp.hit_of(f"{ADDRESS}{name}", "run.googleapis.com/Service", name, labels, TARGET)
    assert (hit.tagged if hit else None) is tagged


def test_the_endpoint_of_azure_depends_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_ENDPOINT", raising=False)
    monkeypatch.setenv("ARM_ENVIRONMENT", "usgovernment")
    assert azure.endpoint() == "https://management.usgovcloudapi.net"


def test_a_token_is_not_sent_without_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_ENDPOINT", "http://management.example.com")
    with pytest.raises(ValueError, match="https://"):
        azure.endpoint()
