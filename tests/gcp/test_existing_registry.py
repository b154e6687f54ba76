"""Repository of Artifact Registry that exists already: images, pushes, another project, and the standby region."""

from collections.abc import Mapping

from automation.plan.inventory import Inventory
from providers import command_line
from providers.gcp.limits import LIMITS
from tests.gcp.plans import diagnostics, unchecked_spec
from tests.gcp.test_registry import REPOSITORY, image
from tests.planning import plan, production

NAME = "projects/acme-images/locations/us/repositories/agents"
EXISTING: Mapping[str, object] = {"registry.existing": {"gcp": {"repository": NAME}}}
OWN_PROJECT: Mapping[str, object] = {
    "registry.existing": {"gcp": {"repository": NAME.replace("acme-images", "acme-agents")}}
}
WARM: Mapping[str, object] = {"recovery": {"mode": "warm", "standby_region": "us-east1"}}
MEMBER = "artifactregistry:RepositoryIamMember"


def declared(changes: Mapping[str, object] | None = None) -> Inventory:
    return plan(production({**EXISTING, **(changes or {})}, cloud="gcp"))


def test_images_come_from_the_repository_and_others_from_a_remote_one() -> None:
    inventory = declared()
    assert image(inventory, "chat").startswith("us-docker.pkg.dev/acme-images/agents/chat@sha256:")
    assert image(inventory, "gateway").startswith(
        "us-central1-docker.pkg.dev/acme-agents/prod-ghcr-io/acme/gateway@sha256:"
    )
    assert [each.name for each in inventory.of_type(REPOSITORY)] == ["prod-registry-remote-ghcr-io"]


def test_the_deployer_may_write_to_the_repository_in_its_project() -> None:
    (member,) = declared().of_type(MEMBER)
    assert member.name == "prod-registry-deployer"
    inputs = {key: member.inputs[key] for key in ("project", "location", "repository", "role")}
    assert inputs == {
        "project": "acme-images", "location": "us", "repository": "agents", "role": "roles/artifactregistry.writer",
    }  # fmt: skip


def test_the_owner_of_another_project_grants_the_service_agent_of_cloud_run() -> None:
    def reasons(changes: Mapping[str, object]) -> list[str]:
        key = "registry.existing.gcp.repository"
        return [each.reason for each in LIMITS.adjustments(unchecked_spec(changes)) if each.key == key]

    (reason,) = reasons(EXISTING)
    assert reason.startswith(
        "its owner must grant roles/artifactregistry.reader on it to the Cloud Run service agent of acme-agents"
    )
    assert reasons(OWN_PROJECT) == []


def test_the_standby_region_pulls_from_the_same_repository_and_has_none_of_its_own() -> None:
    inventory = declared(WARM)
    assert {each.name for each in inventory.of_type(REPOSITORY)} == {
        "prod-registry-remote-ghcr-io", "prod-us-east1-registry-remote-ghcr-io",
    }  # fmt: skip
    services = [each for each in inventory.of_type("cloudrunv2:Service") if each.name.endswith("-compute-chat")]
    assert len(services) == 2
    assert all("us-docker.pkg.dev/acme-images/agents/chat@sha256:" in str(each.inputs["template"]) for each in services)
    assert len(inventory.of_type(MEMBER)) == 1


def test_docker_logs_in_to_the_host_of_the_location() -> None:
    (login,) = command_line("gcp").registry_login(unchecked_spec(EXISTING), "prod")
    assert login.arguments[-1] == "https://us-docker.pkg.dev"


def test_credentials_for_the_repository_are_refused() -> None:
    (refused,) = diagnostics({**EXISTING, "services.chat.image_credentials": "LOGIN"})
    assert refused.key == "services.chat.image_credentials"
