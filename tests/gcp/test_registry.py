"""Artifact Registry repositories, and images that they cannot store or fetch."""

from functools import cache

from automation.plan.inventory import Inventory, Secret
from providers.contract.diagnostics import Effect, Unsupported
from providers.gcp.base.image_sources import Upstream, upstreams
from tests.gcp.plans import (
    DIGEST,
    adjustments,
    development,
    diagnostics,
    mapping_at,
    text_at,
    unchecked_spec,
    value_at,
    values_at,
)
from tests.planning import DROP, plan, production, revealed

REPOSITORY = "artifactregistry:Repository"


def image(of: Inventory, name: str, kind: str = "Service") -> str:
    declared = next(r for r in of.of_type(f"cloudrunv2:{kind}") if r.name.endswith(f"-compute-{name}"))
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


WITH_LOGIN: dict[str, object] = {"services.gateway.image_credentials": "GHCR_LOGIN"}


@cache
def with_login() -> Inventory:
    return plan(production(WITH_LOGIN, cloud="gcp"), secret="robot:token-1:2")


def test_a_private_registry_has_a_remote_repository_with_its_login() -> None:
    repository = with_login().one("prod-registry-remote-ghcr-io")
    pair = mapping_at(repository.inputs, "remoteRepositoryConfig", "upstreamCredentials", "usernamePasswordCredentials")
    secret = "prod-credentials-ghcr-io"
    version = "<secretmanager:SecretVersion prod-registry-credentials-ghcr-io-value>.version"
    assert revealed(pair) == {
        "username": "robot",
        "passwordSecretVersion": f"projects/acme-agents/secrets/{secret}/versions/{version}",
    }


def test_only_the_agent_of_the_registry_reads_the_password_and_the_value_is_secret() -> None:
    (grant,) = [each for each in with_login().of_type("secretmanager:SecretIamMember") if "credentials" in each.name]
    assert grant.inputs["member"] == "<projects:ServiceIdentity prod-keys-agent-artifactregistry>.member"
    assert grant.urn in with_login().one("prod-registry-remote-ghcr-io").depends_on
    value = with_login().one("prod-registry-credentials-ghcr-io-value").inputs["secretData"]
    assert isinstance(value, Secret) and value.value == "token-1:2"


def test_a_login_is_reported_without_its_value() -> None:
    (adjustment,) = adjustments(WITH_LOGIN)["services.gateway.image"]
    assert adjustment.reason.endswith("it signs in to ghcr.io with GHCR_LOGIN")


def test_a_login_to_a_registry_of_google_is_refused() -> None:
    reference = f"europe-docker.pkg.dev/elsewhere/images/chat@{DIGEST}"
    (refusal,) = diagnostics({"services.chat.image": reference, "services.chat.image_credentials": "LOGIN"})
    assert refusal.key == "services.chat.image_credentials" and refusal.fix.startswith("remove the key")


def test_an_image_to_build_is_in_the_platforms_repository() -> None:
    spec = unchecked_spec({"services.chat.image": DROP, "services.chat.build": {"context": "./chat"}})
    assert spec.services["chat"].image == "chat:unbuilt" and "chat" not in upstreams(spec)


def test_every_image_of_a_registry_has_the_same_login() -> None:
    image = f"ghcr.io/acme/chat@{DIGEST}"
    assert not diagnostics({**WITH_LOGIN, "services.chat.image": image})
    spec = unchecked_spec({**WITH_LOGIN, "services.chat.image": image})
    assert upstreams(spec) == dict.fromkeys(("gateway", "chat"), Upstream("ghcr.io", "GHCR_LOGIN"))
    (refusal,) = diagnostics({**WITH_LOGIN, "services.chat.image": image, "services.chat.image_credentials": "OTHER"})
    assert refusal.key == "services.chat.image_credentials"
    assert refusal.fix == "use GHCR_LOGIN for every image of ghcr.io"
