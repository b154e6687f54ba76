"""Artifact Registry repositories, and images that they cannot store or fetch."""

from automation.plan.inventory import Inventory
from providers.contract.diagnostics import Effect, Unsupported
from tests.gcp.plans import DIGEST, adjustments, development, diagnostics, mapping_at, text_at, value_at, values_at

REPOSITORY = "artifactregistry:Repository"


def image(plan: Inventory, name: str, kind: str = "Service") -> str:
    declared = next(r for r in plan.of_type(f"cloudrunv2:{kind}") if r.name.endswith(f"-compute-{name}"))
    return text_at(declared.inputs, "template", "containers", 0, "image")


def test_an_image_without_a_registry_comes_from_the_platforms_repository(prod: Inventory) -> None:
    assert image(prod, "chat").startswith("us-central1-docker.pkg.dev/acme-agents/prod-images/chat@sha256:2a2d")


def test_an_external_image_comes_from_a_remote_repository(prod: Inventory) -> None:
    assert image(prod, "gateway").startswith("us-central1-docker.pkg.dev/acme-agents/prod-ghcr-io/acme/gateway@sha256:")
    upstream = {"dockerRepository": {"customRepository": {"uri": "https://ghcr.io"}}, "description": "ghcr.io"}
    assert prod.one("prod-registry-remote-ghcr-io").inputs["remoteRepositoryConfig"] == upstream


def test_docker_hub_is_declared_by_name() -> None:
    config = mapping_at(development().one("dev-registry-remote-docker-io").inputs, "remoteRepositoryConfig")
    assert config["dockerRepository"] == {"publicRepository": "DOCKER_HUB"}
    assert (
        image(development(), "gateway")
        == f"europe-west1-docker.pkg.dev/acme-agents/dev-docker-io/team/gateway@{DIGEST}"
    )


def test_an_image_of_another_artifact_registry_is_pulled_directly() -> None:
    assert image(development(), "worker", "WorkerPool") == f"europe-docker.pkg.dev/elsewhere/images/worker@{DIGEST}"
    assert len(development().of_type(REPOSITORY)) == 2


def test_a_replica_starts_after_the_repository_of_its_image(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway", "cloudrunv2:Service")
    assert prod.one("prod-registry-remote-ghcr-io").urn in service.depends_on


def test_tags_of_the_platforms_repository_are_immutable(prod: Inventory) -> None:
    assert prod.one("prod-registry").inputs["dockerConfig"] == {"immutableTags": True}


def test_repositories_are_encrypted_scanned_and_cleaned(prod: Inventory) -> None:
    for repository in prod.of_type(REPOSITORY):
        inputs = repository.inputs
        assert inputs["kmsKeyName"] == "<kms:CryptoKey prod-keys-data>.id"
        assert inputs["vulnerabilityScanningConfig"] == {"enablementConfig": "INHERITED"}
        actions = [value_at(policy, "action") for policy in values_at(inputs, "cleanupPolicies")]
        assert (actions, inputs["cleanupPolicyDryRun"]) == (["KEEP", "DELETE"], False)


def test_only_the_deployer_may_push_and_only_to_the_platforms_repository(prod: Inventory) -> None:
    grants = prod.of_type("artifactregistry:RepositoryIamMember")
    assert [(grant.name, grant.inputs["role"]) for grant in grants] == [
        ("prod-registry-deployer", "roles/artifactregistry.writer")
    ]


def image_refusal(reference: str) -> Unsupported:
    (refusal,) = diagnostics({"services.chat.image": reference})
    assert isinstance(refusal, Unsupported) and refusal.key == "services.chat.image"
    return refusal


def test_an_external_registry_must_allow_anonymous_pulls() -> None:
    (adjustment,) = adjustments()["services.gateway.image"]
    assert adjustment.effect == Effect.ADJUSTED
    assert "ghcr.io must allow anonymous pulls" in adjustment.reason


def test_an_image_of_a_local_registry_is_refused() -> None:
    refusal = image_refusal(f"localhost:5000/chat@{DIGEST}")
    assert "localhost:5000 is a local registry" in refusal.problem and "over the internet" in refusal.problem


def test_a_name_with_upper_case_letters_is_refused() -> None:
    refusal = image_refusal(f"acme/Chat@{DIGEST}")
    assert '"acme/Chat"' in refusal.problem and "lower-case letters" in refusal.fix


def test_a_registry_with_too_long_a_name_is_refused() -> None:
    refusal = image_refusal(f"{'registry.' * 6}example.com/chat@{DIGEST}")
    assert "longer than 63 characters" in refusal.problem
