"""Images: our own repository, a stand-in for each foreign registry, and what neither can hold."""

from typing import cast

from automation.plan.inventory import Inventory
from tests.gcp.asked import approximated, refused
from tests.gcp.lighter import DIGEST, lighter

REPOSITORY = "artifactregistry:Repository"


def image(plan: Inventory, name: str, kind: str = "Service") -> str:
    declared = next(r for r in plan.of_type(f"cloudrunv2:{kind}") if r.name.endswith(f"-compute-{name}"))
    template = cast("dict[str, list[dict[str, str]]]", declared.inputs["template"])
    return template["containers"][0]["image"]


def test_an_image_without_a_registry_comes_from_the_platforms_own(prod: Inventory) -> None:
    assert image(prod, "chat").startswith("us-central1-docker.pkg.dev/acme-agents/prod-images/chat@sha256:2a2d")


def test_a_foreign_image_comes_from_its_stand_in(prod: Inventory) -> None:
    assert image(prod, "gateway").startswith("us-central1-docker.pkg.dev/acme-agents/prod-ghcr-io/acme/gateway@sha256:")
    upstream = {"dockerRepository": {"customRepository": {"uri": "https://ghcr.io"}}, "description": "ghcr.io"}
    assert prod.one("prod-registry-remote-ghcr-io").inputs["remoteRepositoryConfig"] == upstream


def test_docker_hub_is_known_by_name() -> None:
    config = cast("dict[str, object]", lighter().one("dev-registry-remote-docker-io").inputs["remoteRepositoryConfig"])
    assert config["dockerRepository"] == {"publicRepository": "DOCKER_HUB"}
    assert image(lighter(), "gateway") == f"europe-west1-docker.pkg.dev/acme-agents/dev-docker-io/team/gateway@{DIGEST}"


def test_an_image_of_another_artifact_registry_stays_where_it_is() -> None:
    assert image(lighter(), "worker", "WorkerPool") == f"europe-docker.pkg.dev/elsewhere/images/worker@{DIGEST}"
    assert len(lighter().of_type(REPOSITORY)) == 2


def test_a_copy_starts_after_the_repository_it_comes_from(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway", "cloudrunv2:Service")
    assert prod.one("prod-registry-remote-ghcr-io").urn in service.depends_on


def test_our_own_tags_never_move(prod: Inventory) -> None:
    assert prod.one("prod-registry").inputs["dockerConfig"] == {"immutableTags": True}


def test_repositories_are_encrypted_scanned_and_cleaned(prod: Inventory) -> None:
    for repository in prod.of_type(REPOSITORY):
        inputs = repository.inputs
        assert inputs["kmsKeyName"] == "<kms:CryptoKey prod-keys-data>.id"
        assert inputs["vulnerabilityScanningConfig"] == {"enablementConfig": "INHERITED"}
        actions = [policy["action"] for policy in cast("list[dict[str, str]]", inputs["cleanupPolicies"])]
        assert (actions, inputs["cleanupPolicyDryRun"]) == (["KEEP", "DELETE"], False)


def test_only_the_deployer_pushes_and_only_to_our_own(prod: Inventory) -> None:
    rights = prod.of_type("artifactregistry:RepositoryIamMember")
    assert [(right.name, right.inputs["role"]) for right in rights] == [
        ("prod-registry-deployer", "roles/artifactregistry.writer")
    ]


def test_a_foreign_image_is_told_to_need_no_login() -> None:
    assert "ghcr.io must serve it to anybody" in approximated()["services.gateway.image"][0]


def test_an_image_on_this_machine_is_refused() -> None:
    told = refused({"services.chat.image": f"localhost:5000/chat@{DIGEST}"})
    assert any("services.chat.image" in sentence and "over the internet" in sentence for sentence in told)


def test_a_name_with_capitals_is_refused() -> None:
    told = refused({"services.chat.image": f"acme/Chat@{DIGEST}"})
    assert any("lower-case letters" in sentence for sentence in told)


def test_a_registry_whose_name_is_too_long_is_refused() -> None:
    told = refused({"services.chat.image": f"{'registry.' * 6}example.com/chat@{DIGEST}"})
    assert any("more than 63 characters" in sentence for sentence in told)
