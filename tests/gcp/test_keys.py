"""Encryption keys, and the grants of the service agents that use them."""

from automation.plan.inventory import Inventory
from tests.gcp.plans import development

GRANT = "kms:CryptoKeyIAMMember"
AGENT_ROLES = (("artifactregistry", "artifactregistry"), ("redis", "redis"), ("run", "run"), ("sqladmin", "cloudsql"))


def test_keys_rotate_every_90_days_in_the_region_of_the_data(prod: Inventory) -> None:
    assert {key.inputs["rotationPeriod"] for key in prod.of_type("kms:CryptoKey")} == {"7776000s"}
    assert prod.one("prod-keys").inputs["location"] == "us-central1"


def test_production_protects_keys_from_deletion(prod: Inventory) -> None:
    for key in prod.of_type("kms:CryptoKey"):
        assert (key.protect, key.inputs["deletionPolicy"]) == (True, "PREVENT")
        assert key.inputs["destroyScheduledDuration"] == "2592000s"


def test_development_can_destroy_keys_after_a_day() -> None:
    for key in development().of_type("kms:CryptoKey"):
        assert (key.protect, key.inputs["deletionPolicy"]) == (False, "DELETE")
        assert key.inputs["destroyScheduledDuration"] == "86400s"


def test_agents_may_only_encrypt_and_decrypt(prod: Inventory) -> None:
    assert {grant.inputs["role"] for grant in prod.of_type(GRANT)} == {"roles/cloudkms.cryptoKeyEncrypterDecrypter"}


def test_logs_have_a_separate_key(prod: Inventory) -> None:
    grant = prod.one("prod-keys-telemetry-logging")
    assert grant.inputs["cryptoKeyId"] == "<kms:CryptoKey prod-keys-telemetry>.id"
    assert "gcp-sa-logging" in str(grant.inputs["member"])


def test_each_grant_is_for_a_created_agent(prod: Inventory) -> None:
    for name in ("artifactregistry", "redis", "run", "secretmanager", "sqladmin"):
        member = prod.one(f"prod-keys-data-{name}").inputs["member"]
        assert member == f"<projects:ServiceIdentity prod-keys-agent-{name}>.member"


def test_each_created_agent_has_its_role(prod: Inventory) -> None:
    grants = [grant for grant in prod.of_type("projects:IAMMember") if grant.name.startswith("prod-keys-role-")]
    assert {(grant.inputs["member"], grant.inputs["role"]) for grant in grants} == {
        (f"<projects:ServiceIdentity prod-keys-agent-{agent}>.member", f"roles/{role}.serviceAgent")
        for agent, role in AGENT_ROLES
    }
    for grant in grants:
        agent = grant.name.removeprefix("prod-keys-role-")
        assert grant.urn in prod.one(f"prod-keys-data-{agent}").depends_on
        assert grant.options["retainOnDelete"] is True, "another stack of the project needs the role"


def test_encrypted_resources_depend_on_the_grant_of_their_agent(prod: Inventory) -> None:
    users = {
        "prod-database": ("sql:DatabaseInstance", "sqladmin"),
        "prod-cache": ("redis:Instance", "redis"),
        "prod-storage": ("storage:Bucket", "storage"),
        "prod-registry": ("artifactregistry:Repository", "artifactregistry"),
        "prod-secrets-OPENAI_API_KEY": ("secretmanager:Secret", "secretmanager"),
        "prod-compute-gateway": ("cloudrunv2:Service", "run"),
    }
    for name, (kind, agent) in users.items():
        assert prod.one(f"prod-keys-data-{agent}").urn in prod.one(name, kind).depends_on
