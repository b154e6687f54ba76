"""What is asked of each cloud's search, and what of its answer is believed."""

import pytest

from automation.engine.target import CloudTarget
from automation.recover.clouds import azure, gcp
from automation.recover.clouds.searches import own_tags
from automation.stack.document import stack_of
from components.agent_platform import tags_of
from components.configuration import PLATFORM_KEY
from components.settings import Settings
from tests.planning import production

PLACE = CloudTarget("us-central1", "acme-agents", "", "prod")
OWN = {"project": "agent-platform", "stack": "prod", "managed-by": "pulumi"}
ADDRESS = "//run.googleapis.com/projects/acme-agents/locations/us-central1/services/"


def test_the_tags_are_those_that_the_platform_puts_on_everything() -> None:
    spec = stack_of("prod", {PLATFORM_KEY: production({"tags": {}})}).spec
    assert tags_of(Settings("prod", spec, {})) == own_tags(PLACE)


def test_google_is_asked_for_labels_and_for_names() -> None:
    query = gcp.query_for(PLACE)
    assert all(f"labels.{key}={value}" in query for key, value in OWN.items())
    assert "OR name:prod*" in query


@pytest.mark.parametrize(
    ("name", "labels", "tagged"),
    [
        ("prod-chat", OWN, True),
        ("anything", OWN, True),
        ("prod-chat", {}, False),
        ("prod-chat", {"team": "agents"}, False),
        ("production", {}, None),
        ("prod-chat", {**OWN, "stack": "staging"}, None),
        ("prod-chat", {"project": "somebody-elses"}, None),
    ],
)  # fmt: skip
def test_what_google_finds_is_believed_by_its_labels_or_its_whole_name(
    name: str, labels: dict[str, str], tagged: bool | None
) -> None:
    told = gcp.believed(f"{ADDRESS}{name}", "run.googleapis.com/Service", name, labels, PLACE)
    assert (told["tagged"] if told else None) is tagged


def test_azure_is_asked_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_ENDPOINT", raising=False)
    monkeypatch.setenv("ARM_ENVIRONMENT", "usgovernment")
    assert azure.endpoint() == "https://management.usgovcloudapi.net"


def test_a_token_is_not_sent_in_clear_over_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_ENDPOINT", "http://management.example.com")
    with pytest.raises(ValueError, match="https://"):
        azure.endpoint()
